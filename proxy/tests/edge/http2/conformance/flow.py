"""Flow control (RFC 9113 §5.2, §6.9)."""

from hyperframe import frame as frames

from cases import case
from origin import LARGE
from outcomes import answer, answered, connection_error, seen, stream_error
from wire import DATA, END_STREAM, SETTINGS, WINDOW_UPDATE, Unmet, Wire, raw

INITIAL_WINDOW = frames.SettingsFrame.INITIAL_WINDOW_SIZE
MOST = (1 << 31) - 1


def update(stream: int, by: int) -> bytes:
    return raw(WINDOW_UPDATE, 0, stream, by.to_bytes(4, "big"))


def window(size: int) -> bytes:
    return raw(SETTINGS, 0, 0, b"\0\4" + size.to_bytes(4, "big"))


def until_quiet(wire: Wire, stream: int) -> int:
    """How much content comes until the server says no more: it answers a PING only after what it had to
    say before, but what it learns from its own server may come later, so the PING is repeated."""
    size = 0
    for number in range(3):
        sign = bytes(7) + bytes((number,))
        # A request more, and its answer's head, which no window holds back, gives the server time.
        wire.send(frames.PingFrame(0, sign))
        other = wire.ask("/", "HEAD")
        ponged = answered = False
        while not (ponged and answered):
            frame = wire.next()
            if frame is None:
                raise Unmet(wire.said())
            ponged |= isinstance(frame, frames.PingFrame) and frame.opaque_data == sign
            answered |= frame.stream_id == other
            if frame.stream_id == stream and isinstance(frame, frames.DataFrame):
                size += len(frame.data)
    return size


def expect(wire: Wire, stream: int, size: int) -> None:
    """So much comes, and no more."""
    found = until_quiet(wire, stream)
    if found != size:
        raise Unmet(f"{found} bytes of content instead of {size}")


def arrives(wire: Wire, stream: int, size: int) -> None:
    """So much comes."""
    left = size
    while left > 0:
        frame = wire.next()
        if frame is None or isinstance(frame, (frames.RstStreamFrame, frames.GoAwayFrame)):
            raise Unmet(wire.said())
        if frame.stream_id == stream and isinstance(frame, frames.DataFrame):
            left -= len(frame.data)
    if left < 0:
        raise Unmet(f"{-left} bytes more than the window allows")


@case("6.9", "WINDOW_UPDATE of 0 for the connection", connection_error("PROTOCOL_ERROR"))
def _(wire: Wire):
    wire.send(update(0, 0))


@case("6.9", "WINDOW_UPDATE of 0 for a stream", stream_error("PROTOCOL_ERROR"))
def _(wire: Wire):
    wire.send(update(wire.ask("/echo", "POST", end=False), 0))


@case("6.9", "WINDOW_UPDATE whose length is not 4", connection_error("FRAME_SIZE_ERROR"))
def _(wire: Wire):
    wire.send(raw(WINDOW_UPDATE, 0, 0, bytes(3)))


@case("6.9", "the reserved bit of WINDOW_UPDATE", answered())
def _(wire: Wire):
    wire.send(update(0, 1 << 31 | 1))
    wire.ask("/")


@case("6.9.1", "a window of 1", seen("one byte, and each other with a WINDOW_UPDATE"), settings={INITIAL_WINDOW: 1})
def _(wire: Wire):
    stream = wire.ask("/")
    for _ in range(4):
        arrives(wire, stream, 1)
        expect(wire, stream, 0)
        wire.send(update(stream, 1))
    answer(wire, stream)


@case("6.9.1", "a window of 0", seen("the head, and content once there is a window"), settings={INITIAL_WINDOW: 0})
def _(wire: Wire):
    stream = wire.ask("/")
    expect(wire, stream, 0)
    wire.send(update(stream, 5))
    if answer(wire, stream)[1] != b"hello":
        raise Unmet(wire.said())


