#!/usr/bin/env python3
"""Clients that hold a server up: `attackers.py PORT COUNT`, that many of each kind.

Says `ready` when all are connected, goes on until it is told to end (SIGTERM), and then says as JSON
how often the server has ended a connection of each kind, each of which was opened anew.
"""

import errno
import itertools
import json
import os
import selectors
import signal
import socket
import sys
import time
from dataclasses import dataclass

from process import allow_many_files

EVERY = 1.0  # seconds, from one byte to the next of each attacker
TURNS = 100  # in that time; all at once would be a burst that no attack by many machines is
SEGMENT = 536  # bytes; with the loopback's own the kernel alone would hold megabytes for each


@dataclass(frozen=True)
class Kind:
    """What an attacker sends when it connects and then again and again, and whether it reads."""

    name: str
    first: bytes
    again: bytes
    reads: bool = True


KINDS = [
    Kind("slow head", b"GET /1k.txt HTTP/1.1\r\nHost: a\r\n", b"X: y\r\n"),
    Kind("slow body", b"POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n", b"x"),
    # More than the kernel holds for a connection.
    Kind("slow read", b"GET /100k.txt HTTP/1.1\r\nHost: a\r\n\r\n" * 5, b"", reads=False),
]


class Attackers:
    """The attackers, and what the server has done to them."""

    def __init__(self, port: int):
        self._port = port
        self._selector = selectors.EpollSelector()
        self._clients: dict[socket.socket, Kind] = {}
        self.ended = {kind.name: 0 for kind in KINDS}

    def connect(self, kind: Kind) -> None:
        """One more of a kind."""
        client = socket.socket()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
        if not kind.reads:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", self._port))
        client.sendall(kind.first)
        client.setblocking(False)
        # Of those that do not read only the end is of interest.
        events = selectors.EVENT_READ if kind.reads else 0
        if events:
            self._selector.register(client, events)
        self._clients[client] = kind

    def go_on(self, turn: int) -> None:
        """Lets those whose turn it is send or read a little."""
        for client, kind in list(self._clients.items())[turn::TURNS]:
            try:
                if kind.again:
                    client.send(kind.again)
                elif not client.recv(1):
                    self._replace(client)
            except BlockingIOError:
                pass
            except OSError as error:
                if error.errno not in (errno.ECONNRESET, errno.EPIPE):
                    raise
                self._replace(client)

    def listen(self, until: float) -> None:
        """Replaces those that are answered or whose connection ends."""
        while (left := until - time.monotonic()) > 0:
            for key, _ in self._selector.select(left):
                self._replace(key.fileobj)

    def _replace(self, client: socket.socket) -> None:
        kind = self._clients.pop(client)
        self.ended[kind.name] += 1
        if kind.reads:
            self._selector.unregister(client)
        client.close()
        self.connect(kind)


class Over(Exception):
    """It is time to end."""


def end(*_) -> None:
    raise Over


def main() -> None:
    signal.signal(signal.SIGTERM, end)
    os.nice(19)  # the load generator on the same core is to measure the edge, not us
    allow_many_files()
    attackers = Attackers(int(sys.argv[1]))
    try:
        for kind in KINDS:
            for _ in range(int(sys.argv[2])):
                attackers.connect(kind)
        print("ready", flush=True)
        for turn in itertools.cycle(range(TURNS)):
            attackers.go_on(turn)
            attackers.listen(time.monotonic() + EVERY / TURNS)
    except Over:
        print(json.dumps(attackers.ended), flush=True)


if __name__ == "__main__":
    main()
