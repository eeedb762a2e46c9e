#!/usr/bin/env python3
"""Measures how long an event stream takes to arrive: the first event and those after it, directly from
the server, through the edge (plain and compressed) and through nginx. See ../README.md.
"""

import argparse
import socket
import sys
import threading
import time
import zlib
from pathlib import Path
from statistics import median, quantiles

import report
from contender import Contender, Setup
from process import Failed, Process, free_port, scratch
from programs import BENCHES, build, peers

EVENTS = 5
PAUSE = 0.02  # seconds between events
HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--streams", type=int, default=100, help="of each kind, one by one [100]")
    parser.add_argument("--edge", metavar="PROGRAM", help="the edge; it is built if this is absent")
    parser.add_argument("--out", type=Path, default=BENCHES / "results", help="for the results")
    return parser.parse_args()


def chunk(text: bytes) -> bytes:
    return f"{len(text):x}\r\n".encode() + text + b"\r\n"


def serve(listener: socket.socket) -> None:
    """Answers each connection's requests with events that say when they were sent."""

    def one(client: socket.socket) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with client:
            while b"\r\n\r\n" in read_head(client):
                client.sendall(HEAD)
                for _ in range(EVENTS):
                    now = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
                    client.sendall(chunk(f"data: {now}\n\n".encode()))
                    time.sleep(PAUSE)
                client.sendall(b"0\r\n\r\n")

    while True:
        client, _ = listener.accept()
        threading.Thread(target=one, args=(client,), daemon=True).start()


def read_head(client: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        piece = client.recv(4096)
        if not piece:
            break
        head += piece
    return head


def stream(port: int, gzip: bool) -> list[float]:
    """One stream; how many milliseconds each event was on its way."""
    coding = "Accept-Encoding: gzip\r\n" if gzip else ""
    request = f"GET /events HTTP/1.1\r\nHost: a\r\n{coding}Connection: close\r\n\r\n"
    late = []
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        client.sendall(request.encode())
        received = read_head(client)
        head, _, rest = received.partition(b"\r\n\r\n")
        is_gzip = b"content-encoding: gzip" in head.lower()
        if is_gzip != gzip or b"chunked" not in head.lower():
            raise Failed(f"not the answer that was asked for:\n{head.decode()}")
        unzip = zlib.decompressobj(31) if gzip else None
        text, ended = b"", False
        while not ended:
            content, rest, ended = unchunk(rest)
            text += unzip.decompress(content) if unzip else content
            while b"\n\n" in text:
                event, _, text = text.partition(b"\n\n")
                sent = int(event.removeprefix(b"data: "))
                late.append((time.clock_gettime_ns(time.CLOCK_MONOTONIC) - sent) / 1e6)
            if not ended:
                piece = client.recv(65536)
                if not piece:
                    raise Failed("a stream was cut off")
                rest += piece
    if len(late) != EVENTS:
        raise Failed(f"{len(late)} events instead of {EVENTS}")
    return late


def unchunk(received: bytes) -> tuple[bytes, bytes, bool]:
    """The content of whole chunks, what follows them, and whether the body has ended."""
    content = b""
    while b"\r\n" in received:
        size, _, rest = received.partition(b"\r\n")
        length = int(size, 16)
        if length == 0:
            return content, b"", True
        if len(rest) < length + 2:
            break
        content += rest[:length]
        received = rest[length + 2 :]
    return content, received, False


def table(measured: dict[str, dict[str, list[float]]]) -> str:
    lines = [
        "| way | first event ms: median | 99 % | further events ms: median | 99 % |",
        "|---|---|---|---|---|",
    ]
    for name, one in measured.items():
        cells = [name]
        for times in (one["first"], one["further"]):
            cells += [f"{median(times):.2f}", f"{quantiles(times, n=100)[98]:.2f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> int:
    chosen = arguments()
    tools = peers()
    program = chosen.edge or str(build("hifate-edge") / "hifate-edge")
    listener = socket.create_server(("127.0.0.1", free_port()), backlog=128)
    threading.Thread(target=serve, args=(listener,), daemon=True).start()
    direct = listener.getsockname()[1]
    contenders = [Contender("edge", program), Contender("nginx", str(tools / "nginx"))]
    machine = report.facts()
    with scratch() as folder:
        started: list[Process] = []
        try:
            ways = {"direct": (direct, False)}
            for contender in contenders:
                setup = Setup(gzip=True, events=True)
                running = contender.start(folder / contender.name, {0, 1}, direct, setup)
                started.append(running.process)
                ways[contender.name] = (running.port, False)
                ways[f"{contender.name}, gzip"] = (running.port, True)
            measured = {name: {"first": [], "further": []} for name in ways}
            for _ in range(chosen.streams):
                for name, (port, gzip) in ways.items():
                    first, *further = stream(port, gzip)
                    measured[name]["first"].append(first)
                    measured[name]["further"] += further
        finally:
            for process in started:
                process.stop()
    versions = {contender.name: contender.version() for contender in contenders}
    title = f"{chosen.streams} streams of {EVENTS} events, {PAUSE * 1e3:.0f} ms apart, one by one"
    text = "\n".join([report.heading(machine, versions), title, "", table(measured)])
    report.publish(chosen.out, "events", text, {"machine": machine, **measured})
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(f"events.py: {failure}")
