"""CPU time per request, and the rate, of contenders that take turns."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import figures
import grpc
import h2load
import handshake
import report
import wrk
from contender import Running
from figures import Figure, failed
from interleaved import Samples, take
from scenarios import Scenario
from stage import Stage

__all__ = ["failed", "measured", "run", "table"]

GENERATORS = {
    "wrk": lambda programs: partial(wrk.run, str(programs / "wrk")),
    "h2load": lambda programs: partial(h2load.run, str(programs / "h2load")),
    "grpc": lambda programs: partial(grpc.run, str(programs / "h2load")),
    "handshake": lambda _: partial(handshake.run, resumed=False),
    "resumption": lambda _: partial(handshake.run, resumed=True),
}
HEADS = (
    "contender", "CPU µs/request", "user", "system", "requests/s", "p50 ms", "p99 ms", "KB/answer",
)

def run(stage: Stage, scenario: Scenario) -> Samples:
    """A sample of each contender in each round."""
    load = wrk.Load(
        scenario.path,
        scenario.connections,
        _body(stage.folder) if scenario.post else None,
        tls=bool(scenario.setup.tls),
    )
    make = GENERATORS[scenario.load](stage.programs)
    with stage.play(scenario) as running:
        for one in running:
            make(one.port, load, 1, stage.load)  # warm
        ask = partial(make, load=load, seconds=stage.seconds, cores=stage.load)
        turns = {one.contender.name: partial(_turn, one, ask) for one in running}
        return take(turns, stage.rounds)


def measured(samples: Samples) -> list[Figure]:
    return [Figure("CPU time per request", "µs", figures.of_samples(samples, "cpu_us"))]


def table(samples: Samples) -> str:
    cost = measured(samples)[0]
    bases, erred = figures.bases(samples), figures.errors(samples)
    heads = [*HEADS, *(f"CPU vs {said}" for said in bases.values())]
    rows = [
        figures.refused(name, erred[name], heads)
        if name in erred
        else [
            name,
            cost.spread(name).text(1),
            *(f"{_median(rounds, key):.1f}" for key in ("user_us", "system_us")),
            f"{_median(rounds, 'rate'):,.0f}",
            *(_latency(rounds, key) for key in ("p50_ms", "p99_ms")),
            f"{median(one['bytes'] / one['requests'] for one in rounds) / 1e3:.1f}",
            *cost.ratio_cells(name, bases),
        ]
        for name, rounds in samples.items()
    ]
    return figures.table(heads, rows)


def _turn(one: Running, ask: Callable[..., dict]) -> dict:
    before = one.process.cpu()
    made = ask(one.port)
    return report.sample(made, one.process.cpu() - before)


def _median(rounds: list[dict], key: str) -> float:
    return median(sample[key] for sample in rounds)


def _latency(rounds: list[dict], key: str) -> str:
    """Not every generator of load tells it."""
    return "-" if any(sample[key] is None for sample in rounds) else f"{_median(rounds, key):.2f}"


def _body(folder: Path) -> Path:
    """What is posted."""
    folder.mkdir(parents=True, exist_ok=True)
    body = folder / "body"
    body.write_bytes(b"x" * 10_000)
    return body
