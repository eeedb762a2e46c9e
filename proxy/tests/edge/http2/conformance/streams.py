"""The states of streams, their ids and their number (RFC 9113 §5.1, §6.1 to §6.4)."""

from hyperframe import frame as frames

from cases import case, holding
from outcomes import answer, answered, connection_error, either, ignored, lives, seen, stream_error
from wire import (
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PADDED, PRIORITIZED, PRIORITY, RST_STREAM,
    WINDOW_UPDATE, Unmet, Wire, code, raw,
)  # fmt: skip

PROTOCOL = connection_error("PROTOCOL_ERROR")
SIZE = connection_error("FRAME_SIZE_ERROR")
CLOSED = either(stream_error("STREAM_CLOSED"), connection_error("STREAM_CLOSED"))
CANCEL = (8).to_bytes(4, "big")
MOST = ((1 << 31) - 1).to_bytes(4, "big")
ONE = (1).to_bytes(4, "big")


@case("5.1", "DATA on an idle stream", PROTOCOL)
def _(wire: Wire):
    wire.send(raw(DATA, END_STREAM, 1, b"x"))


@case("5.1", "RST_STREAM on an idle stream", PROTOCOL)
def _(wire: Wire):
    wire.send(raw(RST_STREAM, 0, 1, CANCEL))


@case("5.1", "WINDOW_UPDATE on an idle stream", PROTOCOL)
def _(wire: Wire):
    wire.send(raw(WINDOW_UPDATE, 0, 1, ONE))


@case("5.1", "CONTINUATION on an idle stream", PROTOCOL)
def _(wire: Wire):
    wire.send(raw(CONTINUATION, END_HEADERS, 1, wire.encoder.encode(wire.head())))


@case("5.1", "PRIORITY on an idle stream", ignored())
def _(wire: Wire):
    wire.send(raw(PRIORITY, 0, 7, bytes(5)))


@case("5.1", "DATA on a half-closed stream", stream_error("STREAM_CLOSED"))
@holding
def _(wire: Wire):
    wire.send(raw(DATA, END_STREAM, wire.ask("/held"), b"x"))


@case("5.1", "HEADERS on a half-closed stream", stream_error("STREAM_CLOSED"))
@holding
def _(wire: Wire):
    stream = wire.ask("/held")
    wire.fields(stream, wire.encoder.encode([("x-trailer", "1")]))


@case("5.1", "CONTINUATION on a half-closed stream", PROTOCOL)
@holding
def _(wire: Wire):
    stream = wire.ask("/held")
    wire.send(raw(CONTINUATION, END_HEADERS, stream, wire.encoder.encode([("x-trailer", "1")])))


@case("5.1", "PRIORITY and WINDOW_UPDATE on a half-closed stream", answered())
def _(wire: Wire):
    stream = wire.ask("/held")
    wire.send(raw(PRIORITY, 0, stream, bytes(5)), raw(WINDOW_UPDATE, 0, stream, ONE))


@case("5.1", "RST_STREAM on a half-closed stream", ignored())
@holding
def _(wire: Wire):
    stream = wire.ask("/held")
    wire.send(raw(RST_STREAM, 0, stream, CANCEL))


@case("5.1", "DATA on a stream that we have reset", CLOSED)
def _(wire: Wire):
    stream = wire.ask("/echo", "POST", end=False)
    wire.send(raw(RST_STREAM, 0, stream, CANCEL), raw(DATA, END_STREAM, stream, b"x"))


@case("5.1", "HEADERS on a stream that we have reset", CLOSED)
def _(wire: Wire):
    stream = wire.ask("/echo", "POST", end=False)
    wire.send(raw(RST_STREAM, 0, stream, CANCEL))
    wire.fields(stream, wire.encoder.encode(wire.head()))


@case("5.1", "CONTINUATION on a stream that we have reset", PROTOCOL)
def _(wire: Wire):
    stream = wire.ask("/echo", "POST", end=False)
    wire.send(raw(RST_STREAM, 0, stream, CANCEL))
    wire.send(raw(CONTINUATION, END_HEADERS, stream, wire.encoder.encode([("x-more", "1")])))


def over(wire: Wire) -> int:
    """A stream that both sides have ended."""
    stream = wire.ask("/")
    answer(wire, stream)
    return stream


@case("5.1", "DATA on a stream that has ended", CLOSED)
def _(wire: Wire):
    wire.send(raw(DATA, END_STREAM, over(wire), b"x"))


@case("5.1", "HEADERS on a stream that has ended", CLOSED)
def _(wire: Wire):
    wire.fields(over(wire), wire.encoder.encode(wire.head()))


@case("5.1", "CONTINUATION on a stream that has ended", PROTOCOL)
def _(wire: Wire):
    wire.send(raw(CONTINUATION, END_HEADERS, over(wire), wire.encoder.encode(wire.head())))


