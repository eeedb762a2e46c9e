#!/usr/bin/env python3
"""Clients that notice each loss, and the server behind the edge that they talk to (run as a program)."""

import asyncio
import base64
import hashlib
import ssl
import sys
from collections import Counter
from dataclasses import dataclass, field

import calls
from http2 import ACK, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, SETTINGS, frame, text

PAUSE = 0.02  # seconds between a client's requests
EVENT = 0.25  # seconds between events
PATIENCE = 15.0  # seconds
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
RST_STREAM, WINDOW_UPDATE = 3, 8


@dataclass
class Losses:
    """What was made, and what of it was lost."""

    made: Counter = field(default_factory=Counter)
    lost: Counter = field(default_factory=Counter)
    # Requests on a kept connection that ended without a byte of an answer, which clients have to
    # repeat (RFC 9112, 9.3.1).
    repeated: int = 0
    why: list[str] = field(default_factory=list)

    def lose(self, kind: str, why: object) -> None:
        self.lost[kind] += 1
        self.why.append(f"{kind}: {why!r}")


async def connect(port: int, context: ssl.SSLContext | None):
    name = "a" if context else None
    opening = asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name)
    return await asyncio.wait_for(opening, PATIENCE)


async def http1(port, context, losses: Losses, stop: asyncio.Event, number: int) -> None:
    """Requests one after the other; every fourth client opens a connection for each."""
    kind = "HTTPS requests" if context else "HTTP/1 requests"
    kept = None
    while not stop.is_set():
        losses.made[kind] += 1
        fresh = kept is None
        try:
            kept = kept or await connect(port, context)
            answer = await asyncio.wait_for(exchange(*kept, number % 4 == 3), PATIENCE)
            if answer is None and not fresh:
                losses.repeated += 1
                kept = await connect(port, context)
                answer = await asyncio.wait_for(exchange(*kept, number % 4 == 3), PATIENCE)
            if answer is None:
                raise ConnectionError("the connection ended without an answer")
            status, stays = answer
            if status != 200:
                losses.lose(kind, f"status {status}")
            if not stays:
                kept[1].close()
                kept = None
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError) as error:
            losses.lose(kind, error)
            kept = None
        await asyncio.sleep(PAUSE)


async def exchange(reader, writer, close: bool) -> tuple[int, bool] | None:
    """The status, and whether the connection stays; None if there is not a byte of an answer."""
    line = b"Connection: close\r\n" if close else b""
    try:
        writer.write(b"GET /small HTTP/1.1\r\nHost: a\r\n" + line + b"\r\n")
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None
    except ConnectionError:
        return None
    lines = head.lower().split(b"\r\n")
    length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:"))
    await reader.readexactly(length)
    return int(head.split(b" ")[1]), b"connection: close" not in lines


async def http2(port, context, losses: Losses, stop: asyncio.Event) -> None:
    """Requests one after the other on a connection until the edge says that it is the last."""
    kind = "HTTP/2 requests"
    names = {":method": "GET", ":scheme": "https", ":authority": "a", ":path": "/small"}
    block = b"".join(b"\0" + text(name) + text(value) for name, value in names.items())
    while not stop.is_set():
        try:
            reader, writer = await connect(port, context)
            hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0, b"")
            writer.write(hello)
            stream, leaving = 1, False
            while not leaving and not stop.is_set():
                losses.made[kind] += 1
                writer.write(frame(HEADERS, END_HEADERS | END_STREAM, stream, block))
                done, leaving = await asyncio.wait_for(answer2(reader, writer, stream), PATIENCE)
                if not done:
                    # Beyond the last stream that the edge has taken: asked for again elsewhere.
                    losses.repeated += 1
                    losses.made[kind] -= 1
                stream += 2
                await asyncio.sleep(PAUSE)
            writer.close()
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError) as error:
            losses.lose(kind, error)


