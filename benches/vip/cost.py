#!/usr/bin/env python3
"""What the VIP daemon costs while nothing happens, and under a flood of hostile packets, beside keepalived, on the
network of `vip/lab/lab.py`. Only root can run it.

    benches/vip/cost.py [--seconds N]"""

import argparse
import os
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "vip" / "lab"), str(ROOT / "benches" / "load"), str(ROOT / "benches" / "vip")]
import report  # noqa: E402
from failover import Keepalived, Ours  # noqa: E402
from lab import Lab, address  # noqa: E402

FLOODS = ("wrong checksum", "lower priority")

FLOOD = """
import socket, sys, time
interface, packet, rate, seconds = sys.argv[1], bytes.fromhex(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind((interface, 0))
begun, sent = time.monotonic(), 0
while (now := time.monotonic()) - begun < seconds:
    due = int((now - begun) * rate)
    for _ in range(min(due - sent, 2000)):
        out.send(packet)
        sent += 1
    time.sleep(0.0005)
print(sent)
"""


def spent(pid):
    """Seconds on a core, as the scheduler has counted them: ticks are too coarse for so little."""
    threads = pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


def resident(pid):
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def measured(pids, seconds):
    """Percent of a core, and megabytes."""
    before = sum(map(spent, pids))
    time.sleep(seconds)
    used = sum(map(spent, pids)) - before
    return {"cpu_percent": 100 * used / seconds, "rss_mb": sum(map(resident, pids)) / 1e6}


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(int.from_bytes(data[index : index + 2], "big") for index in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def hostile(kind, destination_mac="01005e000012"):
    """A frame with an advert of the third station: of a lower priority, or with a wrong checksum."""
    source = bytes(map(int, address("x").split(".")))
    group = bytes([224, 0, 0, 18])
    vip = bytes([10, 77, 0, 100])
    message = bytearray([0x31, 51, 1, 1, 0, 10, 0, 0]) + vip
    pseudo = source + group + bytes([0, 112]) + len(message).to_bytes(2, "big")
    message[6:8] = checksum(pseudo + bytes(message)).to_bytes(2, "big")
    if kind == "wrong checksum":
        message[7] ^= 1
    head = bytearray([0x45, 0xC0]) + (20 + len(message)).to_bytes(2, "big") + bytes([0, 0, 0, 0, 255, 112, 0, 0]) + source + group
    head[10:12] = checksum(bytes(head)).to_bytes(2, "big")
    return bytes.fromhex(destination_mac) + b"\x02\0\0\0\0\x09" + b"\x08\x00" + bytes(head) + bytes(message)


def run(contender, seconds):
    lab = Lab("o")
    try:
        lab.ours = contender.start(lab, "a", False)
        lab.wait_holder("a", patience=30)
        lab.theirs = contender.start(lab, "b", False)
        time.sleep(3)
        figures = {"idle": measured(contender.pids(lab.ours), seconds)}
        for kind in FLOODS:
            flood = lab.start("x", "python3", "-c", FLOOD, "eth0", hostile(kind).hex(), "100000", str(seconds + 2))
            time.sleep(1)
            figure = measured(contender.pids(lab.ours), seconds)
            figure["holders"] = lab.holders()
            flood.wait(30)
            figure["packets_per_second"] = int(flood.log.read_text()) / (seconds + 2)
            figures[kind] = figure
            time.sleep(2)
        return figures
    finally:
        lab.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "benches" / "results")
    options = parser.parse_args()
    machine = report.facts()
    contenders = [Ours("hifate-vip, 100 ms"), Keepalived("keepalived, v3, 0.1 s", version=3, advert_int="0.1")]
    results, rows = {}, []
    for contender in contenders:
        figures = results[contender.name] = run(contender, options.seconds)
        cells = [f"{figures['idle']['cpu_percent']:.2f} %, {figures['idle']['rss_mb']:.1f} MB"]
        for kind in FLOODS:
            figure = figures[kind]
            held = "" if figure["holders"] == ["a"] else f", held by {' and '.join(figure['holders']) or 'nobody'}"
            cells.append(f"{figure['cpu_percent']:.0f} % at {figure['packets_per_second']:.0f}/s{held}")
        rows.append(f"| {contender.name} | {' | '.join(cells)} |")
    about = f"Commit `{machine['commit']}`, {machine['cores']} x {machine['cpu']}, Linux {machine['kernel'].split('-')[0]}, {machine['time'][:10]}."
    about += " Of one core, as the scheduler counts it."
    head = ["| daemon | idle | " + " | ".join(f"flood: {kind}" for kind in FLOODS) + " |", "|---" * (2 + len(FLOODS)) + "|"]
    report.publish(options.out, "vip-cost", "\n".join([about, "", *head, *rows]) + "\n", {"machine": machine, "daemons": results})


if __name__ == "__main__":
    main()
