#!/usr/bin/env python3
"""Measures what a reload under load does to requests: the longest time without an answer, the latency
in the second after it, and what is lost; the edge beside nginx and HAProxy. See ../README.md.
"""

import argparse
import os
import re
import signal
import sys
import time
import urllib.request
from functools import partial
from pathlib import Path
from statistics import median, quantiles

import figures
import report
from contender import Contender, Running
from contenders.setup import MARK, Setup
from crowd import Crowd, Made
from figures import Figure
from interleaved import take
from process import Failed, allow_many_files, scratch
from programs import BENCHES, build, peers
from scenarios import Scenario
from stage import Stage

PATH = "/1k.txt"
SECONDS = 3.0  # length of a turn
AT = 1.0  # seconds; then it is reloaded
EFFECT_WITHIN = 10.0  # seconds
SIGNALS = {"edge": signal.SIGHUP, "nginx": signal.SIGHUP, "haproxy": signal.SIGUSR2}
HEADS = (
    "contender", "sites", "longest without an answer, ms: at a reload", "else",
    "p99 ms: at a reload", "else",
    "made again", "lost",
)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="turns of each [5]")
    parser.add_argument("--rate", type=int, default=2000, help="requests a second [2000]")
    parser.add_argument("--connections", type=int, default=64, help="on which they are made [64]")
    parser.add_argument("--sites", type=int, default=1000, help="of the large configuration [1000]")
    parser.add_argument("--edge", metavar="PROGRAM", help="the edge; it is built if this is absent")
    parser.add_argument(
        "--cores", default="0,1", metavar="LOAD,PROXY", help="where what runs [0,1]"
    )
    parser.add_argument("--out", type=Path, default=BENCHES / "results", help="for the results")
    return parser.parse_args()


class Reloads:
    """A contender whose configuration says its number in every answer."""

    def __init__(self, running: Running, folder: Path):
        self.running = running
        names = ("edge.toml", "nginx.conf", "haproxy.cfg")
        self._file = next(folder / name for name in names if (folder / name).exists())
        self._number = 0

    def reload(self) -> None:
        """Writes another number and says so; it takes effect by and by."""
        name = MARK.partition(":")[0]
        self._number += 1
        text = re.sub(rf"({name}\W+)\d+", rf"\g<1>{self._number}", self._file.read_text())
        part = self._file.with_suffix(".part")
        part.write_text(text)
        part.rename(self._file)
        os.kill(self.running.process.main, SIGNALS[self.running.contender.kind])

    def expect(self) -> None:
        """Fails unless the last number is in effect, now or soon."""
        end = time.monotonic() + EFFECT_WITHIN
        said, url = None, f"http://127.0.0.1:{self.running.port}{PATH}"
        while said != str(self._number):
            if time.monotonic() > end:
                raise Failed(f"{self.running.contender.name} was not reloaded: {said}")
            try:
                with urllib.request.urlopen(url, timeout=EFFECT_WITHIN) as answer:
                    said = answer.headers[MARK.partition(":")[0]]
            except OSError as error:
                said = repr(error)


def turn(stage: Stage, one: Reloads, chosen: argparse.Namespace) -> dict:
    """A while of requests with a reload in it."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, stage.load)
    crowd = Crowd(one.running.port, PATH, chosen.connections)
    try:
        made = crowd.run(chosen.rate, SECONDS, {AT: one.reload})
    finally:
        crowd.close()
        os.sched_setaffinity(0, before)
    one.expect()
    at, quiet = window(made, AT), window(made, 0.0)
    return {
        **{f"reload_{key}": value for key, value in at.items()},
        **{f"quiet_{key}": value for key, value in quiet.items()},
        "requests": len(made.answers),
        "repeated": made.repeated,
        "lost": sum(made.errors.values()),
        "why": dict(made.errors),
    }


def window(made: Made, begin: float) -> dict[str, float]:
    """Of the second that begins then: the longest time without an answer, and the latency."""
    begin += made.begun
    its = [one for one in made.answers if begin <= one[0] < begin + 1]
    # One that was not answered within that second counts as well.
    its += [one for one in made.answers if one[0] >= begin + 1 and one[0] - one[1] < begin + 1]
    if len(its) < 2:
        raise Failed("there were no answers")
    times = [begin, *sorted(when for when, _ in its)]
    pause = max(later - sooner for sooner, later in zip(times, times[1:]))
    late = quantiles([taken * 1e3 for _, taken in its], n=100)
    return {"pause_ms": pause * 1e3, "p99_ms": late[98]}


def measure(stage: Stage, chosen: argparse.Namespace) -> dict[str, dict[str, list[dict]]]:
    """By the number of sites, then by contender."""
    samples = {}
    for sites in (0, chosen.sites):
        setup = Setup(marked=True, sites=sites)
        name = f"{sites + 1:,}"
        print(f"{name} sites", file=sys.stderr)
        scenario = Scenario("reload", PATH, setup)
        part = Stage(**{**vars(stage), "folder": stage.folder / name})
        with part.play(scenario) as running:
            field = [Reloads(one, part.folder / one.contender.name) for one in running]
            turns = {one.running.contender.name: partial(turn, part, one, chosen) for one in field}
            samples[name] = take(turns, chosen.rounds)
    return samples


def table(samples: dict[str, dict[str, list[dict]]]) -> str:
    rows = []
    for sites, its in samples.items():
        pauses = {name: [one["reload_pause_ms"] for one in rounds] for name, rounds in its.items()}
        pause = Figure("pause", "ms", pauses, 0)
        for name, rounds in its.items():
            middle = partial(_median, rounds)
            rows.append(
                [
                    name, sites, pause.spread(name).text(0), middle("quiet_pause_ms", 0),
                    middle("reload_p99_ms", 1), middle("quiet_p99_ms", 1),
                    str(sum(one["repeated"] for one in rounds)),
                    str(sum(one["lost"] for one in rounds)), *pause.ratio_cells(name, figures.BASES),
                ]
            )  # fmt: skip
    return figures.table([*HEADS, *(f"pause vs {said}" for said in figures.BASES.values())], rows)


def _median(rounds: list[dict], key: str, digits: int) -> str:
    return f"{median(one[key] for one in rounds):.{digits}f}"


def main() -> int:
    chosen = arguments()
    allow_many_files()
    tools = peers()
    program = chosen.edge or str(build("hifate-edge") / "hifate-edge")
    named = {"edge": program, "nginx": str(tools / "nginx"), "haproxy": str(tools / "haproxy")}
    field = [Contender(name, its) for name, its in named.items()]
    machine = report.facts()
    load, proxy = ({int(core)} for core in chosen.cores.split(","))
    with scratch() as folder:
        stage = Stage(tools, folder, field, load, proxy, chosen.rounds, round(SECONDS))
        samples = measure(stage, chosen)
    versions = {contender.name: contender.version() for contender in field}
    title = (
        f"{chosen.rounds} reloads of each under {chosen.rate:,} requests a second on {chosen.connections} "
        "connections. At a reload: in the second after it; else: in the second before"
    )
    text = "\n".join([report.heading(machine, versions), "", title, "", table(samples)])
    report.publish(chosen.out, "reload", text, {"machine": machine, "versions": versions, **samples})
    ours = [one for its in samples.values() for one in its["edge"]]
    return int(any(one["lost"] for one in ours))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(f"reload.py: {failure}")