@case("5.1", "WINDOW_UPDATE, PRIORITY and RST_STREAM on a stream that has just ended", ignored())
def _(wire: Wire):
    stream = over(wire)
    wire.send(raw(WINDOW_UPDATE, 0, stream, ONE), raw(PRIORITY, 0, stream, bytes(5)))
    wire.send(raw(RST_STREAM, 0, stream, CANCEL))


@case("5.1.1", "a stream with an even id", PROTOCOL)
def _(wire: Wire):
    wire.fields(2, wire.encoder.encode(wire.head()))


@case("5.1.1", "a stream with an id below one that was used", connection_error("PROTOCOL_ERROR", "STREAM_CLOSED"))
def _(wire: Wire):
    wire.last = 5
    over(wire)
    wire.fields(5, wire.encoder.encode(wire.head()))


@case("5.1.1", "ids that leave some out", answered())
def _(wire: Wire):
    wire.last = 999
    wire.ask("/")


@case("5.1.2", "a stream more than SETTINGS_MAX_CONCURRENT_STREAMS", seen("RST_STREAM REFUSED_STREAM; the others are answered"))
@holding
def _(wire: Wire):
    most = wire.settings[frames.SettingsFrame.MAX_CONCURRENT_STREAMS]
    asked = [wire.ask("/echo", "POST", end=False) for _ in range(most)]
    beyond = wire.ask("/")
    while frame := wire.next():
        if isinstance(frame, frames.RstStreamFrame):
            if (frame.stream_id, code(frame.error_code)) != (beyond, "REFUSED_STREAM"):
                raise Unmet(wire.said())
            break
    else:
        raise Unmet(wire.said())
    for stream in asked:
        wire.send(raw(DATA, END_STREAM, stream, b""))
        answer(wire, stream)
    lives(wire)


@case("5.4.2", "other streams outlive the error of one", seen("the other is answered, and another request"))
def _(wire: Wire):
    first = wire.ask("/echo", "POST", end=False)
    wire.send(raw(WINDOW_UPDATE, 0, wire.ask("/held"), MOST))
    while not isinstance(frame := wire.next(), frames.RstStreamFrame):
        if frame is None:
            raise Unmet(wire.said())
    wire.send(raw(DATA, END_STREAM, first, b"x"))
    answer(wire, first)
    lives(wire)


@case("6.1", "DATA of stream 0", PROTOCOL)
def _(wire: Wire):
    wire.send(raw(DATA, END_STREAM, 0, b"x"))


@case("6.1", "DATA whose padding is longer than the frame", PROTOCOL)
def _(wire: Wire):
    stream = wire.ask("/echo", "POST", end=False)
    wire.send(raw(DATA, END_STREAM | PADDED, stream, b"\x06body"))


@case("6.1", "padding is no content", seen("the content without it"))
def _(wire: Wire):
    stream = wire.ask("/echo", "POST", end=False)
    wire.send(raw(DATA, PADDED, stream, b"\xff" + b"body" + bytes(255)))
    wire.send(raw(DATA, END_STREAM | PADDED, stream, b"\x00" + b"more"))
    _, body = answer(wire, stream)
    if body != b"bodymore":
        raise Unmet(f"{body!r}")


@case("6.2", "HEADERS of stream 0", PROTOCOL)
def _(wire: Wire):
    wire.fields(0, wire.encoder.encode(wire.head()))


@case("6.2", "HEADERS whose padding is longer than the frame", PROTOCOL)
def _(wire: Wire):
    block = wire.encoder.encode(wire.head())
    wire.send(raw(HEADERS, END_HEADERS | END_STREAM | PADDED, wire.stream(), bytes((len(block) + 1,)) + block))


@case("6.2", "HEADERS with padding and priority", answered())
def _(wire: Wire):
    block = wire.encoder.encode(wire.head())
    flags = END_HEADERS | END_STREAM | PADDED | PRIORITIZED
    wire.send(raw(HEADERS, flags, wire.stream(), b"\x03" + bytes(5) + block + bytes(3)))


@case("6.2", "HEADERS too short for its priority", connection_error("FRAME_SIZE_ERROR", "PROTOCOL_ERROR"))
def _(wire: Wire):
    wire.send(raw(HEADERS, END_HEADERS | END_STREAM | PRIORITIZED, wire.stream(), bytes(4)))


@case("6.3", "PRIORITY of stream 0", PROTOCOL)
def _(wire: Wire):
    wire.send(raw(PRIORITY, 0, 0, bytes(5)))


@case("6.3", "PRIORITY whose length is not 5", either(stream_error("FRAME_SIZE_ERROR"), SIZE))
def _(wire: Wire):
    stream = wire.ask("/echo", "POST", end=False)
    wire.send(raw(PRIORITY, 0, stream, bytes(4)))


@case("6.4", "RST_STREAM of stream 0", PROTOCOL)
def _(wire: Wire):
    wire.send(raw(RST_STREAM, 0, 0, CANCEL))


@case("6.4", "RST_STREAM whose length is not 4", SIZE)
def _(wire: Wire):
    wire.send(raw(RST_STREAM, 0, wire.ask("/held"), bytes(3)))
