"""Memory per idle connection."""

import socket
import time
from collections.abc import Callable

import http2
from contender import Running
from process import Failed
from wrk import HEADERS

COUNTS = (0, 1_000, 10_000)
SETTLE = 1.0  # seconds


def measure(running: Running, path: str) -> list[int]:
    """Resident bytes with each of `COUNTS` connections open, all of which made one request."""
    return _measure(running, lambda: _ask(running, path))


def measure_http2(running: Running, path: str) -> list[int]:
    """The same with connections of HTTP/2."""
    return _measure(running, lambda: http2.ask(running, path))


def _measure(running: Running, ask: Callable[[], socket.socket]) -> list[int]:
    clients: list[socket.socket] = []
    sizes = []
    try:
        for count in COUNTS:
            while len(clients) < count:
                clients.append(ask())
            time.sleep(SETTLE)
            sizes.append(running.process.rss())
        # Were they kept?
        for client in clients:
            client.setblocking(False)
            try:
                if not client.recv(1):
                    raise Failed(f"{running.contender.name} closed idle connections")
            except BlockingIOError:
                pass
    finally:
        for client in clients:
            client.close()
    return sizes


def _ask(running: Running, path: str) -> socket.socket:
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{running.port}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items()) + "\r\n"
    client = socket.create_connection(("127.0.0.1", running.port), 5)
    client.sendall(head.encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += _receive(client, running)
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
    while len(body) < length:
        body += _receive(client, running)
    return client


def _receive(client: socket.socket, running: Running) -> bytes:
    received = client.recv(65536)
    if not received:
        raise Failed(f"{running.contender.name} closed a connection in the middle of an answer")
    return received