@case("6.9.1", "the window of the connection", seen("65535 bytes of all streams"), settings={INITIAL_WINDOW: MOST})
def _(wire: Wire):
    stream = wire.ask("/large")
    arrives(wire, stream, 65535)
    expect(wire, stream, 0)
    wire.send(update(0, 1000))
    arrives(wire, stream, 1000)
    expect(wire, stream, 0)
    wire.send(update(0, MOST - 1000))
    _, rest = answer(wire, stream)
    if 66535 + len(rest) != LARGE:
        raise Unmet(f"{len(rest)} bytes at the end")


@case("6.9.1", "a window of the connection beyond 2^31-1", connection_error("FLOW_CONTROL_ERROR"))
def _(wire: Wire):
    wire.send(update(0, MOST), update(0, MOST))


@case("6.9.1", "a window of a stream beyond 2^31-1", stream_error("FLOW_CONTROL_ERROR"))
def _(wire: Wire):
    stream = wire.ask("/echo", "POST", end=False)
    wire.send(update(stream, MOST), update(stream, MOST))


@case("6.9.2", "a window that SETTINGS open in the middle", seen("what fits"), settings={INITIAL_WINDOW: 3})
def _(wire: Wire):
    stream = wire.ask("/")
    arrives(wire, stream, 3)
    expect(wire, stream, 0)
    wire.send(window(4))
    arrives(wire, stream, 1)
    expect(wire, stream, 0)
    wire.send(window(100))
    answer(wire, stream)


@case("6.9.2", "a window that SETTINGS make negative", seen("nothing until it is positive"), settings={INITIAL_WINDOW: 3})
def _(wire: Wire):
    stream = wire.ask("/")
    arrives(wire, stream, 3)
    wire.send(window(1))
    wire.send(update(stream, 2))
    expect(wire, stream, 0)
    wire.send(update(stream, 1))
    arrives(wire, stream, 1)
    wire.send(update(stream, 100))
    answer(wire, stream)


@case("6.9.2", "SETTINGS that push a stream's window beyond 2^31-1", connection_error("FLOW_CONTROL_ERROR"))
def _(wire: Wire):
    stream = wire.ask("/echo", "POST", end=False)
    wire.send(update(stream, MOST - 65535), window(65536))


@case("5.2", "content larger than the server's windows", seen("the same content"))
def _(wire: Wire):
    stream = wire.ask("/echo", "POST", end=False)
    windows = {0: 65535, stream: wire.settings.get(INITIAL_WINDOW, 65535)}
    left = LARGE
    while left:
        size = min(left, 1 << 14, *windows.values())
        if size:
            left -= size
            windows = {key: value - size for key, value in windows.items()}
            wire.send(raw(DATA, 0 if left else END_STREAM, stream, bytes(size)))
            continue
        frame = wire.next()
        if frame is None or isinstance(frame, frames.RstStreamFrame):
            raise Unmet(wire.said())
        if isinstance(frame, frames.WindowUpdateFrame):
            windows[frame.stream_id] = windows.get(frame.stream_id, 0) + frame.window_increment
    _, body = answer(wire, stream)
    if body != bytes(LARGE):
        raise Unmet(f"{len(body)} bytes")


@case("6.9.1", "padding counts", seen("WINDOW_UPDATE for it, too"))
def _(wire: Wire):
    stream = wire.ask("/echo", "POST", end=False)
    # 300 frames of one byte and 255 of padding are more than any window, if it is not given back.
    windows = {0: 65535, stream: wire.settings.get(INITIAL_WINDOW, 65535)}
    for _ in range(300):
        while min(windows.values()) < 257:
            frame = wire.next()
            if frame is None or isinstance(frame, frames.RstStreamFrame):
                raise Unmet(wire.said())
            if isinstance(frame, frames.WindowUpdateFrame):
                windows[frame.stream_id] = windows.get(frame.stream_id, 0) + frame.window_increment
        wire.send(raw(DATA, 8, stream, b"\xff" + b"x" + bytes(255)))
        windows = {key: value - 257 for key, value in windows.items()}
    wire.send(raw(DATA, END_STREAM, stream, b""))
    _, body = answer(wire, stream)
    if body != b"x" * 300:
        raise Unmet(f"{len(body)} bytes")
