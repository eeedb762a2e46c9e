#!/usr/bin/env python3
"""Measures a whole node: births charted per second through edge, Web App and gRPC, and memory.

`hifate up` starts the node on free ports; wrk, on the same cores, asks it for charts.
"""

import argparse
import datetime
import http.client
import json
import os
import socket
import sys
import tempfile
import time
from pathlib import Path

import report
import wrk
from measures import cost
from process import Failed, Process, allow_many_files
from programs import BENCHES, build, peers

PATH = "/api/v1/bazi/calculate"
BIRTH = {"solar_date": "1990-06-15", "solar_time": "12:30", "gender": "male"}
PILLARS = "庚午 壬午 辛亥 甲午"
EDGE, WEB = 80, 1  # what `hifate up --base-port` adds
SETTLE = 2.0  # seconds


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often it is measured [5]")
    parser.add_argument("--seconds", type=int, default=3, help="length of a round [3]")
    parser.add_argument("--connections", type=int, default=64, help="of the load generator [64]")
    parser.add_argument(
        "--programs", type=Path, metavar="FOLDER",
        help="where hifate, hifate-edge and hifate-backend are; they are built if this is absent",
    )
    parser.add_argument("--out", type=Path, default=BENCHES / "results", help="for the results")
    return parser.parse_args()


def free_base() -> int:
    """A base from which all ports of a node are free."""
    for base in range(20_000, 60_000, 500):
        try:
            for offset in (EDGE, EDGE + 100, WEB, *range(11, 18)):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", base + offset))
            return base
        except OSError:
            continue
    raise Failed("there are no free ports")


def check(port: int) -> None:
    """Fails unless the chart is the right one."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    client.request("POST", PATH, json.dumps(BIRTH), {"Content-Type": "application/json"})
    answer = client.getresponse()
    content = answer.read().decode()
    client.close()
    if answer.status != 200:
        raise Failed(f"{PATH} answers {answer.status}: {content[:500]}")
    pillars = json.loads(content)["data"]["bazi"]["bazi_pillars"]
    found = " ".join(
        pillars[position]["stem"] + pillars[position]["branch"]
        for position in ("year", "month", "day", "hour")
    )
    if found != PILLARS:
        raise Failed(f"the pillars are {found} instead of {PILLARS}")


def births() -> list[dict]:
    """More births than the Web App's cache holds charts, so that every chart is computed."""
    first = datetime.datetime(1901, 1, 1)
    moments = (first + datetime.timedelta(hours=41 * number) for number in range(40_000))
    return [
        {**BIRTH, "solar_date": f"{moment:%Y-%m-%d}", "solar_time": f"{moment:%H:%M}"}
        for moment in moments
    ]


def measure(chosen, programs: Path, tools: Path, folder: Path) -> dict:
    base = free_base()
    data = folder / "data"
    data.mkdir()
    same = folder / "birth.jsonl"
    same.write_text(json.dumps(BIRTH) + "\n")
    other = folder / "births.jsonl"
    other.write_text("".join(json.dumps(birth) + "\n" for birth in births()))
    cores = os.sched_getaffinity(0)
    command = [str(programs / "hifate"), "up", "--base-port", str(base), "--data-dir", str(data)]
    node = Process("node", command, cores, folder)
    try:
        node.wait_for(base + EDGE)
        time.sleep(SETTLE)
        idle = node.rss()
        results = {}
        for name, port, bodies in (
            ("new charts, through the edge", base + EDGE, other),
            ("one chart from the cache, through the edge", base + EDGE, same),
            ("new charts, Web App alone", base + WEB, other),
        ):
            check(port)
            load = wrk.Load(PATH, chosen.connections, bodies, "application/json")
            wrk.run(str(tools / "wrk"), port, load, 1, cores)
            rounds = []
            for _ in range(chosen.rounds):
                before = node.cpu()
                made = wrk.run(str(tools / "wrk"), port, load, chosen.seconds, cores)
                rounds.append(report.sample(made, node.cpu() - before))
            results[name] = rounds
        time.sleep(SETTLE)
        return {"idle_rss": idle, "rss_after_load": node.rss(), "rounds": results}
    finally:
        node.stop()


def main() -> int:
    chosen = arguments()
    allow_many_files()
    tools = peers()
    programs = chosen.programs or build("hifate", "hifate-edge", "hifate-backend")
    machine = report.facts()
    with tempfile.TemporaryDirectory(prefix="hifate-bench-") as temporary:
        measured = measure(chosen, programs.resolve(), tools, Path(temporary))
    text = "\n".join(
        [
            report.heading(machine, {}),
            f"POST {PATH}, {chosen.connections} connections, {chosen.rounds} rounds "
            f"of {chosen.seconds} s, node and load generator on the same cores",
            "",
            cost.table(measured["rounds"]),
            "",
            f"Resident memory of the node: {measured['idle_rss'] / 1e6:.0f} MB idle, "
            f"{measured['rss_after_load'] / 1e6:.0f} MB after the load",
        ]
    )
    report.publish(chosen.out, "node", text, {"machine": machine, **measured})
    return int(any(one["errors"] for rounds in measured["rounds"].values() for one in rounds))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(f"node.py: {failure}")
