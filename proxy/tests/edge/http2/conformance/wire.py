"""A client of HTTP/2 that says what it is told to say, right or wrong, and notes what comes back."""

import contextlib
import select
import socket
import ssl
import time

from hpack import Decoder, Encoder
from hyperframe import frame as frames

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PATIENCE = 10.0  # seconds, after which nothing more is expected to come

CODES = [
    "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT",
    "STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR",
    "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
]  # fmt: skip

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
ACK = END_STREAM = 1
END_HEADERS = 4
PADDED = 8
PRIORITIZED = 0x20


class Unmet(Exception):
    """What was seen instead of what is expected."""


def raw(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """A frame of which nobody checks whether it may be so."""
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def literal(name: bytes, value: bytes) -> bytes:
    """A header line that no table takes part in (RFC 7541 §6.2.2), whatever is in it."""
    return b"\0" + integer(len(name), 7) + name + integer(len(value), 7) + value


def integer(number: int, bits: int, first: int = 0) -> bytes:
    """RFC 7541 §5.1."""
    most = (1 << bits) - 1
    if number < most:
        return bytes((first | number,))
    said, number = [first | most], number - most
    while number >= 128:
        said.append(number % 128 | 128)
        number //= 128
    return bytes((*said, number))


def code(number: int) -> str:
    return CODES[number] if number < len(CODES) else hex(number)


class Wire:
    """One connection."""

    def __init__(self, port: int, context: ssl.SSLContext | None):
        plain = socket.create_connection(("127.0.0.1", port), PATIENCE)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = context.wrap_socket(plain, server_hostname="a.test") if context else plain
        self.scheme = "https" if context else "http"
        self.encoder, self.decoder = Encoder(), Decoder()
        self.decoder.max_allowed_table_size = 4096
        self.unread = bytearray()
        self.last = -1
        # The server's settings, and everything that it has said, for a person to read.
        self.settings: dict[int, int] = {}
        self.heard: list[str] = []

    def hello(self, settings: dict[int, int] | None = None) -> "Wire":
        """The preface of both sides (RFC 9113 §3.4)."""
        self.send(PREFACE, frames.SettingsFrame(0, settings=settings or {}))
        first = self.next()
        if not isinstance(first, frames.SettingsFrame):
            raise Unmet(f"the first frame is {first}")
        self.settings = first.settings
        self.send(frames.SettingsFrame(0, flags=["ACK"]))
        return self

    def send(self, *pieces) -> None:
        """Frames of hyperframe's or bytes, in one piece. A server that has ended the connection may not
        hear them; what it has said still counts."""
        whole = b"".join(piece if isinstance(piece, bytes) else piece.serialize() for piece in pieces)
        try:
            self.socket.sendall(whole)
        except (ConnectionError, ssl.SSLError):
            self.heard.append("(nobody listens)")

    def push(self, whole: bytes) -> bool:
        """Sends, and takes in what comes meanwhile, so that neither side waits for the other to read; whether
        the server still listens."""
        rest, end = memoryview(whole), time.monotonic() + PATIENCE
        while rest:
            if time.monotonic() > end:
                raise Unmet(f"nothing is read for {PATIENCE:.0f} s after {self.said()}")
            select.select([self.socket], [self.socket], [], 1)
            try:
                self.socket.setblocking(False)
                with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    while more := self.socket.recv(65536):
                        self.unread += more
                with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    rest = rest[self.socket.send(rest) :]
            except (ConnectionError, ssl.SSLError):
                return False
            finally:
                self.socket.settimeout(PATIENCE)
        return True

    def stream(self) -> int:
        """A stream that was not used before."""
        self.last += 2
        return self.last

    def head(self, path: str = "/", method: str = "GET", more: list | None = None) -> list[tuple[str, str]]:
        """A request in the order in which everybody sends it."""
        return [(":method", method), (":scheme", self.scheme), (":authority", "a.test"), (":path", path), *(more or [])]

    def ask(self, path: str = "/", method: str = "GET", more: list | None = None, end: bool = True) -> int:
        """Makes a request; its stream."""
        stream = self.stream()
        self.fields(stream, self.encoder.encode(self.head(path, method, more)), end)
        return stream

    def fields(self, stream: int, block: bytes, end: bool = True) -> None:
        self.send(raw(HEADERS, END_HEADERS | (END_STREAM if end else 0), stream, block))

    def give(self, stream: int, size: int) -> None:
        """Room for more content (RFC 9113 §6.9)."""
        self.send(raw(WINDOW_UPDATE, 0, stream, size.to_bytes(4, "big")))

    def next(self):
        """The next frame, or None at the end of the connection."""
        head = self.read(9)
        if head is None:
            self.heard.append("the end of the connection")
            return None
        # hyperframe leaves the length of what it reads to us.
        payload = self.read(int.from_bytes(head[:3], "big"))
        if payload is None:
            self.heard.append("the end of the connection within a frame")
            return None
        frame, _ = frames.Frame.parse_frame_header(memoryview(head))
        frame.parse_body(memoryview(payload))
        self.note(frame)
        return frame

    def read(self, count: int) -> bytes | None:
        while len(self.unread) < count:
            try:
                more = self.socket.recv(65536)
            except TimeoutError:
                raise Unmet(f"nothing for {PATIENCE:.0f} s after {self.said()}") from None
            except (ConnectionError, ssl.SSLError):
                more = b""
            if not more:
                return None
            self.unread += more
        piece = bytes(self.unread[:count])
        del self.unread[:count]
        return piece

    def note(self, frame) -> None:
        if isinstance(frame, (frames.HeadersFrame, frames.ContinuationFrame)) and "END_HEADERS" in frame.flags:
            frame.fields = self.decoder.decode(frame.data)
            self.heard.append(f"{frame.stream_id}: {dict(frame.fields).get(':status', 'trailers')}")
        elif isinstance(frame, frames.RstStreamFrame):
            self.heard.append(f"{frame.stream_id}: RST_STREAM {code(frame.error_code)}")
        elif isinstance(frame, frames.GoAwayFrame):
            self.heard.append(f"GOAWAY {code(frame.error_code)}")
        elif isinstance(frame, frames.DataFrame):
            self.heard.append(f"{frame.stream_id}: DATA of {len(frame.data)}")

    def said(self) -> str:
        """What the server has said, apart from what it always says."""
        return ", ".join(self.heard[-6:]) or "nothing"

    def close(self) -> None:
        self.socket.close()
