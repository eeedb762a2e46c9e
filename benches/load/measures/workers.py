"""What a second worker gains, of contenders that take turns with one worker and with two.

With as many cores as one likes, one would give each worker a core of its own and compare rates. Where
load generator and origin share the cores with the workers, rates tell the less the cheaper requests are.
But what a worker can do in a second is one second by its CPU time per request, and two can do twice
that if a request costs them the same. So the figure is 2 x (CPU time per request with one worker) /
(the same with two), both with everything on all cores: whatever workers lose by being two (locks,
shared cache lines, connections of each one's own to the origin, wake-ups) is in it. It can exceed 2, as
one worker at the limit of its core and two that wait at times are not in the same state. That there is
work for both is another matter: the share of the busier one stands beside it, and the rates.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from statistics import median

import figures
import report
import wrk
from contender import Running
from figures import Figure, failed
from interleaved import Samples, take
from scenarios import Scenario
from stage import Stage

__all__ = ["failed", "measured", "run", "table"]

HEADS = (
    "contender", "CPU µs/request: one worker", "two", "work of two, times one", "of the busier, %",
    "requests/s: one", "two", "two by one",
)


def run(stage: Stage, scenario: Scenario) -> Samples:
    """A sample of each contender in each round."""
    cores = stage.load | stage.proxy
    load = wrk.Load(scenario.path, scenario.connections)
    program = str(stage.programs / "wrk")
    stages = [
        replace(stage, folder=stage.folder / str(count), load=cores, proxy=cores)
        for count in (1, 2)
    ]
    alone = replace(scenario, setup=replace(scenario.setup, workers=1))
    both = replace(scenario, setup=replace(scenario.setup, workers=2))
    with stages[0].play(alone) as ones, stages[1].play(both) as twos:
        for one in (*ones, *twos):
            wrk.run(program, one.port, load, 1, cores)  # warm
        ask = partial(wrk.run, program, load=load, seconds=stage.seconds, cores=cores)
        turns = {one.contender.name: partial(_both, one, two, ask) for one, two in zip(ones, twos)}
        return take(turns, stage.rounds)


def measured(samples: Samples) -> list[Figure]:
    scale = figures.of_samples(samples, "scale")
    return [Figure("work of two, by that of one", "times", scale, 2, more_is_better=True)]


def table(samples: Samples) -> str:
    scale = measured(samples)[0]
    erred = figures.errors(samples)
    rows = [
        figures.refused(name, erred[name], HEADS)
        if name in erred
        else [
            name,
            *(f"{_median(rounds, count, 'cpu_us'):.1f}" for count in ("one", "two")),
            scale.spread(name).text(2),
            f"{_median(rounds, 'two', 'busiest') * 100:.0f}",
            *(f"{_median(rounds, count, 'rate'):,.0f}" for count in ("one", "two")),
            f"{median(one['two']['rate'] / one['one']['rate'] for one in rounds):.2f}",
        ]
        for name, rounds in samples.items()
    ]
    return figures.table(HEADS, rows)


def _both(one: Running, two: Running, ask: Callable[..., dict]) -> dict:
    """A turn with one worker, and one with two."""
    turns = {"one": _turn(one, ask), "two": _turn(two, ask)}
    errors = sum(turn["errors"] for turn in turns.values())
    scale = 2 * turns["one"]["cpu_us"] / turns["two"]["cpu_us"]
    return {**turns, "scale": scale, "errors": errors}


def _turn(running: Running, ask: Callable[..., dict]) -> dict:
    before, threads = running.process.cpu(), running.process.threads()
    made = ask(running.port)
    sample = report.sample(made, running.process.cpu() - before)
    used = [now - threads.get(thread, 0) for thread, now in running.process.threads().items()]
    return {**sample, "busiest": max(used) / max(sum(used), 1e-9)}


def _median(rounds: list[dict], count: str, key: str) -> float:
    return median(one[count][key] for one in rounds)
