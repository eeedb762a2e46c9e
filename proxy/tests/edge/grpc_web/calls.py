"""Calls of gRPC-Web, through the edge to a server that speaks it.

Usage: calls.py SERVER_PORT PLAIN_PORT TLS_PORT CA_FILE
"""

import asyncio
import base64
import ssl
import sys
import zlib

import h2.config
import h2.connection
import h2.events

PATIENCE = 10
BINARY, TEXT = "application/grpc-web+proto", "application/grpc-web-text+proto"
ORIGIN = "https://page.test"
STATUS = 0x80  # of a frame that holds trailers
MESSAGES = 5


def frame(kind: int, content: bytes) -> bytes:
    return bytes((kind,)) + len(content).to_bytes(4, "big") + content


class Server:
    """Repeats the request as often as is said in it, each time only when the client has the one before."""

    def __init__(self):
        self.turn = asyncio.Semaphore(0)

    async def serve(self, reader, writer) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().split("\r\n")
                pairs = (line.split(": ", 1) for line in lines[1:] if line)
                fields = {name.lower(): value for name, value in pairs}
                kind = fields["content-type"]
                body = await self.body(reader, fields)
                asked = base64.b64decode(body) if kind == TEXT else body
                writer.write(
                    f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
                )
                await self.answer(writer, kind, lines[0].split(" ")[1], asked[5:])
        except (asyncio.IncompleteReadError, asyncio.CancelledError, OSError):
            pass
        writer.close()

    async def body(self, reader, fields: dict) -> bytes:
        if "content-length" in fields:
            return await reader.readexactly(int(fields["content-length"]))
        whole = b""
        while size := int(await reader.readline(), 16):
            whole += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
        return whole

    async def answer(self, writer, kind: str, path: str, content: bytes) -> None:
        def send(piece: bytes) -> None:
            # Each frame is padded by itself, as grpc-web's servers do.
            piece = base64.b64encode(piece) if kind == TEXT else piece
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))

        if path.endswith("/Count"):
            for number in range(MESSAGES):
                send(frame(0, b"%d:" % number + content))
                await writer.drain()
                await asyncio.wait_for(self.turn.acquire(), PATIENCE)
        elif path.endswith("/Echo"):
            send(frame(0, content))
        refused = path.endswith("/Fail")
        send(frame(STATUS, b"grpc-status:9\r\ngrpc-message:not so\r\n" if refused else b"grpc-status:0\r\n"))
        writer.write(b"0\r\n\r\n")
        await writer.drain()


class Http1:
    """One exchange over HTTP/1.1."""

    async def open(self, port: int, context, method: str, path: str, fields: dict, body: bytes) -> None:
        self.reader, self.writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=context, server_hostname="a.test" if context else None
        )
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        head = f"{method} {path} HTTP/1.1\r\nhost: a.test\r\ncontent-length: {len(body)}\r\n{lines}\r\n"
        self.writer.write(head.encode() + body)
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
        self.status = lines[0].split(" ")[1]
        self.fields = dict(line.split(": ", 1) for line in lines[1:] if line)

    async def read(self) -> bytes:
        """A piece of the body; nothing at its end."""
        if not (size := int(await self.reader.readline(), 16)):
            return b""
        piece = await self.reader.readexactly(size)
        await self.reader.readline()
        return piece


class Http2:
    """One exchange over HTTP/2."""

    async def open(self, port: int, context, method: str, path: str, fields: dict, body: bytes) -> None:
        self.reader, self.writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=context, server_hostname="a.test" if context else None
        )
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.h2.initiate_connection()
        scheme = "https" if context else "http"
        head = {":method": method, ":scheme": scheme, ":authority": "a.test", ":path": path, **fields}
        self.h2.send_headers(1, list(head.items()), end_stream=not body)
        if body:
            self.h2.send_data(1, body, end_stream=True)
        self.pieces, self.fields, self.ended = [], None, False
        while self.fields is None:
            await self.listen()
        self.status = self.fields[":status"]

    async def listen(self) -> None:
        self.writer.write(self.h2.data_to_send())
        for event in self.h2.receive_data(await self.reader.read(65536)):
            if isinstance(event, h2.events.ResponseReceived):
                self.fields = dict(event.headers)
            elif isinstance(event, h2.events.DataReceived):
                self.pieces.append(event.data)
                self.h2.acknowledge_received_data(event.flow_controlled_length, 1)
            elif isinstance(event, h2.events.StreamEnded):
                self.ended = True
        self.writer.write(self.h2.data_to_send())

    async def read(self) -> bytes:
        while not self.pieces and not self.ended:
            await self.listen()
        return self.pieces.pop(0) if self.pieces else b""


