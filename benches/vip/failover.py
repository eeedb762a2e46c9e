#!/usr/bin/env python3
"""How long an address is gone when something happens: this product's VIP daemon beside keepalived, in the same
run, on the network of `vip/lab/lab.py`. A client asks every 2 ms who is there. Only root can run it.

    benches/vip/failover.py [--runs N] [--only FAULT,...] [--with CONTENDER,...] [--lanes N]"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import signal
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "vip" / "lab"), str(ROOT / "benches" / "load")]
import report  # noqa: E402
from lab import PROGRAM, Lab  # noqa: E402

EDGE = PROGRAM.with_name("hifate-edge")
CURL = "/usr/bin/curl"


class Ours:
    """Our daemon, by default as it is delivered."""

    # How long it takes until all is quiet, with an edge and without; and until all is over.
    rest, watched = (2.0, 1.0), 3.5

    def __init__(self, name, only=None, **terms):
        self.name, self.terms = name, terms
        self.faults, self.share = only or list(FAULTS), 1

    def start(self, lab, host, with_edge):
        tracks = '[[instance.track]]\nedge = "127.0.0.1:9180"\n' if with_edge else ""
        return lab.vip(host, tracks=tracks, **self.terms)

    def pids(self, process):
        return [process.pid]

    def release(self, lab):
        lab.do("a", PROGRAM, "release", "--admin", "127.0.0.1:9181")


class Keepalived:
    """Debian's keepalived. Its check is the one of the seed, as it is meant."""

    rest = (7.5, 4.5)

    def __init__(self, name, **terms):
        self.name, self.terms = name, terms
        self.watched = 9.5
        # It takes three times as long, and nobody doubts it.
        self.faults, self.share = list(FAULTS), 4

    def start(self, lab, host, with_edge):
        top, instance = "", ""
        if with_edge:
            top = f'vrrp_script chk {{\n script "{CURL} -sf -m 1 -o /dev/null http://127.0.0.1:8080/"\n interval 2\n fall 3\n rise 2\n}}\n'
            instance = "    track_script {\n        chk\n    }\n"
        terms = dict(self.terms)
        globals_ = "  vrrp_version 3\n" if terms.pop("version", 2) == 3 else ""
        return lab.keepalived(host, instance, top=top, globals=globals_, **terms)

    def pids(self, process):
        """The parent and its child that has the addresses."""
        children = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout
        return [process.pid, *map(int, children.split())]

    def release(self, lab):
        lab.ours.send_signal(signal.SIGTERM)


def kill(contender, lab, how):
    for pid in contender.pids(lab.ours):
        os.kill(pid, how)


FAULTS = {
    # name: (what it does, whether an edge is served and tracked)
    "planned release": (lambda contender, lab: contender.release(lab), False),
    "edge killed": (lambda contender, lab: lab.edges["a"].kill(), True),
    "edge hung": (lambda contender, lab: lab.edges["a"].send_signal(signal.SIGSTOP), True),
    "daemon killed -9": (lambda contender, lab: kill(contender, lab, signal.SIGKILL), False),
    "daemon frozen": (lambda contender, lab: kill(contender, lab, signal.SIGSTOP), False),
    "link down": (lambda contender, lab: lab.do("a", "ip", "link", "set", "eth0", "down"), False),
    "node dead": (lambda contender, lab: lab.unplug("a"), False),
    "partition healed": (None, False),
}


CONTENDERS = [
    Ours("hifate-vip, 100 ms"),
    Ours("hifate-vip, 50 ms", only=["daemon killed -9", "link down", "node dead"], advert_interval="50ms"),
    Keepalived("keepalived, seed (v2, 1 s)"),
    Keepalived("keepalived, v3, 0.1 s", version=3, advert_int="0.1"),
]


def edge(lab, host):
    config = lab.folder / f"edge-{host}.toml"
    config.write_text(
        '[server]\nthreads = 1\n[admin]\nlisten = "127.0.0.1:9180"\n[[listener]]\naddress = "0.0.0.0:8080"\n'
        f'[[site]]\nnames = ["_"]\n[[site.route]]\npath = "/"\nrespond = {{ status = 200, text = "{host}" }}\n'
    )
    return lab.start(host, EDGE, "run", "--config", config)


def run(number, fault):
    """One run on a network of its own: what the client has seen."""
    contender = CONTENDERS[number]
    act, with_edge = FAULTS[fault]
    lab = Lab("f")
    try:
        if with_edge:
            lab.edges = {host: edge(lab, host) for host in "ab"}
        else:
            lab.responders()
        time.sleep(0.3)
        lab.ours = contender.start(lab, "a", with_edge)
        lab.wait_holder("a", patience=30)
        lab.theirs = contender.start(lab, "b", with_edge)
        # And a random part of an interval.
        time.sleep(contender.rest[0 if with_edge else 1] + random.random() * 0.3)
        if lab.holders() != ["a"]:
            raise AssertionError(f"a does not hold the address\n{lab.logs()}")
        if fault == "partition healed":
            return healed(lab)
        program = "http_probe.py" if with_edge else "probe.py"
        watched = contender.watched if with_edge else min(contender.watched, 5.0)
        return struck(lab, lambda: act(contender, lab), program, watched)
    finally:
        lab.close()


