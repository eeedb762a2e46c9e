"""gRPC, frame by frame: clients that notice each loss, and the server behind the edge that they call."""

import asyncio

from http2 import ACK, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, SETTINGS, frame, text

PAUSE = 0.02  # seconds between a client's calls
MESSAGE = 0.25  # seconds between the messages of a stream
PATIENCE = 15.0  # seconds
RST_STREAM, PING, WINDOW_UPDATE = 3, 6, 8
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
# SETTINGS_HEADER_TABLE_SIZE of 0: what comes is in no table, and `grpc-status: 0` always ends alike.
NO_TABLE = b"\0\1\0\0\0\0"
# `0`, plain and as a Huffman code (RFC 7541 §5.2).
ZERO = (b"\x010", b"\x81\x07")
STREAM = b"stream"


def message(content: bytes) -> bytes:
    """As gRPC frames it: not compressed, its length, itself."""
    return b"\0" + len(content).to_bytes(4, "big") + content


def fields(lines: dict[str, str]) -> bytes:
    return b"".join(b"\0" + text(name) + text(value) for name, value in lines.items())


class Call:
    """Calls on one connection, one after the other. What comes is read at once, also between calls: only so
    is GOAWAY heard in time."""

    def __init__(self, reader, writer, scheme: str):
        self.writer = writer
        self.stream, self.leaving = -1, False
        # The last stream that the edge has taken, once it says so.
        self.taken = 1 << 31
        self.frames: asyncio.Queue = asyncio.Queue()
        self.unread = b""
        lines = {":method": "POST", ":scheme": scheme, ":authority": "a", ":path": "/load.Calls/Call"}
        self.head = fields(lines | {"content-type": "application/grpc", "te": "trailers"})
        writer.write(PREFACE + frame(SETTINGS, 0, 0, NO_TABLE))
        self.listening = asyncio.create_task(self.listen(reader))

    async def listen(self, reader) -> None:
        """Answers what is about the connection, and hands on what is about calls."""
        try:
            while True:
                kind, flags, of, payload = await read(reader)
                if kind == SETTINGS and not flags & ACK:
                    self.writer.write(frame(SETTINGS, ACK, 0, b""))
                elif kind == PING and not flags & ACK:
                    self.writer.write(frame(PING, ACK, 0, payload))
                elif kind == GOAWAY:
                    self.leaving = True
                    self.taken = int.from_bytes(payload[:4], "big")
                    self.frames.put_nowait(None)
                elif kind in (DATA, HEADERS, RST_STREAM):
                    if kind == DATA and payload:
                        for one in (0, of):
                            self.writer.write(frame(WINDOW_UPDATE, 0, one, len(payload).to_bytes(4, "big")))
                    self.frames.put_nowait((kind, flags, of, payload))
        except (OSError, asyncio.IncompleteReadError) as error:
            self.leaving = True
            self.frames.put_nowait(error)

    def ask(self, content: bytes) -> None:
        self.stream += 2
        self.unread = b""
        head = frame(HEADERS, END_HEADERS, self.stream, self.head)
        self.writer.write(head + frame(DATA, END_STREAM, self.stream, message(content)))

    async def next(self) -> bytes | None:
        """The next message of the answer; None at a good end. `LookupError` if the edge has not taken the
        call, so that it has to be made elsewhere."""
        while True:
            if len(self.unread) >= 5 and len(self.unread) >= (end := 5 + int.from_bytes(self.unread[1:5], "big")):
                content, self.unread = self.unread[5:end], self.unread[end:]
                return content
            heard = await self.frames.get()
            if self.taken < self.stream:
                raise LookupError
            if heard is None:
                continue
            if isinstance(heard, Exception):
                raise heard
            kind, flags, of, payload = heard
            if of != self.stream:
                continue
            if kind == RST_STREAM:
                raise ConnectionError(f"the call was reset: {payload!r}")
            if kind == DATA:
                self.unread += payload
            elif not flags & END_STREAM and payload.lstrip(b"\x20")[:1] != b"\x88":
                raise ConnectionError(f"the answer is not 200: {payload[:8]!r}")
            if flags & END_STREAM:
                if kind == DATA or not payload.endswith(ZERO):
                    raise ConnectionError(f"the call ended without `grpc-status: 0`: {payload!r}")
                return None

    def close(self) -> None:
        self.listening.cancel()
        self.writer.close()


