"""Connections through a proxy of which this process holds both ends, and what travels on them:
events from the server to the client, or messages to the server and back."""

import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import quantiles

from process import Failed

PATIENCE = 5.0  # seconds


@dataclass
class Pair:
    """The client's end and the server's; one message at a time is on its way."""

    client: socket.socket
    server: socket.socket
    sent: float = 0.0  # when it was; 0: there is none
    expected: bytes = b""  # of it, where it is read
    unread: bytes = b""

    def close(self) -> None:
        self.client.close()
        self.server.close()


class Pairs:
    """Connections that have been opened by a request each, and stay."""

    def __init__(self, port: int, server: socket.socket, count: int, opening: tuple[bytes, bytes]):
        """Through the proxy on `port` to `server`; `opening` is the request and its answer."""
        self._pairs: list[Pair] = []
        self._server = server
        try:
            for _ in range(count):
                self._pairs.append(self._open(port, *opening))
        except OSError as error:
            self.close()
            raise Failed(f"a stream cannot be opened: {error!r}") from error
        except Failed:
            self.close()
            raise

    def _open(self, port: int, request: bytes, answer: bytes) -> Pair:
        client = socket.create_connection(("127.0.0.1", port), PATIENCE)
        client.sendall(request)
        self._server.settimeout(PATIENCE)
        server, _ = self._server.accept()
        for one in (client, server):
            one.settimeout(PATIENCE)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pair = Pair(client, server)
        asked = _head(server)
        server.sendall(answer)
        answered = _head(client)
        wanted = request.split(b" ")[1], answer.split(b" ")[1]
        if (asked.split(b" ")[1], answered.split(b" ")[1]) != wanted:
            raise Failed(f"a stream was not opened as it must: {asked!r}, {answered!r}")
        client.setblocking(False)
        server.setblocking(False)
        return pair

    def close(self) -> None:
        for pair in self._pairs:
            pair.close()

    def events(self, event: Callable[[int], tuple[bytes, bytes]], rate: int, seconds: float) -> dict:
        """Sends events at a fixed rate, to one client after the other. `event` gives what is sent,
        and what of that has to be found in what arrives."""
        poll = _listen((pair.client, pair) for pair in self._pairs)
        taken: list[float] = []
        size = errors = 0
        begun = time.monotonic()

        def take(wait: float) -> None:
            nonlocal size, errors
            for pair, its in poll(wait):
                piece = _read(its)
                size += len(piece)
                pair.unread += piece
                if pair.sent and pair.expected in pair.unread:
                    taken.append(time.monotonic() - pair.sent)
                    pair.sent, pair.unread = 0.0, b""

        for number in range(round(rate * seconds)):
            due = begun + number / rate
            while (now := time.monotonic()) < due:
                take(due - now)
            pair = self._pairs[number % len(self._pairs)]
            errors += bool(pair.sent)  # the one before has not come, or not whole
            text, pair.expected = event(number)
            pair.sent = time.monotonic()
            pair.server.send(text)
            if number % 8 == 0:
                take(0)  # even if we are late
        end = time.monotonic() + PATIENCE
        while any(pair.sent for pair in self._pairs) and time.monotonic() < end:
            take(0.01)
        errors += sum(bool(pair.sent) for pair in self._pairs)
        return _told(taken, time.monotonic() - begun, size, errors)

    def echoes(self, message: Callable[[int], tuple[bytes, bytes]], seconds: float) -> dict:
        """Has every client send a message, the server send it back, and so on, as fast as it goes.
        `message` gives what the client sends, and what the server sends back."""
        both = [(pair.client, pair) for pair in self._pairs]
        poll = _listen([*both, *((pair.server, pair) for pair in self._pairs)])
        taken: list[float] = []
        size = number = errors = 0
        begun = now = time.monotonic()
        end = begun + seconds

        def say(pair: Pair) -> None:
            nonlocal number
            number += 1
            text, pair.expected = message(number)
            pair.sent = time.monotonic()
            pair.client.send(text)

        for pair in self._pairs:
            say(pair)
        while any(pair.sent for pair in self._pairs) and now < end + PATIENCE:
            for pair, its in poll(0.1):
                piece = _read(its)
                size += len(piece)
                if its is pair.server:
                    # It is as long as what was sent, and comes in one piece or is an error.
                    pair.server.send(pair.expected)
                    continue
                pair.unread += piece
                if len(pair.unread) < len(pair.expected):
                    continue
                errors += pair.unread != pair.expected
                taken.append(time.monotonic() - pair.sent)
                pair.sent, pair.unread = 0.0, b""
                if now < end:
                    say(pair)
            now = time.monotonic()
        errors += sum(bool(pair.sent) for pair in self._pairs)
        return _told(taken, now - begun, size, errors)


def _listen(ends) -> Callable[[float], list[tuple[Pair, socket.socket]]]:
    by_number = {its.fileno(): (pair, its) for its, pair in ends}
    poll = select.epoll()
    for number in by_number:
        poll.register(number, select.EPOLLIN)
    return lambda wait: [by_number[number] for number, _ in poll.poll(wait)]


def _read(its: socket.socket) -> bytes:
    piece = its.recv(65536)
    if not piece:
        raise Failed("a stream has ended")
    return piece


def _head(its: socket.socket) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        if not (piece := its.recv(1)):
            raise Failed(f"a stream has ended at once: {head!r}")
        head += piece
    return head


def _told(taken: list[float], seconds: float, size: int, errors: int) -> dict:
    if len(taken) < 2:
        raise Failed("nothing has arrived")
    permille = quantiles([one * 1e3 for one in taken], n=1000)
    return {
        "requests": len(taken),
        "seconds": seconds,
        "bytes": size,
        "p50_ms": permille[499],
        "p99_ms": permille[989],
        "errors": {"lost": errors},
    }
