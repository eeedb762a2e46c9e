#!/usr/bin/env python3
"""Reloads, upgrades and drains the edge under load, and counts what its clients lose: requests over
HTTP/1, HTTPS and HTTP/2, gRPC calls, open WebSockets, event streams, gRPC streams. See ../README.md.
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import calls
import clients
import report
from clients import Losses
from process import Failed, Process, free_port, scratch
from programs import BENCHES, build

HERE = Path(__file__).parent


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--reloads", type=int, default=100, help="[100]")
    add("--upgrades", type=int, default=10, help="of which every fifth is to a broken program [10]")
    add("--drains", type=int, default=20, help="of one of two servers, and back [20]")
    add("--websockets", type=int, default=1000, help="open all the time [1000]")
    add("--streams", type=int, default=100, help="of events, open all the time [100]")
    add("--calls", type=int, default=100, help="of gRPC whose answer never ends, open all the time [100]")
    add("--requests", type=int, default=8, help="clients of each kind that make requests [8]")
    add("--warm-up", type=float, default=10, help="seconds of load before memory counts [10]")
    add("--edge", metavar="PROGRAM", help="the edge; it is built if this is absent")
    add("--out", type=Path, default=BENCHES / "results", help="for the results")
    return parser.parse_args()


class Edge:
    """The edge and its operator."""

    def __init__(self, program: str, folder: Path, origins: list[int], called: list[int]):
        self.folder = folder
        self.ports = {name: free_port() for name in ("plain", "tls", "admin")}
        # Its own copy, in whose place others are put.
        self.good = folder / "good"
        shutil.copy(program, self.good)
        self.program = folder / "edge"
        self.place(self.good)
        subprocess.run(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
            "-keyout key.pem -out cert.pem -subj /CN=a -addext subjectAltName=DNS:a",
            shell=True, cwd=folder, check=True, capture_output=True,
        )  # fmt: skip
        self.upstreams = {"web": origins, "calls": called}
        self.configure(0)
        command = [str(self.program), "run", "--config", "edge.toml"]
        self.process = Process("edge", command, set(range(os.cpu_count() or 1)), folder)
        self.process.wait_for(self.ports["admin"])

    def place(self, program: Path) -> None:
        part = self.folder / "part"
        shutil.copy(program, part)
        part.chmod(0o755)
        part.rename(self.program)

    def configure(self, number: int) -> None:
        web, called = (
            ", ".join(f'{{ address = "127.0.0.1:{port}" }}' for port in ports)
            for ports in self.upstreams.values()
        )
        tls = 'certificates = [{ cert = "cert.pem", key = "key.pem" }]'
        (self.folder / "edge.toml").write_text(
            f"""
