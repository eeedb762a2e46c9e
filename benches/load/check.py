"""Does a contender really proxy? Asked before anything is measured."""

import gzip
import http.client
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import handshake
import origin
from contender import Contender, Running, Setup
from process import Failed
from wrk import HEADERS

REQUESTS = 20
CLIENT = "203.0.113.9"  # that somebody before us saw


class Witness(ThreadingHTTPServer):
    """A server that remembers the requests it saw and sends their bodies back."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.connections = set()
        self.requests = []


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _echo(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.connections.add(self.client_address)
        self.server.requests.append((self.command, self.path, dict(self.headers.lower_items())))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _echo

    def log_message(self, *_):
        pass


class _Headers(http.client.HTTPMessage):
    def lower_items(self):
        return [(name.lower(), value) for name, value in self.items()]


_Handler.MessageClass = _Headers


def forwards(contender: Contender, folder: Path, cores: set[int]) -> None:
    """Fails unless requests arrive whole, with the agreed headers, over connections kept open."""
    with Witness() as witness:
        threading.Thread(target=witness.serve_forever, daemon=True).start()
        running = contender.start(folder, cores, witness.server_address[1], Setup())
        try:
            _send(running, witness)
        finally:
            running.process.stop()
            witness.shutdown()


def _send(running: Running, witness: Witness) -> None:
    name = running.contender.name
    client = http.client.HTTPConnection("127.0.0.1", running.port, timeout=5)
    host = f"127.0.0.1:{running.port}"
    headers = {**HEADERS, "X-Forwarded-For": CLIENT}
    for number in range(REQUESTS):
        body = bytes([number]) * 10_000
        client.request("POST", f"/echo?{number}", body, headers)
        answer = client.getresponse()
        content = answer.read()
        _expect(name, "status", answer.status, 200)
        _expect(name, "body", content, body)
        _, path, seen = witness.requests[-1]
        _expect(name, "path", path, f"/echo?{number}")
        _expect(name, "Host", seen.get("host"), host)
        _expect(name, "X-Real-IP", seen.get("x-real-ip"), "127.0.0.1")
        _expect(name, "X-Forwarded-Proto", seen.get("x-forwarded-proto"), "http")
        forwarded = (seen.get("x-forwarded-for") or "").replace(" ", "").split(",")
        # HAProxy adds a line of its own instead, which is as good; then the last one is its.
        if forwarded[:-1] not in ([CLIENT], []) or not _own(forwarded[-1]):
            raise Failed(f"{name} sent X-Forwarded-For: {','.join(forwarded)}")
        for header, value in HEADERS.items():
            _expect(name, header, seen.get(header.lower()), value)
    client.close()
    _expect(name, "upstream connections", len(witness.connections), 1)


def _own(address: str) -> bool:
    """Whether an address is this machine's: Envoy writes another of them for that of the loopback."""
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def answers(running: Running, path: str, setup: Setup) -> None:
    """Fails unless the origin's content arrives unchanged, compressed if the scenario is so."""
    name = running.contender.name
    if setup.tls:
        trust = handshake.context("http/1.1")
        client = http.client.HTTPSConnection("127.0.0.1", running.port, timeout=5, context=trust)
    else:
        client = http.client.HTTPConnection("127.0.0.1", running.port, timeout=5)
    client.request("GET", path, headers=HEADERS)
    answer = client.getresponse()
    content = answer.read()
    client.close()
    _expect(name, "status", answer.status, 200)
    if setup.gzip:
        _expect(name, "Content-Encoding", answer.headers.get("Content-Encoding"), "gzip")
        content = gzip.decompress(content)
    _expect(name, path, content, origin.contents()[path])


def _expect(name: str, what: str, found, wanted) -> None:
    if found != wanted:
        raise Failed(f"{name}: {what}: {str(found)[:200]!r} instead of {str(wanted)[:200]!r}")
