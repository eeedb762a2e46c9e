"""One request in HTTP/2, frame by frame (RFC 9113), on a connection that stays open."""

import socket

from contender import Running
from process import Failed
from wrk import HEADERS as LINES

DATA, HEADERS, SETTINGS, GOAWAY = 0, 1, 4, 7
ACK = END_STREAM = 1
END_HEADERS = 4


def ask(running: Running, path: str) -> socket.socket:
    """Makes a request by prior knowledge, and reads the answer."""
    host = f"127.0.0.1:{running.port}"
    lines = {":method": "GET", ":scheme": "http", ":authority": host, ":path": path}
    lines |= {name.lower(): value for name, value in LINES.items()}
    # Header lines that are in no table (RFC 7541 §6.2.2).
    block = b"".join(b"\0" + text(name) + text(value) for name, value in lines.items())
    client = socket.create_connection(("127.0.0.1", running.port), 5)
    client.sendall(
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
        + frame(SETTINGS, 0, 0, b"")
        + frame(HEADERS, END_HEADERS | END_STREAM, 1, block)
    )
    with client.makefile("rb") as answer:
        ended = False
        while not ended:
            head = answer.read(9)
            if len(head) < 9 or head[3] == GOAWAY:
                raise Failed(f"{running.contender.name} gives no answer in HTTP/2")
            answer.read(int.from_bytes(head[:3]))
            kind, flags = head[3:5]
            if kind == SETTINGS and not flags & ACK:
                client.sendall(frame(SETTINGS, ACK, 0, b""))
            ended = kind in (DATA, HEADERS) and bool(flags & END_STREAM)
    return client


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3) + bytes((kind, flags)) + stream.to_bytes(4) + payload


def text(text: str) -> bytes:
    """A text of less than 255 bytes (RFC 7541 §5)."""
    length = len(text)
    prefix = bytes((length,)) if length < 127 else bytes((127, length - 127))
    return prefix + text.encode()