async def answer2(reader, writer, stream: int) -> tuple[bool, bool]:
    """Whether the stream was answered, and whether the connection takes no more."""
    leaving = False
    while True:
        head = await reader.readexactly(9)
        payload = await reader.readexactly(int.from_bytes(head[:3]))
        kind, flags, of = head[3], head[4], int.from_bytes(head[5:])
        if kind == SETTINGS and not flags & ACK:
            writer.write(frame(SETTINGS, ACK, 0, b""))
        elif kind == GOAWAY:
            leaving = True
            if int.from_bytes(payload[:4]) < stream:
                return False, True
        elif kind == RST_STREAM:
            raise ConnectionError("the stream was reset")
        elif kind == HEADERS and of == stream and payload[:1] != b"\x88":
            raise ConnectionError(f"the answer is not 200: {payload[:8]!r}")
        elif kind == DATA and payload:
            for one in (0, stream):
                writer.write(frame(WINDOW_UPDATE, 0, one, len(payload).to_bytes(4)))
        if kind in (DATA, HEADERS) and of == stream and flags & END_STREAM:
            return True, leaving


async def websocket(port, context, losses: Losses, stop: asyncio.Event, number: int):
    """A WebSocket that says something every second and wants to hear it."""
    kind = "WebSockets"
    losses.made[kind] += 1
    reader, writer = await connect(port, context if number % 2 == 0 else None)
    writer.write(
        b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
    if b" 101 " not in head.split(b"\r\n")[0]:
        losses.lose(kind, head)

    async def talk() -> None:
        said = 0
        try:
            while not stop.is_set():
                said += 1
                word = said.to_bytes(4)
                # A masked binary frame; the mask is zero.
                writer.write(b"\x82\x84\0\0\0\0" + word)
                heard = await asyncio.wait_for(reader.readexactly(6), PATIENCE)
                if heard != b"\x82\x04" + word:
                    raise ConnectionError(f"another word came back: {heard!r}")
                await asyncio.sleep(1)
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError) as error:
            losses.lose(kind, error)
        writer.close()

    return talk()


async def events(port, context, losses: Losses, stop: asyncio.Event, number: int):
    """A stream of numbered events of which none may be missing."""
    kind = "event streams"
    losses.made[kind] += 1
    reader, writer = await connect(port, context if number % 2 == 0 else None)
    writer.write(b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n")
    await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)

    async def listen() -> None:
        expected = 0
        try:
            while not stop.is_set():
                line = await asyncio.wait_for(reader.readuntil(b"\n"), PATIENCE)
                if line.startswith(b"data: "):
                    if int(line[6:]) != expected:
                        raise ConnectionError(f"{line!r} came instead of {expected}")
                    expected += 1
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError) as error:
            losses.lose(kind, error)
        writer.close()

    return listen()


async def serve(reader, writer) -> None:
    """One connection of the server."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            path = head.split(b" ")[1]
            if path == b"/events":
                await stream(writer)
            elif path == b"/ws":
                await echo(head, reader, writer)
                break
            else:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
    except (asyncio.IncompleteReadError, OSError):
        pass
    writer.close()


async def stream(writer) -> None:
    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    number = 0
    while True:
        event = f"data: {number}\n\n".encode()
        writer.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")
        await writer.drain()
        number += 1
        await asyncio.sleep(EVENT)


async def echo(head: bytes, reader, writer) -> None:
    lines = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
    key = next(value for name, value in lines.items() if name.lower() == b"sec-websocket-key")
    accept = base64.b64encode(hashlib.sha1(key + MAGIC).digest())
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
    while True:
        word = await reader.readexactly(10)
        writer.write(b"\x82\x04" + word[6:])
        await writer.drain()


async def main(port: int, calls_port: int) -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", port, backlog=4096)
    called = await asyncio.start_server(calls.serve, "127.0.0.1", calls_port, backlog=4096)
    async with server, called:
        await asyncio.gather(server.serve_forever(), called.serve_forever())


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
