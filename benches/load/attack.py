#!/usr/bin/env python3
"""Measures what thousands of slow clients do to everybody else, and what idle ones cost.

Normal traffic is measured without and with attackers that send a head or a body or read an answer
a byte a second; then the memory of idle connections. See ../README.md.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from statistics import median

import idle
import origin
import report
import wrk
from attackers import KINDS
from contender import Contender, Running, Setup
from process import Failed, Process, allow_many_files, scratch
from programs import BENCHES, build, peers

READY_WITHIN = 60.0  # seconds
PATH = "/1k.txt"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--attackers", type=int, default=2000, help="of each kind [2000]")
    parser.add_argument("--rounds", type=int, default=3, help="with and without attackers [3]")
    parser.add_argument("--seconds", type=int, default=5, help="length of a round [5]")
    parser.add_argument("--connections", type=int, default=16, help="of normal traffic [16]")
    parser.add_argument("--edge", metavar="PROGRAM", help="the edge; it is built if this is absent")
    parser.add_argument(
        "--cores", default="0,1", metavar="LOAD,PROXY", help="where what runs [0,1]"
    )
    parser.add_argument("--out", type=Path, default=BENCHES / "results", help="for the results")
    return parser.parse_args()


class Attack:
    """Attackers at work."""

    def __init__(self, port: int, count: int, cores: set[int], folder: Path):
        program = Path(__file__).with_name("attackers.py")
        command = [sys.executable, str(program), str(port), str(count)]
        self._process = Process("attackers", command, cores, folder)
        end = time.monotonic() + READY_WITHIN
        while "ready" not in self._said():
            if time.monotonic() > end or not self._process.pids():
                self._process.stop()
                raise Failed(f"the attackers do not connect:\n{self._said()}")
            time.sleep(0.1)

    def _said(self) -> str:
        return self._process.output.read_text()

    def end(self) -> dict[str, int]:
        """Ends it; how many connections of each kind the edge had ended."""
        self._process.stop()
        last = self._said().strip().splitlines()[-1]
        if not last.startswith("{"):
            raise Failed(f"the attackers failed:\n{self._said()}")
        return json.loads(last)


def traffic(running: Running, chosen, tools: Path, cores: set[int]) -> list[dict]:
    """Rounds of normal traffic."""
    load = wrk.Load(PATH, chosen.connections)
    rounds = []
    for _ in range(chosen.rounds):
        before = running.process.cpu()
        made = wrk.run(str(tools / "wrk"), running.port, load, chosen.seconds, cores)
        rounds.append(report.sample(made, running.process.cpu() - before))
    return rounds


def share(process: Process, seconds: float) -> float:
    """The share of a core that a process uses."""
    before = process.cpu()
    time.sleep(seconds)
    used = process.cpu() - before
    return (used.user + used.system) / seconds


def measure(chosen, program: str, tools: Path, folder: Path) -> dict:
    load_core, proxy_core = ({int(core)} for core in chosen.cores.split(","))
    server, port = origin.start(str(tools / "nginx"), folder / "origin", load_core)
    started: list[Process] = [server]
    try:
        edge = Contender("edge", program)
        running = edge.start(folder / "edge", proxy_core, port, Setup())
        started.append(running.process)
        wrk.run(str(tools / "wrk"), running.port, wrk.Load(PATH), 1, load_core)  # warm
        without = traffic(running, chosen, tools, load_core)
        before = running.process.rss()
        attack = Attack(running.port, chosen.attackers, load_core, folder)
        try:
            alone = share(running.process, chosen.seconds)
            among = traffic(running, chosen, tools, load_core)
            under = running.process.rss()
        finally:
            ended = attack.end()
        fresh = edge.start(folder / "idle", proxy_core, port, Setup())
        started.append(fresh.process)
        return {
            "without": without,
            "among": among,
            "attackers_alone": alone,
            "rss": {"before": before, "under attack": under},
            "ended": ended,
            "idle": idle.measure(fresh, PATH),
        }
    finally:
        for process in started:
            process.stop()


def table(measured: dict, count: int) -> str:
    lines = [
        "| normal traffic | p50 ms | p99 ms | requests/s | errors | CPU µs/request |",
        "|---|---|---|---|---|---|",
    ]
    names = {"without": "alone", "among": f"among {len(KINDS)} x {count:,} attackers"}
    for key, name in names.items():
        rounds = measured[key]
        cells = [
            name,
            f"{median(one['p50_ms'] for one in rounds):.2f}",
            f"{median(one['p99_ms'] for one in rounds):.2f}",
            f"{median(one['rate'] for one in rounds):,.0f}",
            str(sum(one["errors"] for one in rounds)),
            f"{median(one['cpu_us'] for one in rounds):.1f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> int:
    chosen = arguments()
    allow_many_files()
    tools = peers()
    program = chosen.edge or str(build("hifate-edge") / "hifate-edge")
    machine = report.facts()
    with scratch() as folder:
        measured = measure(chosen, program, tools, folder)
    rss = measured["rss"]
    ended = ", ".join(f"{kind} {count:,}" for kind, count in measured["ended"].items())
    text = "\n".join(
        [
            report.heading(machine, {}),
            table(measured, chosen.attackers),
            "",
            f"CPU of the edge while there are only attackers: {measured['attackers_alone']:.1%} "
            "of a core",
            "",
            f"Resident memory: {rss['before'] / 1e6:.1f} MB before, "
            f"{rss['under attack'] / 1e6:.1f} MB under attack",
            "",
            f"Connections of attackers that the edge ended and they opened anew: {ended}",
            "",
            report.memory_table(idle.COUNTS, {"edge": measured["idle"]}),
        ]
    )
    report.publish(chosen.out, "attack", text, {"machine": machine, **measured})
    return int(any(one["errors"] for one in measured["without"] + measured["among"]))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(f"attack.py: {failure}")
