"""Latency at a fixed rate, of contenders that take turns."""

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from statistics import median

import figures
import report
from contender import Running
from figures import Figure, failed
from interleaved import Samples, take
from process import Failed
from scenarios import Scenario
from stage import Stage

__all__ = ["failed", "measured", "run", "table"]

HEADS = (
    "contender", "p50 ms", "p99 ms", "p99.9 ms", "CPU µs/request", "requests/s", "sent late, p99 ms",
)


def run(stage: Stage, scenario: Scenario) -> Samples:
    """A sample of each contender in each round."""
    with stage.play(scenario) as running:
        for one in running:
            _paced(one.port, scenario, 1, stage.load)  # warm
        turns = {one.contender.name: partial(_turn, stage, scenario, one) for one in running}
        return take(turns, stage.rounds)


def measured(samples: Samples) -> list[Figure]:
    return [
        Figure(f"latency, {part}", "ms", figures.of_samples(samples, key), 2, part=part)
        for part, key in (("median", "p50_ms"), ("99 %", "p99_ms"))
    ]


def table(samples: Samples) -> str:
    half, most = measured(samples)
    bases, erred = figures.bases(samples), figures.errors(samples)
    heads = [*HEADS, *(f"p99 vs {said}" for said in bases.values())]
    rows = [
        figures.refused(name, erred[name], heads)
        if name in erred
        else [
            name,
            half.spread(name).text(2),
            most.spread(name).text(2),
            f"{median(one['p999_ms'] for one in rounds):.2f}",
            f"{median(one['cpu_us'] for one in rounds):.1f}",
            f"{median(one['rate'] for one in rounds):,.0f}",
            f"{median(one['late_p99_ms'] for one in rounds):.2f}",
            *most.ratio_cells(name, bases),
        ]
        for name, rounds in samples.items()
    ]
    return figures.table(heads, rows)


def _turn(stage: Stage, scenario: Scenario, one: Running) -> dict:
    before = one.process.cpu()
    made = _paced(one.port, scenario, stage.seconds, stage.load)
    sample = report.sample(made, one.process.cpu() - before)
    return sample | {key: made[key] for key in ("p999_ms", "late_p99_ms")}


def _paced(port: int, scenario: Scenario, seconds: float, cores: set[int]) -> dict:
    """Makes requests at the scenario's rate and tells how that went."""
    program = Path(__file__).resolve().parents[1] / "paced.py"
    asked = (port, scenario.path, scenario.rate, seconds, scenario.connections)
    ended = subprocess.run(
        [sys.executable, str(program), *map(str, asked)],
        capture_output=True,
        text=True,
        timeout=seconds + 30,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    )
    if ended.returncode != 0:
        raise Failed(f"paced.py: {ended.stderr}")
    return json.loads(ended.stdout)