class Call:
    """A call, and the frames of its answer."""

    def __init__(self, exchange, kind: str, gzip: bool):
        self.exchange, self.kind, self.gzip = exchange, kind, gzip
        self.inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self.coded, self.unread = b"", b""

    async def ask(self, port: int, context, path: str, content: bytes) -> None:
        body = frame(0, content)
        fields = {"content-type": self.kind, "accept": self.kind, "x-grpc-web": "1", "origin": ORIGIN}
        if self.gzip:
            fields["accept-encoding"] = "gzip"
        body = base64.b64encode(body) if self.kind == TEXT else body
        await self.exchange.open(port, context, "POST", path, fields, body)
        head = self.exchange.fields
        check("the status", self.exchange.status, "200")
        check("the type", head["content-type"], self.kind)
        check("the coding", head.get("content-encoding"), "gzip" if self.gzip else None)
        check("who may read it", head["access-control-allow-origin"], ORIGIN)

    async def next(self) -> tuple[int, bytes] | None:
        """A frame; None at the end."""
        while len(self.unread) < 5 or len(self.unread) < 5 + int.from_bytes(self.unread[1:5], "big"):
            piece = await asyncio.wait_for(self.exchange.read(), PATIENCE)
            if not piece:
                check("what is left", self.unread + self.coded, b"")
                return None
            piece = self.inflater.decompress(piece) if self.gzip else piece
            if self.kind == TEXT:
                self.coded += piece
                while len(self.coded) >= 4:
                    self.unread += base64.b64decode(self.coded[:4])
                    self.coded = self.coded[4:]
            else:
                self.unread += piece
        end = 5 + int.from_bytes(self.unread[1:5], "big")
        kind, content, self.unread = self.unread[0], self.unread[5:end], self.unread[end:]
        return kind, content


def check(what: str, found, expected) -> None:
    if found != expected:
        raise AssertionError(f"{what}: {found!r} instead of {expected!r}")


async def calls(protocol, port: int, context, route: str, kind: str, gzip: bool, server: Server) -> int:
    async def begin(method: str, content: bytes) -> Call:
        call = Call(protocol(), kind, gzip)
        await call.ask(port, context, f"/{route}/test.Calls/{method}", content)
        return call

    good = (STATUS, b"grpc-status:0\r\n")
    content = bytes(range(256)) * 40
    call = await begin("Echo", content)
    check("an answer", [await call.next(), await call.next(), await call.next()], [(0, content), good, None])
    call = await begin("Count", b"x" * 300)
    for number in range(MESSAGES):
        check("a message", await call.next(), (0, b"%d:" % number + b"x" * 300))
        server.turn.release()
    check("the end", [await call.next(), await call.next()], [good, None])
    call = await begin("Fail", b"")
    refused = (STATUS, b"grpc-status:9\r\ngrpc-message:not so\r\n")
    check("a refusal", [await call.next(), await call.next()], [refused, None])
    return 3


async def preflight(protocol, port: int, context, route: str) -> int:
    exchange = protocol()
    fields = {
        "origin": ORIGIN,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,x-grpc-web",
    }
    await exchange.open(port, context, "OPTIONS", f"/{route}/test.Calls/Echo", fields, b"")
    check("a preflight", exchange.status, "204")
    check("its origin", exchange.fields["access-control-allow-origin"], ORIGIN)
    allowed = exchange.fields["access-control-allow-headers"].lower().replace(" ", "").split(",")
    check("its headers", {"content-type", "x-grpc-web"} <= set(allowed), True)
    return 1


async def main(server_port: str, plain_port: str, tls_port: str, ca: str) -> None:
    server = Server()
    await asyncio.start_server(server.serve, "127.0.0.1", int(server_port))
    trust = ssl.create_default_context(cafile=ca)
    trust.set_alpn_protocols(["h2"])
    made = preflights = 0
    for protocol, port, context in ((Http1, int(plain_port), None), (Http2, int(tls_port), trust)):
        for route in ("buffered", "streamed"):
            preflights += await preflight(protocol, port, context, route)
            for kind in (BINARY, TEXT):
                for gzip in (False, True):
                    made += await calls(protocol, port, context, route, kind, gzip, server)
    print(f"{made} calls, {preflights} preflights: all is well")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
