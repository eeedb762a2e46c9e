"""CPU time per request of many connections that are all in use, each now and then, beside the same
number of requests on fewer of them. They are opened before a turn and closed after it."""

import os
from functools import partial

import report
from contender import Running
from crowd import Crowd
from measures import variants
from measures.variants import Samples, failed, measured, table
from scenarios import Scenario
from stage import Stage

__all__ = ["failed", "measured", "run", "table"]

FEWER = 100  # times


def run(stage: Stage, scenario: Scenario) -> Samples:
    counts = (max(1, scenario.connections // FEWER), scenario.connections)
    with stage.play(scenario) as running:
        turns = {
            one.contender.name: {
                f"{count:,} connections": partial(_turn, stage, scenario, one, count)
                for count in counts
            }
            for one in running
        }
        return variants.take(turns, stage.rounds)


def _turn(stage: Stage, scenario: Scenario, one: Running, count: int) -> dict:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, stage.load)
    crowd = Crowd(one.port, scenario.path, count)
    try:
        # Once all around, so that every connection has its place.
        crowd.run(scenario.rate, count / scenario.rate, {})
        used = one.process.cpu()
        made = crowd.run(scenario.rate, stage.seconds, {})
        sample = report.sample(made.told(), one.process.cpu() - used)
        sample["errors"] += made.repeated  # nobody has a reason to end a connection here
        sample["extra"] = {"memory MB": one.process.rss() / 1e6}
        return sample
    finally:
        crowd.close()
        os.sched_setaffinity(0, before)