async def read(reader) -> tuple[int, int, int, bytes]:
    head = await reader.readexactly(9)
    payload = await reader.readexactly(int.from_bytes(head[:3], "big"))
    return head[3], head[4], int.from_bytes(head[5:], "big"), payload


async def unary(open_connection, scheme: str, losses, stop: asyncio.Event) -> None:
    """Calls with one message each way, on a connection until the edge says that it is the last."""
    kind, number = "gRPC calls", 0
    while not stop.is_set():
        try:
            reader, writer = await open_connection()
            call = Call(reader, writer, scheme)
            while not call.leaving and not stop.is_set():
                number += 1
                content = b"call %d" % number
                losses.made[kind] += 1
                call.ask(content)
                try:
                    answer = await asyncio.wait_for(call.next(), PATIENCE)
                    end = await asyncio.wait_for(call.next(), PATIENCE)
                except LookupError:
                    losses.repeated += 1
                    losses.made[kind] -= 1
                    break
                if (answer, end) != (content, None):
                    raise ConnectionError(f"another answer came: {answer!r}, {end!r}")
                await asyncio.sleep(PAUSE)
            call.close()
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError) as error:
            losses.lose(kind, error)


async def streaming(open_connection, scheme: str, losses, stop: asyncio.Event):
    """A call whose answer is numbered messages of which none may be missing."""
    kind = "gRPC streams"
    losses.made[kind] += 1
    reader, writer = await open_connection()
    call = Call(reader, writer, scheme)
    call.ask(STREAM)
    first = await asyncio.wait_for(call.next(), PATIENCE)

    async def listen() -> None:
        heard, expected = first, 0
        try:
            while not stop.is_set():
                if heard != b"%d" % expected:
                    raise ConnectionError(f"{heard!r} came instead of {expected}")
                expected += 1
                heard = await asyncio.wait_for(call.next(), PATIENCE)
        except (OSError, LookupError, asyncio.TimeoutError, asyncio.IncompleteReadError) as error:
            losses.lose(kind, error)
        call.close()

    return listen()


async def serve(reader, writer) -> None:
    """One connection of the server, which goes by the messages and not by what is called."""
    streams, asked = {}, {}
    try:
        await reader.readexactly(len(PREFACE))
        writer.write(frame(SETTINGS, 0, 0, b""))
        while True:
            kind, flags, of, payload = await read(reader)
            if kind in (SETTINGS, PING) and not flags & ACK:
                writer.write(frame(kind, ACK, 0, payload if kind == PING else b""))
            elif kind == DATA:
                asked[of] = asked.get(of, b"") + payload
                if payload:
                    writer.write(frame(WINDOW_UPDATE, 0, 0, len(payload).to_bytes(4, "big")))
            elif kind == RST_STREAM and of in streams:
                streams.pop(of).cancel()
            if kind in (DATA, HEADERS) and flags & END_STREAM:
                content = asked.pop(of, b"")[5:]
                streams[of] = asyncio.create_task(answer(writer, of, content))
                streams[of].add_done_callback(lambda _, of=of: streams.pop(of, None))
    except (asyncio.IncompleteReadError, OSError):
        pass
    for task in list(streams.values()):
        task.cancel()
    writer.close()


async def answer(writer, stream: int, content: bytes) -> None:
    """What came, or a message now and then for ever."""
    head = b"\x88" + fields({"content-type": "application/grpc"})
    writer.write(frame(HEADERS, END_HEADERS, stream, head))
    number = 0
    while content == STREAM:
        writer.write(frame(DATA, 0, stream, message(b"%d" % number)))
        await writer.drain()
        number += 1
        await asyncio.sleep(MESSAGE)
    writer.write(frame(DATA, 0, stream, message(content)))
    writer.write(frame(HEADERS, END_HEADERS | END_STREAM, stream, fields({"grpc-status": "0"})))
