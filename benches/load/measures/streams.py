"""CPU time per event of event streams, and per message of WebSockets that goes to the server and
back, beside the same on a tenth of the streams. Client and server are this process (`pairs`)."""

import os
import socket
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

import report
from contender import Running
from figures import Figure
from measures import variants
from measures.variants import Samples, failed
from pairs import Pairs
from scenarios import Scenario
from stage import Stage

__all__ = ["failed", "measured", "run", "table"]

FEWER = 10  # times
TEXT = "x" * 100
EVENTS = (
    b"GET /events HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n",
)
# The key and its answer are those of RFC 6455 §1.3.
WEBSOCKET = (
    b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
)


def run(stage: Stage, scenario: Scenario) -> Samples:
    counts = (max(1, scenario.connections // FEWER), scenario.connections)
    opening = WEBSOCKET if scenario.setup.upgrade else EVENTS
    with ExitStack() as open_ends:
        server = socket.create_server(("127.0.0.1", 0), backlog=1024)
        open_ends.enter_context(server)
        running = open_ends.enter_context(stage.play(scenario, server.getsockname()[1]))
        turns: dict[str, dict[str, Callable[[], dict]]] = {}
        for one in running:
            turns[one.contender.name] = {}
            before = one.process.rss()
            for count in counts:
                pairs = Pairs(one.port, server, count, opening)
                open_ends.callback(pairs.close)
                turn = partial(_turn, stage, scenario, one, pairs, (before, sum(counts)))
                turns[one.contender.name][f"{count:,} streams"] = turn
        return variants.take(turns, stage.rounds)


def measured(samples: Samples) -> list[Figure]:
    return variants.measured(samples, "message")


def table(samples: Samples) -> str:
    return variants.table(samples, "message")


def _turn(stage: Stage, scenario: Scenario, one: Running, pairs: Pairs, opened: tuple) -> dict:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, stage.load)
    try:
        used = one.process.cpu()
        if scenario.setup.upgrade:
            made = pairs.echoes(message, stage.seconds)
        else:
            made = pairs.events(event, scenario.rate, stage.seconds)
        sample = report.sample(made, one.process.cpu() - used)
        without, count = opened  # before any stream was, and how many are
        sample["extra"] = {"KB per stream": (one.process.rss() - without) / count / 1e3}
        return sample
    finally:
        os.sched_setaffinity(0, before)


def event(number: int) -> tuple[bytes, bytes]:
    """An event in a chunk of its own, and itself."""
    text = f"id: {number}\ndata: {TEXT}\n\n".encode()
    return f"{len(text):x}\r\n".encode() + text + b"\r\n", text


def message(number: int) -> tuple[bytes, bytes]:
    """A text in a frame of the client's, which is masked (with zeros), and in one of the server's."""
    text = f"{number:08} {TEXT}".encode()
    length = len(text)
    return bytes((0x81, 0x80 | length, 0, 0, 0, 0)) + text, bytes((0x81, length)) + text