def struck(lab, act, program, watched):
    process = lab.probe(watched + 0.7, program)
    time.sleep(0.7)
    at = time.time()
    act()
    process.wait(watched + 30)
    answers = json.loads(process.out.read_text())
    after = [(when - at, node) for when, node in answers if when >= at - 0.1]
    switch = next((when for when, node in after if when > 0 and node == "b"), None)
    return {
        "lost": sum(node is None for _, node in after),
        "gap_ms": gap(after),
        "switch_ms": None if switch is None else switch * 1000,
        "left_behind": lab.holds("a"),
    }


def healed(lab):
    """Both nodes lose sight of each other, both hold the address; then they see each other again."""
    lab.deafen("a")
    lab.deafen("b")
    # Ours hears below the firewall: what is dropped on the way out does not arrive.
    lab.wait(lambda: lab.holders() == ["a", "b"], patience=20)
    time.sleep(1.5)
    process = lab.probe(8)
    time.sleep(0.5)
    at = time.time()
    # The loser is told first: the worst order for neighbours.
    lab.heal("a")
    time.sleep(random.random() * 0.05)
    lab.heal("b")
    process.wait(40)
    after = [(when - at, node) for when, node in json.loads(process.out.read_text()) if when >= at]
    wrong = [when for when, node in after if node != "a"]
    last = max(wrong, default=0.0)
    return {
        "lost": sum(node is None for _, node in after),
        "gap_ms": gap(after),
        "switch_ms": last * 1000,
        "left_behind": lab.holds("b"),
    }


def gap(answers):
    """The longest time without an answer, in milliseconds."""
    longest, last = 0.0, None
    for when, node in answers:
        if node is not None:
            if last is not None:
                longest = max(longest, when - last)
            last = when
    if answers and last is not None:
        longest = max(longest, answers[-1][0] - last)
    return longest * 1000


def summary(runs):
    figures = {}
    for key in ("lost", "gap_ms", "switch_ms"):
        values = [run[key] for run in runs if run[key] is not None]
        figures[key] = {"median": statistics.median(values), "worst": max(values)} if values else None
    figures["never"] = sum(run["switch_ms"] is None for run in runs)
    figures["left_behind"] = sum(run["left_behind"] for run in runs)
    figures["runs"] = len(runs)
    return figures


def row(fault, contender, figures):
    def cell(key):
        value = figures[key]
        return "never" if value is None else f"{value['median']:.0f} / {value['worst']:.0f}"

    left = f"{figures['left_behind']}/{figures['runs']}"
    return f"| {fault} | {contender} | {cell('switch_ms')} | {cell('gap_ms')} | {cell('lost')} | {left} |"


HEAD = """| what happens | daemon | other node answers after, ms | longest silence, ms | probes lost | address left behind |
|---|---|---|---|---|---|"""


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--only", default=",".join(FAULTS), help="which faults")
    parser.add_argument("--with", dest="contenders", default="", help="parts of the daemons' names")
    parser.add_argument("--lanes", type=int, default=1, help="how many networks at once")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "benches" / "results")
    options = parser.parse_args()
    options.faults = options.only.split(",")
    if unknown := set(options.faults) - set(FAULTS):
        parser.error(f"there is no fault {', '.join(unknown)}; there are {', '.join(FAULTS)}")
    return options


def main():
    options = arguments()
    wanted = options.contenders.split(",")
    numbers = [number for number, one in enumerate(CONTENDERS) if any(word in one.name for word in wanted)]
    machine = report.facts()
    results, rows = {}, []
    with concurrent.futures.ProcessPoolExecutor(options.lanes) as lanes:
        for fault in options.faults:
            # In turns, so that whatever else the machine does strikes all alike.
            turns = [
                number
                for turn in range(options.runs)
                for number in numbers
                if fault in CONTENDERS[number].faults and turn % CONTENDERS[number].share == 0
            ]
            asked = [(number, lanes.submit(run, number, fault)) for number in turns]
            samples = {number: [] for number in turns}
            for number, answer in asked:
                samples[number].append(answer.result())
                done = sum(map(len, samples.values()))
                print(f"\r{fault}: {done}/{len(asked)}", end="\033[K", file=sys.stderr)
            print("\r\033[K", end="", file=sys.stderr)
            for number, runs in samples.items():
                name, figures = CONTENDERS[number].name, summary(runs)
                results.setdefault(fault, {})[name] = {"figures": figures, "runs": runs}
                rows.append(row(fault, name, figures))
    about = f"Commit `{machine['commit']}`, {machine['cores']} x {machine['cpu']}, Linux {machine['kernel'].split('-')[0]}, {machine['time'][:10]}."
    about += f" Median / worst of {options.runs} runs, of keepalived of every fourth; {options.lanes} networks at once."
    text = "\n".join([about, "", HEAD, *rows]) + "\n"
    report.publish(options.out, "failover", text, {"machine": machine, "faults": results})


if __name__ == "__main__":
    main()
