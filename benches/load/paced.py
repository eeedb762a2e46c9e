#!/usr/bin/env python3
"""Requests at a fixed rate: `paced.py PORT PATH RATE SECONDS CONNECTIONS`; says as JSON how that went.

Each request has a time at which it is due, whatever became of those before (open loop). It goes out
on a connection that is free, or waits for one; either way its latency counts from when it was due,
so that a proxy that stands still for a while pays for all requests of that while, and not just for
the one that it was asked on each connection (coordinated omission). How late we ourselves sent, while
a connection was free, is told as well: the latencies hold it.
"""

import gc
import json
import select
import socket
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

from wrk import HEADERS

PATIENCE = 5.0  # seconds, for what is still open in the end
LENGTH = b"content-length:"


@dataclass
class Run:
    """Requests on their way, and what became of those before."""

    head: bytes
    free: deque[socket.socket]
    waiting: deque[float] = field(default_factory=deque)  # when those are due that wait for one
    due: dict[socket.socket, float] = field(default_factory=dict)  # of requests on their way
    received: dict[socket.socket, bytes] = field(default_factory=dict)
    taken: list[float] = field(default_factory=list)  # seconds
    late: list[float] = field(default_factory=list)  # seconds
    size: int = 0  # bytes
    failed: int = 0

    def ask(self, due: float) -> None:
        """Makes the request that was due then, or has it wait for a connection."""
        if self.free and not self.waiting:
            self.late.append(time.monotonic() - due)
            self._send(due)
        else:
            self.waiting.append(due)

    def go_on(self, until: float) -> None:
        """Waits for answers, at the longest until then, and takes what is there."""
        wait = max(0.0, until - time.monotonic())
        for client in select.select(list(self.due), (), (), wait)[0]:
            self._receive(client)
        while self.waiting and self.free:
            self._send(self.waiting.popleft())

    def left(self) -> int:
        """How many requests are not answered."""
        return len(self.due) + len(self.waiting)

    def _send(self, due: float) -> None:
        client = self.free.popleft()
        self.due[client] = due
        self.received[client] = b""
        try:
            client.send(self.head)
        except ConnectionError:
            pass  # as reading will tell

    def _receive(self, client: socket.socket) -> None:
        try:
            piece = client.recv(65536)
        except ConnectionError:
            piece = b""
        answer = self.received[client] = self.received[client] + piece
        length = whole(answer)
        if piece and not length:
            return
        self.taken.append(time.monotonic() - self.due.pop(client))
        self.size += len(self.received.pop(client))
        self.failed += len(answer) != length or not answer.startswith(b"HTTP/1.1 200")
        if piece:
            self.free.append(client)  # else it is lost, and so is the round


def whole(answer: bytes) -> int:
    """How long an answer will be; 0 while that is not known or it is not all there."""
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return 0
    lower = answer[:end].lower()
    at = lower.find(LENGTH)
    if at < 0:
        sys.exit("paced.py: an answer without Content-Length")
    length = end + 4 + int(lower[at + len(LENGTH) :].split(b"\r\n", 1)[0])
    return length if len(answer) >= length else 0


def run(opened: Run, rate: int, seconds: float) -> float:
    """Makes the requests; how many seconds it took until the last was answered."""
    begun = time.monotonic()
    for number in range(round(rate * seconds)):
        due = begun + number / rate
        opened.go_on(due)
        while time.monotonic() < due:
            opened.go_on(due)
        opened.ask(due)
    end = time.monotonic() + PATIENCE
    while opened.left() and time.monotonic() < end:
        opened.go_on(end)
    opened.failed += opened.left()
    return time.monotonic() - begun


def main() -> None:
    port, path, rate, seconds, connections = sys.argv[1:]
    # The kernel may wake us 50 µs late by default.
    Path("/proc/self/timerslack_ns").write_text("1")
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items()) + "\r\n"
    clients = [socket.create_connection(("127.0.0.1", int(port)), 5) for _ in range(int(connections))]
    for client in clients:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    opened = Run(head.encode(), deque(clients))
    gc.disable()
    took = run(opened, int(rate), float(seconds))
    permille = quantiles([one * 1e3 for one in opened.taken], n=1000)
    late = quantiles([one * 1e3 for one in opened.late], n=100)
    said = {
        "requests": len(opened.taken),
        "seconds": took,
        "bytes": opened.size,
        "p50_ms": permille[499],
        "p99_ms": permille[989],
        "p999_ms": permille[998],
        "late_p99_ms": late[98],
        "errors": {"failed": opened.failed},
    }
    print(json.dumps(said))


if __name__ == "__main__":
    main()
