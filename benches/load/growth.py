#!/usr/bin/env python3
"""Measures whether memory goes on growing: requests of which no two are alike, on connections that open
and close, with everything switched on (TLS, HTTP/2, gzip, access log, rate limit). See ../README.md.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from statistics import median

import h2load
import report
import wrk
from contender import Contender, Running
from contenders.setup import Setup
from process import Failed, allow_many_files, scratch
from programs import BENCHES, build, peers
from scenarios import TLS, Scenario
from stage import Stage

STEPS = 20
HTTP2 = 0.25  # share of the time; the rest is HTTP/1.1
SETTLE = 0.5  # seconds
AROUND = 3  # steps of which the median is taken
PATH = "/data.json"  # by which it is seen that all is switched on
SETUP = Setup(tls=TLS, http2=True, gzip=True, log=True, limit=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=2, help="of load for each [2]")
    parser.add_argument(
        "--most", type=float, default=5, metavar="PERCENT",
        help="by which memory may grow in the second half of that [5]",
    )
    parser.add_argument("--connections", type=int, default=64, help="at a time [64]")
    parser.add_argument(
        "--beside", action="append", default=[], metavar="NAME", choices=("nginx", "haproxy"),
        help="measure nginx or haproxy as well",
    )
    parser.add_argument("--edge", metavar="PROGRAM", help="the edge; it is built if this is absent")
    parser.add_argument(
        "--cores", default="0,1", metavar="LOAD,PROXY", help="where what runs [0,1]"
    )
    parser.add_argument("--out", type=Path, default=BENCHES / "results", help="for the results")
    return parser.parse_args()


def measure(stage: Stage, one: Running, chosen: argparse.Namespace) -> list[dict]:
    """What was asked for, and the memory after it, step by step."""
    seconds = chosen.minutes * 60 / STEPS
    steps = []
    for number in range(STEPS):
        arguments = (str(number),)
        varied = wrk.Load(PATH, chosen.connections, tls=True, script="varied.lua", arguments=arguments)
        alike = wrk.Load("/1k.txt", chosen.connections, tls=True)
        both = (
            wrk.run(
                str(stage.programs / "wrk"), one.port, varied, seconds * (1 - HTTP2), stage.load
            ),
            h2load.run(str(stage.programs / "h2load"), one.port, alike, seconds * HTTP2, stage.load),
        )
        time.sleep(SETTLE)
        errors = {key: count for made in both for key, count in made["errors"].items() if count}
        if errors:
            raise Failed(f"{one.contender.name}: requests failed: {errors}")
        steps.append({"requests": sum(made["requests"] for made in both), "rss": one.process.rss()})
        _forget_log(stage.folder / one.contender.name)
        print(f"  {one.contender.name}: step {number + 1} of {STEPS}", file=sys.stderr)
    return steps


def growth(steps: list[dict]) -> float:
    """By how many percent memory has grown from the middle to the end."""
    sizes = [step["rss"] for step in steps]
    half = len(sizes) // 2
    middle, end = median(sizes[half - 1 : half - 1 + AROUND]), median(sizes[-AROUND:])
    return (end / middle - 1) * 100


def table(measured: dict[str, list[dict]], most: float) -> str:
    lines = [
        "| contender | requests | MB after 10 % of them | 50 % | all | growth from the middle on | |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, steps in measured.items():
        sizes = [f"{steps[at]['rss'] / 1e6:.1f}" for at in (STEPS // 10 - 1, STEPS // 2 - 1, -1)]
        grown = growth(steps)
        lines.append(
            f"| {name} | {sum(step['requests'] for step in steps):,} | {' | '.join(sizes)} "
            f"| {grown:+.1f} % | {'too much' if grown > most else 'good'} |"
        )
    return "\n".join(lines)


def _forget_log(folder: Path) -> None:
    """Millions of lines are nobody's business."""
    for log in (folder / "access.log", folder / "haproxy.out"):
        if log.exists():
            os.truncate(log, 0)


def main() -> int:
    chosen = arguments()
    allow_many_files()
    tools = peers()
    program = chosen.edge or str(build("hifate-edge") / "hifate-edge")
    field = [Contender("edge", program)]
    field += [Contender(name, str(tools / name)) for name in chosen.beside]
    machine = report.facts()
    load, proxy = ({int(core)} for core in chosen.cores.split(","))
    scenario = Scenario("growth", PATH, SETUP)
    measured = {}
    with scratch() as folder:
        for contender in field:
            place = folder / f"of-{contender.name}"
            stage = Stage(tools, place, [contender], load, proxy, STEPS, 0)
            with stage.play(scenario) as running:
                for one in running:
                    measured[contender.name] = measure(stage, one, chosen)
    versions = {contender.name: contender.version() for contender in field}
    title = f"{chosen.minutes:g} minutes of requests of which no two are alike, for each"
    text = "\n".join([report.heading(machine, versions), "", title, "", table(measured, chosen.most)])
    report.publish(chosen.out, "growth", text, {"machine": machine, "versions": versions, **measured})
    return int(growth(measured["edge"]) > chosen.most)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(f"growth.py: {failure}")
