"""What was measured, as Markdown for people and JSON for programs."""

import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

from process import Cpu


def facts() -> dict:
    """The machine and the commit."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    governor = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "cpu": cpu,
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "governor": governor.read_text().strip() if governor.exists() else "unknown",
        "load_average": os.getloadavg()[0],  # before anything of ours runs
        "python": platform.python_version(),
        "commit": _git("describe", "--always", "--dirty", "--abbrev=12"),
    }


def _git(*words: str) -> str:
    said = subprocess.run(
        ["git", "-C", str(Path(__file__).parent), *words], capture_output=True, text=True
    )
    return said.stdout.strip() or "unknown"


def sample(made: dict, cpu: Cpu) -> dict:
    """One turn of one contender: what wrk reported, and the CPU time used meanwhile."""
    requests = max(1, made["requests"])
    return {
        "cpu_us": (cpu.user + cpu.system) / requests * 1e6,
        "user_us": cpu.user / requests * 1e6,
        "system_us": cpu.system / requests * 1e6,
        "rate": made["requests"] / made["seconds"],
        "p50_ms": made["p50_ms"],
        "p99_ms": made["p99_ms"],
        "requests": made["requests"],
        "bytes": made["bytes"],
        "errors": sum(made["errors"].values()) + (made["requests"] == 0),
        "load_average": os.getloadavg()[0],
    }


def memory_table(counts: tuple[int, ...], sizes: dict[str, list[int]]) -> str:
    """Resident memory by idle connections."""
    lines = [
        "| contender | " + " | ".join(f"{count:,} idle: MB" for count in counts)
        + " | bytes per connection |",
        "|---|" + "---|" * (len(counts) + 1),
    ]
    for name, rss in sizes.items():
        cells = [f"{size / 1e6:.1f}" for size in rss]
        cells.append(f"{(rss[-1] - rss[0]) / (counts[-1] - counts[0]):,.0f}")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def heading(facts: dict, versions: dict[str, str]) -> str:
    """Where and of what the figures are."""
    load = f"; load average before: {facts['load_average']:.2f}" if "load_average" in facts else ""
    return "\n".join(
        [
            f"{facts['time']}, commit {facts['commit']}, {facts['cores']} x {facts['cpu']}, "
            f"Linux {facts['kernel']}, frequency governor {facts.get('governor', 'unknown')}{load}",
            "",
            *(f"- {name}: {version}" for name, version in versions.items()),
        ]
    )


def write(folder: Path, name: str, markdown: str, data: dict) -> Path:
    """Writes both forms; returns where the Markdown is."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"
    (folder / f"{stem}.json").write_text(json.dumps(data, indent=1) + "\n")
    page = folder / f"{stem}.md"
    page.write_text(markdown + "\n")
    return page


def publish(folder: Path, name: str, markdown: str, data: dict) -> None:
    """Prints what was measured, writes it, and says where."""
    print(markdown)
    print(f"\nwritten to {write(folder, name, markdown, data)}", file=sys.stderr)
