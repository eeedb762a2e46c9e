#!/usr/bin/env python3
"""Measures what a large configuration costs: 1,000 sites of 20 routes each are loaded, and one of
them is asked; the edge beside nginx, and each beside itself with one site. See ../README.md.
"""

import argparse
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from statistics import median

import check
import origin
import report
import wrk
from contender import Contender, Running, Setup
from contenders.setup import ROUTES
from measures import variants
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


def turns(running: dict, loads: dict, tools: Path, core: set[int], chosen) -> dict:
    """What has its turn: by contender, then by the number of sites."""
    load = wrk.Load("/1k.txt")
    program = str(tools / "wrk")

    def turn(name: str, sites: str) -> dict:
        one = running[name][sites]
        before = one.process.cpu()
        made = wrk.run(program, one.port, load, chosen.seconds, core)
        sample = report.sample(made, one.process.cpu() - before)
        memory = one.process.rss() / 1e6
        return {**sample, "extra": {"seconds to check": loads[name][sites], "memory MB": memory}}

    for variants_of in running.values():
        for one in variants_of.values():
            check.answers(one, load.path, Setup())
            wrk.run(program, one.port, load, 1, core)  # warm
    return {
        name: {sites: partial(turn, name, sites) for sites in variants_of}
        for name, variants_of in running.items()
    }


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
        running: dict[str, dict[str, Running]] = {}
        loads: dict[str, dict[str, float]] = {}
        try:
            server, port = origin.start(str(tools / "nginx"), folder / "origin", load_core)
            started.append(server)
            for contender in contenders:
                running[contender.name], loads[contender.name] = {}, {}
                for count in (0, chosen.sites):
                    sites = "1 site" if not count else f"{count + 1:,} sites"
                    place = folder / f"{contender.name}-{count}"
                    one = contender.start(place, proxy_core, port, Setup(sites=count))
                    started.append(one.process)
                    running[contender.name][sites] = one
                    loads[contender.name][sites] = seconds_to_check(contender, place)
            its = turns(running, loads, tools, load_core, chosen)
            samples = variants.take(its, chosen.rounds)
        finally:
            for process in started:
                process.stop()
    versions = {contender.name: contender.version() for contender in contenders}
    title = f"One of {chosen.sites + 1:,} sites with {ROUTES} routes each is asked"
    table = variants.table(samples)
    text = "\n".join([report.heading(machine, versions), "", title, "", table])
    data = {"machine": machine, "versions": versions, "seconds": loads, "samples": samples}
    report.publish(chosen.out, "sites", text, data)
    return int(variants.failed(samples))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(f"sites.py: {failure}")
