"""The server behind the one under test."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LARGE = 300_000


class Origin:
    """Answers in HTTP/1.1 while it is entered. `/held` is answered once the gate is open."""

    def __init__(self, port: int):
        self.gate = threading.Event()
        handler = type("Handler", (Handler,), {"gate": self.gate})
        self.server = Server(("127.0.0.1", port), handler)

    def __enter__(self) -> "Origin":
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.gate.set()
        self.server.shutdown()

    def shut(self) -> None:
        self.gate.clear()

    def open(self) -> None:
        self.gate.set()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def handle_error(self, *_) -> None:
        """Those who no longer wait for an answer are what some cases are about."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    gate: threading.Event

    def answer(self) -> None:
        body = self.body()
        if self.path == "/held":
            self.gate.wait(20)
        elif self.path == "/large":
            body = bytes(range(250)) * (LARGE // 250)
        elif self.path == "/seen":
            body = str(self.headers).encode()
        elif self.path != "/echo":
            body = b"hello"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_OPTIONS = answer

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding"):
            whole = b""
            while size := int(self.rfile.readline(), 16):
                whole += self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline() not in (b"\r\n", b""):
                pass
            return whole
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def log_message(self, *_) -> None:
        pass
