"""Preface, frames, and each kind of frame (RFC 9113 §3.4, §4, §5.5, §6.5 to §6.8)."""

from hyperframe import frame as frames

from cases import case
from outcomes import answer, answered, connection_error, either, ended, ignored, lives, seen, stream_error
from wire import (
    ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, PREFACE, PRIORITY, PUSH_PROMISE,
    RST_STREAM, SETTINGS, Unmet, Wire, raw,
)  # fmt: skip

SIZE = connection_error("FRAME_SIZE_ERROR")
PROTOCOL = connection_error("PROTOCOL_ERROR")
UNKNOWN = 0x42


@case("3.4", "the server's preface is SETTINGS, without waiting for ours", seen("SETTINGS"), greets=False)
def _(wire: Wire):
    wire.send(PREFACE)
    if not isinstance(wire.next(), frames.SettingsFrame):
        raise Unmet("another frame")


@case("3.4", "a preface that comes byte by byte", ignored(), greets=False)
def _(wire: Wire):
    for at in range(len(PREFACE)):
        wire.send(PREFACE[at : at + 1])
    wire.send(raw(SETTINGS, 0, 0))


@case("3.4", "a preface that is none", ended(), greets=False)
def _(wire: Wire):
    wire.send(b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", raw(SETTINGS, 0, 0))


@case("3.4", "a preface without SETTINGS", PROTOCOL, greets=False)
def _(wire: Wire):
    wire.send(PREFACE, raw(PING, 0, 0, bytes(8)))


@case("3.4", "requests before the server's preface is there", answered(), greets=False)
def _(wire: Wire):
    wire.send(PREFACE, raw(SETTINGS, 0, 0))
    wire.ask("/")


@case("4.1", "a frame of a kind that nobody knows", ignored())
def _(wire: Wire):
    wire.send(raw(UNKNOWN, 0, 0, b"what"), raw(UNKNOWN, 0xFF, 3, b"what"))


@case("4.1", "flags that nobody knows", ignored())
def _(wire: Wire):
    wire.send(raw(PING, 0xFE, 0, bytes(8)))


@case("4.1", "the reserved bit of a stream", ignored())
def _(wire: Wire):
    wire.send(raw(PING, 0, 1 << 31, bytes(8)))


@case("4.2", "DATA of the largest size", answered())
def _(wire: Wire):
    stream = wire.ask("/echo", "POST", end=False)
    wire.send(raw(DATA, END_STREAM, stream, bytes(1 << 14)))


@case("4.2", "DATA larger than SETTINGS_MAX_FRAME_SIZE", either(stream_error("FRAME_SIZE_ERROR"), SIZE))
def _(wire: Wire):
    stream = wire.ask("/echo", "POST", end=False)
    wire.send(raw(DATA, END_STREAM, stream, bytes((1 << 14) + 1)))


@case("4.2", "HEADERS larger than SETTINGS_MAX_FRAME_SIZE", SIZE)
def _(wire: Wire):
    block = wire.encoder.encode(wire.head())
    wire.send(raw(HEADERS, END_HEADERS | END_STREAM, wire.stream(), block + bytes((1 << 14) + 1)))


@case("4.2", "a frame of a kind that nobody knows, larger than SETTINGS_MAX_FRAME_SIZE", SIZE)
def _(wire: Wire):
    wire.send(raw(UNKNOWN, 0, 0, bytes((1 << 14) + 1)))


def opened(wire: Wire) -> int:
    """A stream whose field block does not end yet."""
    stream = wire.stream()
    wire.send(raw(HEADERS, END_STREAM, stream, wire.encoder.encode(wire.head())))
    return stream


@case("4.3", "PRIORITY within a field block", PROTOCOL)
def _(wire: Wire):
    wire.send(raw(PRIORITY, 0, opened(wire), bytes(5)))


@case("4.3", "a frame of a kind that nobody knows within a field block", PROTOCOL)
def _(wire: Wire):
    wire.send(raw(UNKNOWN, 0, opened(wire), b"what"))


@case("4.3", "HEADERS of another stream within a field block", PROTOCOL)
def _(wire: Wire):
    opened(wire)
    wire.ask("/")


@case("4.3", "DATA within a field block", PROTOCOL)
def _(wire: Wire):
    wire.send(raw(DATA, 0, opened(wire), b"x"))


@case("5.5", "settings that nobody knows", ignored(), settings={0x99: 7})
def _(wire: Wire):
    pass


@case("6.5", "SETTINGS is acknowledged", seen("SETTINGS with ACK"))
def _(wire: Wire):
    wire.send(frames.SettingsFrame(0, settings={4: 100_000}))
    acknowledged = 0
    while acknowledged < 2:
        frame = wire.next()
        if frame is None:
            raise Unmet(wire.said())
        acknowledged += isinstance(frame, frames.SettingsFrame) and "ACK" in frame.flags


@case("6.5", "an acknowledgement with a payload", SIZE)
def _(wire: Wire):
    wire.send(raw(SETTINGS, ACK, 0, bytes(6)))


@case("6.5", "SETTINGS of a stream", PROTOCOL)
def _(wire: Wire):
    wire.send(raw(SETTINGS, 0, 1, b""))


@case("6.5", "SETTINGS whose length is no multiple of 6", SIZE)
def _(wire: Wire):
    wire.send(raw(SETTINGS, 0, 0, bytes(5)))


def setting(identifier: int, value: int) -> bytes:
    return raw(SETTINGS, 0, 0, identifier.to_bytes(2, "big") + value.to_bytes(4, "big"))


@case("6.5.2", "SETTINGS_ENABLE_PUSH of 2", PROTOCOL)
def _(wire: Wire):
    wire.send(setting(2, 2))


@case("6.5.2", "SETTINGS_INITIAL_WINDOW_SIZE of 2^31", connection_error("FLOW_CONTROL_ERROR"))
def _(wire: Wire):
    wire.send(setting(4, 1 << 31))


@case("6.5.2", "SETTINGS_MAX_FRAME_SIZE below 2^14", PROTOCOL)
def _(wire: Wire):
    wire.send(setting(5, (1 << 14) - 1))


@case("6.5.2", "SETTINGS_MAX_FRAME_SIZE of 2^24", PROTOCOL)
def _(wire: Wire):
    wire.send(setting(5, 1 << 24))


@case("6.5.3", "the last of values that are given twice counts", answered(), settings=None)
def _(wire: Wire):
    twice = b"\0\4\0\0\0\0" + b"\0\4\0\1\0\0"
    wire.send(raw(SETTINGS, 0, 0, twice))
    wire.ask("/")


@case("6.6", "PUSH_PROMISE from a client", PROTOCOL)
def _(wire: Wire):
    stream = wire.ask("/echo", "POST", end=False)
    block = wire.encoder.encode(wire.head())
    wire.send(raw(PUSH_PROMISE, END_HEADERS, stream, (2).to_bytes(4, "big") + block))


@case("6.7", "PING is answered with what it carries", seen("the same PING with ACK"))
def _(wire: Wire):
    wire.send(raw(PING, 0, 0, b"12345678"))
    while frame := wire.next():
        if isinstance(frame, frames.PingFrame):
            if "ACK" not in frame.flags or frame.opaque_data != b"12345678":
                raise Unmet(f"{frame}")
            return
    raise Unmet(wire.said())


@case("6.7", "PING with ACK is not answered", seen("no PING"))
def _(wire: Wire):
    wire.send(raw(PING, ACK, 0, b"12345678"), raw(PING, 0, 0, b"a second"))
    while frame := wire.next():
        if isinstance(frame, frames.PingFrame):
            if frame.opaque_data != b"a second":
                raise Unmet(f"{frame}")
            return lives(wire)
    raise Unmet(wire.said())


@case("6.7", "PING of a stream", PROTOCOL)
def _(wire: Wire):
    wire.send(raw(PING, 0, 1, bytes(8)))


@case("6.7", "PING whose length is not 8", SIZE)
def _(wire: Wire):
    wire.send(raw(PING, 0, 0, bytes(6)))


@case("6.8", "GOAWAY of a stream", PROTOCOL)
def _(wire: Wire):
    wire.send(raw(GOAWAY, 0, 1, bytes(8)))


@case("6.8", "GOAWAY that is too short", SIZE)
def _(wire: Wire):
    wire.send(raw(GOAWAY, 0, 0, bytes(7)))


@case("6.8", "what was asked for before GOAWAY is answered", seen("status 200"))
def _(wire: Wire):
    stream = wire.ask("/large")
    wire.send(raw(GOAWAY, 0, 0, bytes(8)))
    if answer(wire, stream)[0][":status"] != "200":
        raise Unmet(wire.said())


@case("7", "a reason in RST_STREAM that nobody knows", ignored())
def _(wire: Wire):
    stream = wire.ask("/held")
    wire.send(raw(RST_STREAM, 0, stream, (0xFF).to_bytes(4, "big")))


@case("7", "a reason in GOAWAY that nobody knows", seen("what was asked for before is answered"))
def _(wire: Wire):
    stream = wire.ask("/")
    wire.send(raw(GOAWAY, 0, 0, bytes(4) + (0xFF).to_bytes(4, "big")))
    answer(wire, stream)


@case("6.10", "a field block in four pieces", answered())
def _(wire: Wire):
    stream = wire.stream()
    block = wire.encoder.encode(wire.head())
    wire.send(raw(HEADERS, END_STREAM, stream, block[:1]))
    wire.send(raw(CONTINUATION, 0, stream, block[1:3]), raw(CONTINUATION, 0, stream, b""))
    wire.send(raw(CONTINUATION, END_HEADERS, stream, block[3:]))


@case("6.10", "a field block whose first piece is empty", answered())
def _(wire: Wire):
    stream = wire.stream()
    wire.send(raw(HEADERS, END_STREAM, stream, b""))
    wire.send(raw(CONTINUATION, END_HEADERS, stream, wire.encoder.encode(wire.head())))


@case("6.10", "CONTINUATION of stream 0", PROTOCOL)
def _(wire: Wire):
    opened(wire)
    wire.send(raw(CONTINUATION, END_HEADERS, 0, b""))


@case("6.10", "CONTINUATION of another stream", PROTOCOL)
def _(wire: Wire):
    wire.send(raw(CONTINUATION, END_HEADERS, opened(wire) + 2, b""))


@case("6.10", "CONTINUATION after the end of the field block", PROTOCOL)
def _(wire: Wire):
    stream = wire.ask("/echo", "POST", end=False)
    wire.send(raw(CONTINUATION, END_HEADERS, stream, wire.encoder.encode([("x-more", "1")])))


@case("6.10", "CONTINUATION after DATA", PROTOCOL)
def _(wire: Wire):
    stream = wire.ask("/echo", "POST", end=False)
    wire.send(raw(DATA, 0, stream, b"x"))
    wire.send(raw(CONTINUATION, END_HEADERS, stream, wire.encoder.encode([("x-more", "1")])))
