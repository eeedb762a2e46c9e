#!/usr/bin/env python3
"""Compares the edge with nginx and HAProxy: CPU time per request, rate, latency, memory.

Everything runs on this machine, over loopback: the origin and the load generator on one core, the
proxy with one worker on another; the contenders take turns, round after round. See ../README.md.
"""

import argparse
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import check
import h2load
import handshake
import idle
import origin
import report
import wrk
from contender import Contender, Setup
from process import Failed, Process, allow_many_files, scratch

BENCHES = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Scenario:
    """What is measured."""

    title: str
    path: str
    setup: Setup = Setup()
    post: bool = False
    load: str = "wrk"  # what makes it


TLS = Path("certificate")  # its place is known later

SCENARIOS = {
    "a": Scenario("1 KiB, keep-alive, 64 connections", "/1k.txt"),
    "c": Scenario("100 KiB bodies", "/100k.txt"),
    "d": Scenario("as (a), over TLS 1.3", "/1k.txt", Setup(tls=TLS)),
    "d2": Scenario(
        "as (d), HTTP/2 with 8 streams on each of 8 connections", "/1k.txt",
        Setup(tls=TLS, http2=True), load="h2load",
    ),
    "e": Scenario(
        "a new connection with TLS for each request", "/1k.txt", Setup(tls=TLS), load="handshake"
    ),
    "e2": Scenario(
        "the same, with the session of one before", "/1k.txt", Setup(tls=TLS), load="resumption"
    ),
    "f": Scenario("gzip level 6 of 30 KB JSON", "/data.json", Setup(gzip=True)),
    "g": Scenario("memory with idle connections", "/1k.txt"),
    "g2": Scenario("memory with idle connections of HTTP/2", "/1k.txt", Setup(http2=True)),
    "h": Scenario("POST of 10 KB", "/form", post=True),
    "i": Scenario("as (a), with the access log on", "/1k.txt", Setup(log=True)),
}

MEMORY = {"g": idle.measure, "g2": idle.measure_http2}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    titles = ", ".join(f"{key}: {scenario.title}" for key, scenario in SCENARIOS.items())
    parser.add_argument(
        "--scenario", default=",".join(SCENARIOS), help=f"which, separated by commas ({titles})"
    )
    parser.add_argument("--rounds", type=int, default=5, help="turns of each contender [5]")
    parser.add_argument("--seconds", type=int, default=3, help="length of a turn [3]")
    parser.add_argument("--connections", type=int, default=64, help="of the load generator [64]")
    parser.add_argument(
        "--contender", action="append", default=[], metavar="NAME=PROGRAM",
        help="use this program as edge, nginx or haproxy; or add one: a name that begins so "
        "(edge-before=...), or any other for a program run as PROGRAM LISTEN ORIGIN",
    )
    parser.add_argument(
        "--without", action="append", default=[], metavar="NAME", help="leave a contender out"
    )
    parser.add_argument(
        "--cores", default="0,1", metavar="LOAD,PROXY", help="where what runs [0,1]"
    )
    parser.add_argument("--out", type=Path, default=BENCHES / "results", help="for the results")
    return parser.parse_args()


