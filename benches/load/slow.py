#!/usr/bin/env python3
"""Measures what clients cost that ask for 100 MB and take nothing: memory of the proxy, and whether
the server behind it is free all the same. The edge beside nginx. See ../README.md.
"""

import argparse
import socket
import sys
import time
from pathlib import Path

import origin
import report
from contender import Contender, Running, Setup
from process import Failed, Process, allow_many_files, scratch
from programs import BENCHES, build, peers

SIZE = 100 * 1024 * 1024
PATH = "/100m.bin"
FREE_WITHIN = 120.0  # seconds
SEED = bytes(range(256)) * 256


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=20, help="that take nothing [20]")
    parser.add_argument("--edge", metavar="PROGRAM", help="the edge; it is built if this is absent")
    parser.add_argument(
        "--cores", default="0,1", metavar="LOAD,PROXY", help="where what runs [0,1]"
    )
    parser.add_argument("--out", type=Path, default=BENCHES / "results", help="for the results")
    return parser.parse_args()


def ask(port: int) -> socket.socket:
    """A client that has the head of its answer and takes no more."""
    client = socket.create_connection(("127.0.0.1", port), 5)
    client.settimeout(FREE_WITHIN)
    client.sendall(f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    return client


def connections(port: int) -> int:
    """Connections to a port of this machine on which data is still to be sent or read."""
    busy = 0
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        local, state, queues = fields[1], fields[3], fields[4]
        waiting = any(int(queue, 16) > 0 for queue in queues.split(":"))
        busy += int(local.split(":")[1], 16) == port and state == "01" and waiting
    return busy


def drain(client: socket.socket) -> None:
    """Takes the whole answer, and checks it."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += client.recv(65536)
    count = len(received) - received.index(b"\r\n\r\n") - 4
    while count < SIZE:
        piece = client.recv(1 << 20)
        if not piece:
            raise Failed("a slow client's answer was cut off")
        count += len(piece)
    client.close()


def measure(running: Running, origin_port: int, count: int) -> dict:
    """Memory before, and when the servers are free or time is over."""
    drain(ask(running.port))  # warm
    before = running.process.rss()
    begun = time.monotonic()
    clients = [ask(running.port) for _ in range(count)]
    try:
        time.sleep(1)
        while connections(origin_port) and time.monotonic() - begun < FREE_WITHIN:
            time.sleep(0.2)
        free = connections(origin_port) == 0
        took = time.monotonic() - begun
        waiting = running.process.rss()
        for client in clients:
            drain(client)
    finally:
        for client in clients:
            client.close()
    return {
        "before": before,
        "waiting": waiting,
        "per_client": (waiting - before) / count,
        "servers_free": free,
        "after_seconds": took,
    }


def table(measured: dict[str, dict]) -> str:
    lines = [
        "| contender | KB per client that waits | memory before | servers free after |",
        "|---|---|---|---|",
    ]
    for name, one in measured.items():
        free = f"{one['after_seconds']:.1f} s" if one["servers_free"] else "never"
        kilobytes = f"{one['per_client'] / 1024:.0f}"
        lines.append(f"| {name} | {kilobytes} | {one['before'] / 1e6:.1f} MB | {free} |")
    return "\n".join(lines)


def main() -> int:
    chosen = arguments()
    allow_many_files()
    tools = peers()
    program = chosen.edge or str(build("hifate-edge") / "hifate-edge")
    load_core, proxy_core = ({int(core)} for core in chosen.cores.split(","))
    contenders = [Contender("edge", program), Contender("nginx", str(tools / "nginx"))]
    machine = report.facts()
    measured = {}
    with scratch() as folder:
        started: list[Process] = []
        try:
            server, port = origin.start(str(tools / "nginx"), folder / "origin", load_core)
            started.append(server)
            with (folder / "origin" / "files" / PATH.removeprefix("/")).open("wb") as file:
                for _ in range(SIZE // len(SEED)):
                    file.write(SEED)
            for contender in contenders:
                running = contender.start(folder / contender.name, proxy_core, port, Setup(spool=True))
                started.append(running.process)
                measured[contender.name] = measure(running, port, chosen.clients)
        finally:
            for process in started:
                process.stop()
    versions = {contender.name: contender.version() for contender in contenders}
    title = f"{chosen.clients} clients that ask for 100 MB and take nothing"
    text = "\n".join([report.heading(machine, versions), title, "", table(measured)])
    report.publish(chosen.out, "slow", text, {"machine": machine, **measured})
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(f"slow.py: {failure}")
