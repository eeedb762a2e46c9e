#!/usr/bin/env python3
"""Compares the edge with nginx and HAProxy: CPU time per request, rate, latency, memory.

Everything runs on this machine, over loopback: the origin and the load generator on one core, the
proxy with one worker on another; the contenders take turns, round after round. What is measured
stands in scenarios.py, how in measures/. See ../README.md.
"""

import argparse
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import check
import report
import result
from contender import Contender
from measures import MEASURES
from process import Failed, allow_many_files, scratch
from programs import BENCHES, build, peers
from scenarios import SCENARIOS, Scenario
from stage import Stage

OTHERS = ("envoy", "caddy")
ORDER = ("edge", "plain", "nginx", "haproxy", *OTHERS)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    titles = ", ".join(f"{key}: {scenario.title}" for key, scenario in SCENARIOS.items())
    parser.add_argument(
        "--scenario", default=",".join(SCENARIOS), help=f"which, separated by commas ({titles})"
    )
    parser.add_argument("--rounds", type=int, default=5, help="turns of each contender [5]")
    parser.add_argument("--seconds", type=int, default=3, help="length of a turn [3]")
    parser.add_argument("--connections", type=int, help="of the load generator [the scenario's]")
    parser.add_argument(
        "--contender", action="append", default=[], metavar="NAME=PROGRAM",
        help="use this program as edge, nginx or haproxy; or add one: a name that begins so "
        "(edge-before=...), or any other for a program run as PROGRAM LISTEN ORIGIN",
    )
    parser.add_argument(
        "--with", action="append", default=[], metavar="NAME", dest="others",
        choices=OTHERS, help=f"let another take part: {', '.join(OTHERS)}",
    )
    parser.add_argument(
        "--without", action="append", default=[], metavar="NAME", help="leave a contender out"
    )
    parser.add_argument(
        "--cores", default="0,1", metavar="LOAD,PROXY", help="where what runs [0,1]"
    )
    parser.add_argument("--out", type=Path, default=BENCHES / "results", help="for the results")
    return parser.parse_args()


def contenders(chosen: argparse.Namespace, programs: Path) -> list[Contender]:
    named = dict(pair.split("=", 1) for pair in chosen.contender)
    if "edge" not in named and "edge" not in chosen.without:
        named["edge"] = str(build("hifate-edge") / "hifate-edge")
    for peer in ("nginx", "haproxy", *chosen.others):
        named.setdefault(peer, str(programs / peer))
    field = [Contender(name, named[name]) for name in named if name not in chosen.without]
    return sorted(field, key=lambda one: (ORDER.index(one.kind), one.name))


def asked(chosen: argparse.Namespace) -> dict[str, Scenario]:
    """The scenarios to play."""
    keys = chosen.scenario.split(",")
    unknown = [key for key in keys if key not in SCENARIOS]
    if unknown:
        raise Failed(f"no such scenario: {', '.join(unknown)}")
    more = {"connections": chosen.connections} if chosen.connections else {}
    return {key: replace(SCENARIOS[key], **more) for key in keys}


def main() -> int:
    chosen = arguments()
    scenarios = asked(chosen)
    allow_many_files()
    programs = peers(*chosen.others)
    field = contenders(chosen, programs)
    # Programs by name only: where they are is this machine's affair.
    given = [re.sub("=.*/", "=", one) for one in chosen.contender]
    data = {
        "machine": report.facts(),
        "versions": {contender.name: contender.version() for contender in field},
        "asked": {key: value for key, value in vars(chosen).items() if key != "out"} | {"contender": given},
        "scenarios": {},
        "failures": {},
    }
    results = chosen.out / time.strftime("compare-%Y%m%d-%H%M%S")
    load, proxy = ({int(core)} for core in chosen.cores.split(","))
    with scratch() as folder:
        for contender in field:
            check.forwards(contender, folder / "check" / contender.name, proxy)
        for key, scenario in scenarios.items():
            print(f"({key}) {scenario.title}", file=sys.stderr)
            stage = Stage(
                programs, folder / key, field, load, proxy, chosen.rounds, chosen.seconds
            )
            try:
                data[key] = MEASURES[scenario.measure].run(stage, scenario)
                data["scenarios"][key] = {"title": scenario.title, "measure": scenario.measure}
            except (Failed, OSError, subprocess.SubprocessError) as failure:
                # The other scenarios are worth having all the same.
                print(f"compare.py: {failure}", file=sys.stderr)
                data["failures"][key] = str(failure)
            result.write(results, data)
    print(result.page(data))
    print(f"written to {results}", file=sys.stderr)
    return int(bool(data["failures"]) or any(one.failed for one in result.played(data)))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(f"compare.py: {failure}")