def peers() -> Path:
    """The folder of the compared programs, filled at the first use."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "hifate" / "peers"
    if not (folder / "bin" / "h2load").exists():
        subprocess.run([BENCHES / "peers.sh", folder], check=True)
    return folder / "bin"


def build(*packages: str) -> Path:
    """Builds programs as they are shipped; returns where they are."""
    command = ["cargo", "build", "--profile", "dist"]
    for package in packages:
        command += ["--package", package]
    root = BENCHES.parent
    subprocess.run(command, check=True, cwd=root)
    return root / os.environ.get("CARGO_TARGET_DIR", "target") / "dist"


def contenders(chosen: argparse.Namespace, programs: Path) -> list[Contender]:
    named = dict(pair.split("=", 1) for pair in chosen.contender)
    if "edge" not in named and "edge" not in chosen.without:
        named["edge"] = str(build("hifate-edge") / "hifate-edge")
    for peer in ("nginx", "haproxy"):
        named.setdefault(peer, str(programs / peer))
    order = sorted(named, key=lambda name: (name == "haproxy", name == "nginx", name))
    return [Contender(name, named[name]) for name in order if name not in chosen.without]


def measure(key: str, field: list[Contender], chosen, programs: Path, folder: Path):
    """All rounds of one scenario: samples by contender, or for memory its sizes."""
    scenario = SCENARIOS[key]
    if scenario.setup.tls:
        file = handshake.certificate(str(programs / "openssl"), folder / "certificate")
        scenario = replace(scenario, setup=replace(scenario.setup, tls=file))
    load_core, proxy_core = ({int(core)} for core in chosen.cores.split(","))
    field = [contender for contender in field if contender.can(scenario.setup)]
    started: list[Process] = []
    try:
        server, origin_port = origin.start(str(programs / "nginx"), folder / "origin", load_core)
        started.append(server)
        running = []
        for contender in field:
            place = folder / contender.name
            running.append(contender.start(place, proxy_core, origin_port, scenario.setup))
            started.append(running[-1].process)
            if not scenario.post:
                check.answers(running[-1], scenario.path, scenario.setup)
        if key in MEMORY:
            return {one.contender.name: MEMORY[key](one, scenario.path) for one in running}
        body = None
        if scenario.post:
            body = folder / "body"
            body.write_bytes(b"x" * 10_000)
        load = wrk.Load(scenario.path, chosen.connections, body, tls=bool(scenario.setup.tls))
        make = generator(scenario.load, programs)
        for one in running:
            make(one.port, load, 1, load_core)  # warm
        samples = {one.contender.name: [] for one in running}
        for number in range(chosen.rounds):
            for one in running:
                before = one.process.cpu()
                made = make(one.port, load, chosen.seconds, load_core)
                samples[one.contender.name].append(
                    report.sample(made, one.process.cpu() - before)
                )
            print(f"  round {number + 1} of {chosen.rounds}", file=sys.stderr)
        return samples
    finally:
        for process in started:
            process.stop()


def generator(kind: str, programs: Path):
    """What makes the load: called with port, load, seconds and cores."""
    return {
        "wrk": partial(wrk.run, str(programs / "wrk")),
        "h2load": partial(h2load.run, str(programs / "h2load")),
        "handshake": partial(handshake.run, resumed=False),
        "resumption": partial(handshake.run, resumed=True),
    }[kind]


def main() -> int:
    chosen = arguments()
    unknown = [key for key in chosen.scenario.split(",") if key not in SCENARIOS]
    if unknown:
        print(f"compare.py: no such scenario: {', '.join(unknown)}", file=sys.stderr)
        return 2
    allow_many_files()
    programs = peers()
    field = contenders(chosen, programs)
    machine = report.facts()
    versions = {contender.name: contender.version() for contender in field}
    page = [report.heading(machine, versions)]
    asked = {key: getattr(chosen, key) for key in ("rounds", "seconds", "connections", "cores")}
    data = {"machine": machine, "versions": versions, "asked": asked}
    failed = False
    with scratch() as folder:
        proxy_core = {int(chosen.cores.split(",")[1])}
        for contender in field:
            check.forwards(contender, folder / "check" / contender.name, proxy_core)
        for key in chosen.scenario.split(","):
            scenario = SCENARIOS[key]
            print(f"({key}) {scenario.title}", file=sys.stderr)
            measured = measure(key, field, chosen, programs, folder / key)
            data[key] = measured
            if key in MEMORY:
                table = report.memory_table(idle.COUNTS, measured)
            else:
                table = report.load_table(measured)
                failed |= any(one["errors"] for rounds in measured.values() for one in rounds)
            page += ["", f"### ({key}) {scenario.title}", "", table]
    text = "\n".join(page)
    report.publish(chosen.out, "compare", text, data)
    return int(failed)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(f"compare.py: {failure}")
