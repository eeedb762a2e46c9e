#!/usr/bin/env python3
"""Measures what a large configuration costs: 1,000 sites of 20 routes each are loaded, and one of
them is asked; the edge beside nginx, and each beside itself with one site. See ../README.md.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import check
import origin
import report
import wrk
from contender import Contender, Running, Setup
from contenders.setup import ROUTES
from process import Failed, Process, allow_many_files, scratch
from programs import BENCHES, build, peers

LOADS = 5


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sites", type=int, default=1000, help="beside the one asked [1000]")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each [5]")
    parser.add_argument("--seconds", type=int, default=3, help="length of a turn [3]")
    parser.add_argument("--edge", metavar="PROGRAM", help="the edge; it is built if this is absent")
    parser.add_argument(
        "--cores", default="0,1", metavar="LOAD,PROXY", help="where what runs [0,1]"
    )
    parser.add_argument("--out", type=Path, default=BENCHES / "results", help="for the results")
    return parser.parse_args()


def seconds_to_check(contender: Contender, folder: Path) -> float:
    """How long it takes to read and check its configuration, which it does before all else."""
    commands = {
        "edge": [contender.program, "check", "--config", f"{folder}/edge.toml"],
        "nginx": [contender.program, "-t", "-p", str(folder), "-c", f"{folder}/nginx.conf"],
    }
    times = []
    for _ in range(LOADS):
        begun = time.monotonic()
        ended = subprocess.run(commands[contender.kind], capture_output=True, text=True)
        if ended.returncode != 0:
            raise Failed(f"{contender.name}: {ended.stderr}")
        times.append(time.monotonic() - begun)
    return median(times)


def samples(running: dict[str, Running], tools: Path, core: set[int], chosen) -> dict:
    """The contenders in turns."""
    load = wrk.Load("/1k.txt")
    program = str(tools / "wrk")
    made = {name: [] for name in running}
    for one in running.values():
        check.answers(one, load.path, Setup())
        wrk.run(program, one.port, load, 1, core)  # warm
    for number in range(chosen.rounds):
        for name, one in running.items():
            before = one.process.cpu()
            result = wrk.run(program, one.port, load, chosen.seconds, core)
            made[name].append(report.sample(result, one.process.cpu() - before))
        print(f"  round {number + 1} of {chosen.rounds}", file=sys.stderr)
    return made


def table(loads: dict[str, float], made: dict[str, list[dict]], memory: dict[str, int]) -> str:
    lines = [
        "| contender | sites | seconds to check | memory MB | CPU µs/request | CPU vs one site |",
        "|---|---|---|---|---|---|",
    ]
    for name, rounds in made.items():
        kind, sites = name.rsplit(" ", 1)
        alone = made[f"{kind} 1"]
        ratios = [mine["cpu_us"] / its["cpu_us"] for mine, its in zip(rounds, alone)]
        lines.append(
            f"| {kind} | {sites} | {loads[name]:.3f} | {memory[name] / 1e6:.1f} "
            f"| {median(one['cpu_us'] for one in rounds):.1f} | {median(ratios):.2f} |"
        )
    return "\n".join(lines)


def main() -> int:
    chosen = arguments()
    allow_many_files()
    tools = peers()
    program = chosen.edge or str(build("hifate-edge") / "hifate-edge")
    load_core, proxy_core = ({int(core)} for core in chosen.cores.split(","))
    contenders = [Contender("edge", program), Contender("nginx", str(tools / "nginx"))]
    machine = report.facts()
    with scratch() as folder:
        started: list[Process] = []
        running, loads, memory = {}, {}, {}
        try:
            server, port = origin.start(str(tools / "nginx"), folder / "origin", load_core)
            started.append(server)
            for contender in contenders:
                for sites in (0, chosen.sites):
                    name = f"{contender.name} {sites + 1}"
                    place = folder / name.replace(" ", "-")
                    running[name] = contender.start(place, proxy_core, port, Setup(sites=sites))
                    started.append(running[name].process)
                    loads[name] = seconds_to_check(contender, place)
                    memory[name] = running[name].process.rss()
            made = samples(running, tools, load_core, chosen)
        finally:
            for process in started:
                process.stop()
    if any(one["errors"] for rounds in made.values() for one in rounds):
        raise Failed("requests failed, so there are no figures")
    versions = {contender.name: contender.version() for contender in contenders}
    title = f"One of {chosen.sites + 1} sites with {ROUTES} routes each is asked"
    text = "\n".join([report.heading(machine, versions), title, "", table(loads, made, memory)])
    data = {"machine": machine, "seconds": loads, "memory": memory, "samples": made}
    report.publish(chosen.out, "sites", text, data)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(f"sites.py: {failure}")
