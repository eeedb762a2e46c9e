#!/usr/bin/env python3
"""Reloads, upgrades and drains the edge under load, and counts what its clients lose: requests over
HTTP/1, HTTPS and HTTP/2, open WebSockets, event streams. See ../README.md.
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

import clients
import report
from clients import Losses
from compare import BENCHES, build
from process import Failed, Process, free_port, scratch

HERE = Path(__file__).parent


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--reloads", type=int, default=100, help="[100]")
    add("--upgrades", type=int, default=10, help="of which every fifth is to a broken program [10]")
    add("--drains", type=int, default=20, help="of one of two servers, and back [20]")
    add("--websockets", type=int, default=1000, help="open all the time [1000]")
    add("--streams", type=int, default=100, help="of events, open all the time [100]")
    add("--requests", type=int, default=8, help="clients of each kind that make requests [8]")
    add("--edge", metavar="PROGRAM", help="the edge; it is built if this is absent")
    add("--out", type=Path, default=BENCHES / "results", help="for the results")
    return parser.parse_args()


class Edge:
    """The edge and its operator."""

    def __init__(self, program: str, folder: Path, origins: list[int]):
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
        self.origins = origins
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
        servers = ", ".join(f'{{ address = "127.0.0.1:{port}" }}' for port in self.origins)
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
server = [{servers}]
health_check = {{ path = "/health", interval = "500ms" }}
[[site]]
response_headers.set.X-Number = "{number}"
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
        address = f"127.0.0.1:{self.origins[number % 2]}"
        for state in ("drain", "up"):
            url = f"http://127.0.0.1:{self.ports['admin']}/api/v1/upstreams/web/servers/{address}"
            body = json.dumps({"state": state}).encode()
            urllib.request.urlopen(
                urllib.request.Request(url, body, method="PATCH"), timeout=10
            ).close()
            time.sleep(0.2)

    def memory(self) -> int:
        """Of the process that serves now."""
        pid = int((self.folder / "edge.pid").read_text())
        page = os.sysconf("SC_PAGESIZE")
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page


async def operate(edge: Edge, arguments: argparse.Namespace) -> dict:
    """Everything that an operator does, in turn; memory before, between and after."""
    work = [(edge.reload, number) for number in range(arguments.reloads)]
    spread(work, edge.upgrade, arguments.upgrades)
    spread(work, edge.drain, arguments.drains)
    loop = asyncio.get_running_loop()
    memory, seconds = [], {}
    for do, number in work:
        began = time.monotonic()
        await loop.run_in_executor(None, do, number)
        seconds.setdefault(do.__name__, []).append(time.monotonic() - began)
        await asyncio.sleep(0.05)
        memory.append(edge.memory())
    return {"memory": memory, "seconds": seconds}


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
    await asyncio.sleep(2)
    done = await operate(edge, arguments)
    await asyncio.sleep(2)
    stop.set()
    await asyncio.wait(tasks, timeout=20)
    return losses, done


def table(losses: Losses, done: dict, arguments: argparse.Namespace) -> str:
    lines = ["| | made | lost |", "|---|---|---|"]
    lines += [f"| {kind} | {losses.made[kind]} | {losses.lost[kind]} |" for kind in losses.made]
    memory = [size / 1e6 for size in done["memory"]]
    often = f"{arguments.reloads} reloads, {arguments.upgrades} upgrades, {arguments.drains} drains"
    longest = {name: max(all_of_it) for name, all_of_it in done["seconds"].items()}
    slowest = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in longest.items())
    return (
        f"## Operating under load: {often}\n\n" + "\n".join(lines) + "\n\n"
        f"Repeated on a new connection because a kept one had ended: {losses.repeated}. "
        f"Slowest: {slowest}. Memory of the serving process: {memory[0]:.1f} MB at first, "
        f"{max(memory):.1f} MB at most, {memory[-1]:.1f} MB at last.\n\n"
        + "\n".join(f"- {why}" for why in losses.why[:20])
    )


def main() -> int:
    options = arguments()
    program = options.edge or str(build("hifate-edge") / "hifate-edge")
    with scratch() as folder:
        ports = [free_port(), free_port()]
        cores = set(range(os.cpu_count() or 1))
        origins = [
            Process(f"origin{port}", [sys.executable, str(HERE / "clients.py"), str(port)], cores, folder)
            for port in ports
        ]
        edge = None
        try:
            for origin, port in zip(origins, ports):
                origin.wait_for(port)
            edge = Edge(program, folder, ports)
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
