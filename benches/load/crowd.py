"""Clients that keep their connections open and ask one after the other, at a fixed rate altogether.

A request has a time at which it is due, from which its latency counts. One whose client still waits
for the answer before goes out when that has come. A connection that ends before a byte of an answer
has come is opened anew and the request made again, as clients have to (RFC 9112 §9.3.1): that is
counted, and no error unless the new connection ends so as well.
"""

import select
import socket
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import quantiles

from paced import whole
from process import Failed
from wrk import HEADERS

PATIENCE = 5.0  # seconds, for a connection, and in the end for what is not answered
CLOSED = select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR


@dataclass
class Client:
    """One of them."""

    socket: socket.socket
    due: float = 0.0  # of the request on its way; 0: there is none
    waiting: deque[float] = field(default_factory=deque)
    received: bytes = b""
    fresh: bool = False  # nothing was answered on this connection


@dataclass
class Made:
    """What became of the requests."""

    begun: float = 0.0
    ended: float = 0.0
    answers: list[tuple[float, float]] = field(default_factory=list)  # when, after how many seconds
    size: int = 0  # bytes
    repeated: int = 0
    errors: Counter = field(default_factory=Counter)

    def told(self) -> dict:
        """As every generator of load tells it."""
        if len(self.answers) < 2:
            raise Failed("there were no answers")
        permille = quantiles([taken * 1e3 for _, taken in self.answers], n=1000)
        return {
            "requests": len(self.answers),
            "seconds": self.ended - self.begun,
            "bytes": self.size,
            "p50_ms": permille[499],
            "p99_ms": permille[989],
            "errors": dict(self.errors),
        }


class Crowd:
    """The clients, connected."""

    def __init__(self, port: int, path: str, count: int):
        self._port = port
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items()) + "\r\n"
        self._head = head.encode()
        self._poll = select.epoll()
        self._by_number: dict[int, Client] = {}
        self._made = Made()
        self._clients = [Client(self._connect()) for _ in range(count)]
        for client in self._clients:
            self._listen(client)

    def run(self, rate: int, seconds: float, then: dict[float, Callable[[], None]]) -> Made:
        """Asks for some time; does what `then` says when so many seconds are over."""
        made = self._made = Made(begun=time.monotonic())
        todo = sorted(then.items(), key=lambda one: one[0])
        for number in range(round(rate * seconds)):
            due = made.begun + number / rate
            while (now := time.monotonic()) < due:
                self._take(due - now)
            while todo and made.begun + todo[0][0] <= now:
                todo.pop(0)[1]()
            self._ask(self._clients[number % len(self._clients)], due)
            if number % 8 == 0:
                self._take(0)  # even if we are late
        end = time.monotonic() + PATIENCE
        while self._left() and time.monotonic() < end:
            self._take(0.01)
        made.errors["unanswered"] += self._left()
        made.ended = time.monotonic()
        return made

    def close(self) -> None:
        for client in self._clients:
            client.socket.close()
        self._poll.close()

    def _connect(self) -> socket.socket:
        opened = socket.create_connection(("127.0.0.1", self._port), PATIENCE)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return opened

    def _listen(self, client: Client) -> None:
        client.fresh = True
        client.socket.setblocking(False)
        self._by_number[client.socket.fileno()] = client
        self._poll.register(client.socket, CLOSED)

    def _left(self) -> int:
        return sum(bool(client.due) + len(client.waiting) for client in self._clients)

    def _ask(self, client: Client, due: float) -> None:
        if client.due:
            client.waiting.append(due)
            return
        client.due = due
        try:
            client.socket.send(self._head)
        except OSError:
            self._renew(client)

    def _take(self, wait: float) -> None:
        """Takes what has come, at the longest until then."""
        for number, _ in self._poll.poll(max(wait, 0)):
            if client := self._by_number.get(number):
                self._receive(client)

    def _receive(self, client: Client) -> None:
        try:
            piece = client.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if not piece:
            self._renew(client)
            return
        client.received += piece
        if not (length := whole(client.received)):
            return
        now, made = time.monotonic(), self._made
        made.answers.append((now, now - client.due))
        made.size += length
        made.errors["status"] += not client.received.startswith(b"HTTP/1.1 200")
        made.errors["unasked"] += len(client.received) != length or not client.due
        client.due, client.received, client.fresh = 0.0, b"", False
        if client.waiting:
            self._ask(client, client.waiting.popleft())

    def _renew(self, client: Client) -> None:
        """The connection has ended."""
        made, due, fresh, cut = self._made, client.due, client.fresh, bool(client.received)
        self._by_number.pop(client.socket.fileno(), None)
        client.socket.close()
        client.due, client.received = 0.0, b""
        try:
            client.socket = self._connect()
        except OSError:
            made.errors["connect"] += 1
            # A socket that is closed: it is tried again with the next request.
            return
        self._listen(client)
        if due and not (cut or fresh):
            made.repeated += 1
            self._ask(client, due)
            return
        made.errors["cut off"] += bool(due)
        if client.waiting:
            self._ask(client, client.waiting.popleft())