[server]
threads = 2
graceful_timeout = "1h"
pid_file = "edge.pid"
[admin]
listen = "127.0.0.1:{self.ports['admin']}"
[[listener]]
address = "127.0.0.1:{self.ports['plain']}"
[[listener]]
address = "127.0.0.1:{self.ports['tls']}"
tls = {{ {tls} }}
[upstream.web]
server = [{web}]
health_check = {{ path = "/health", interval = "500ms" }}
[upstream.calls]
http = "2"
server = [{called}]
health_check = {{ type = "tcp", interval = "500ms" }}
[[site]]
response_headers.set.X-Number = "{number}"
[[site.route]]
path = "/load.Calls/"
proxy = {{ to = "calls" }}
[[site.route]]
path = "/"
proxy = {{ to = "web" }}
"""
        )

    def command(self, *words: str) -> subprocess.CompletedProcess:
        command = [str(self.good), *words, "--config", str(self.folder / "edge.toml")]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    def reload(self, number: int) -> None:
        self.configure(number)
        said = self.command("reload")
        if said.returncode != 0:
            raise Failed(f"the edge cannot be reloaded:\n{said.stderr}")

    def upgrade(self, number: int) -> None:
        """To itself, or to a program that ends at once: then the old one has to go on."""
        broken = number % 5 == 4
        if broken:
            script = self.folder / "broken"
            script.write_text("#!/bin/sh\nsleep 0.2\nexit 3\n")
            self.place(script)
        said = self.command("upgrade")
        self.place(self.good)
        if (said.returncode != 0) != broken:
            raise Failed(f"upgrade {number} ended with {said.returncode}:\n{said.stderr}")

    def drain(self, number: int) -> None:
        """One server of each upstream."""
        for state in ("drain", "up"):
            for name, ports in self.upstreams.items():
                path = f"/api/v1/upstreams/{name}/servers/127.0.0.1:{ports[number % 2]}"
                url = f"http://127.0.0.1:{self.ports['admin']}{path}"
                body = json.dumps({"state": state}).encode()
                request = urllib.request.Request(url, body, method="PATCH")
                urllib.request.urlopen(request, timeout=10).close()
            time.sleep(0.2)

    def memory(self) -> int:
        """Of the process that serves now."""
        pid = int((self.folder / "edge.pid").read_text())
        page = os.sysconf("SC_PAGESIZE")
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page


async def operate(edge: Edge, arguments: argparse.Namespace) -> dict:
    """Everything that an operator does, in turn: first half of the reloads and drains, during which one
    process serves and its memory tells whether it loses some, then the rest with the upgrades between."""
    early = [(edge.reload, number) for number in range(arguments.reloads // 2)]
    spread(early, edge.drain, arguments.drains // 2)
    late = [(edge.reload, number) for number in range(arguments.reloads // 2, arguments.reloads)]
    spread(late, edge.upgrade, arguments.upgrades)
    spread(late, edge.drain, arguments.drains - arguments.drains // 2)
    loop = asyncio.get_running_loop()
    seconds: dict[str, list[float]] = {}

    async def carry_out(work: list) -> list[int]:
        memory = [edge.memory()]
        for do, number in work:
            began = time.monotonic()
            await loop.run_in_executor(None, do, number)
            seconds.setdefault(do.__name__, []).append(time.monotonic() - began)
            await asyncio.sleep(0.05)
            memory.append(edge.memory())
        return memory

    # Not before everything is open and has been used: allocators and tables grow to their size once.
    await asyncio.sleep(arguments.warm_up)
    steady = await carry_out(early)
    await asyncio.sleep(arguments.warm_up)
    steady.append(edge.memory())
    return {"memory": {"one_process": steady, "with_upgrades": await carry_out(late)}, "seconds": seconds}


def spread(work: list, do, count: int) -> None:
    """Puts `count` of a kind between the others, evenly."""
    step = (len(work) + count) / max(1, count)
    for number in range(count):
        work.insert(min(len(work), int((number + 0.5) * step)), (do, number))


async def run(edge: Edge, arguments: argparse.Namespace) -> tuple[Losses, dict]:
    trust = ssl.create_default_context(cafile=str(edge.folder / "cert.pem"))
    http2 = ssl.create_default_context(cafile=str(edge.folder / "cert.pem"))
    http2.set_alpn_protocols(["h2"])
    plain, secure = edge.ports["plain"], edge.ports["tls"]
    losses = Losses()
    stop = asyncio.Event()
    tasks = [asyncio.create_task(clients.http1(plain, None, losses, stop, number))
             for number in range(arguments.requests)]  # fmt: skip
    tasks += [asyncio.create_task(clients.http1(secure, trust, losses, stop, number))
              for number in range(arguments.requests)]  # fmt: skip
    tasks += [asyncio.create_task(clients.http2(secure, http2, losses, stop))
              for _ in range(arguments.requests)]  # fmt: skip
    for number in range(arguments.websockets):
        opened = await clients.websocket(plain if number % 2 else secure, trust, losses, stop, number)
        tasks.append(asyncio.create_task(opened))
    for number in range(arguments.streams):
        opened = await clients.events(plain if number % 2 else secure, trust, losses, stop, number)
        tasks.append(asyncio.create_task(opened))
    def opening(number: int):
        """Over TLS and without in turn."""
        if number % 2:
            return "http", lambda: clients.connect(plain, None)
        return "https", lambda: clients.connect(secure, http2)

    for number in range(arguments.requests):
        scheme, connect = opening(number)
        tasks.append(asyncio.create_task(calls.unary(connect, scheme, losses, stop)))
    for number in range(arguments.calls):
        scheme, connect = opening(number)
        opened = await calls.streaming(connect, scheme, losses, stop)
        tasks.append(asyncio.create_task(opened))
    done = await operate(edge, arguments)
    await asyncio.sleep(2)
    stop.set()
    await asyncio.wait(tasks, timeout=20)
    return losses, done


def table(losses: Losses, done: dict, arguments: argparse.Namespace) -> str:
    lines = ["| | made | lost |", "|---|---|---|"]
    lines += [f"| {kind} | {losses.made[kind]} | {losses.lost[kind]} |" for kind in losses.made]
    steady = [size / 1e6 for size in done["memory"]["one_process"]]
    growth = (steady[-1] / steady[0] - 1) * 100
    often = f"{arguments.reloads} reloads, {arguments.upgrades} upgrades, {arguments.drains} drains"
    longest = {name: max(all_of_it) for name, all_of_it in done["seconds"].items()}
    slowest = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in longest.items())
    return (
        f"## Operating under load: {often}\n\n" + "\n".join(lines) + "\n\n"
        f"Repeated on a new connection because a kept one had ended: {losses.repeated}. "
        f"Slowest: {slowest}.\n\n"
        f"Memory of one process through the first {arguments.reloads // 2} reloads and {arguments.drains // 2} "
        f"drains, under load: {steady[0]:.1f} MB at first, {max(steady):.1f} MB at most, {steady[-1]:.1f} MB at "
        f"last: {growth:+.1f} %.\n\n"
        + "\n".join(f"- {why}" for why in losses.why[:20])
    )


def main() -> int:
    options = arguments()
    program = options.edge or str(build("hifate-edge") / "hifate-edge")
    with scratch() as folder:
        ports, called = [free_port(), free_port()], [free_port(), free_port()]
        cores = set(range(os.cpu_count() or 1))
        origins = [
            Process(f"origin{port}", [sys.executable, str(HERE / "clients.py"), str(port), str(other)], cores, folder)
            for port, other in zip(ports, called)
        ]
        edge = None
        try:
            for origin, port in zip(origins, ports):
                origin.wait_for(port)
            edge = Edge(program, folder, ports, called)
            losses, done = asyncio.run(run(edge, options))
        finally:
            for process in [*origins, *([edge.process] if edge else [])]:
                process.stop()
    data = {"facts": report.facts(), "made": losses.made, "lost": losses.lost, "why": losses.why, **done}
    report.publish(options.out, "operate", table(losses, done, options), data)
    return 1 if sum(losses.lost.values()) else 0


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(f"operate.py: {failure}")
