"""CPU time per request with many servers, beside the same contenders with one. Connections are kept
to all of them (`Setup.keepalive`); how many were opened all the same is told."""

import http.client
import re
from dataclasses import replace
from functools import partial

import report
import wrk
from contender import Running
from contenders.setup import Setup
from measures import variants
from measures.variants import Samples, failed, measured, table
from scenarios import Scenario
from stage import Stage

__all__ = ["failed", "measured", "run", "table"]


def run(stage: Stage, scenario: Scenario) -> Samples:
    load = wrk.Load(scenario.path, scenario.connections)
    one_server = replace(scenario, setup=Setup())
    beside = replace(stage, folder=stage.folder / "one")
    beside = beside.with_those_for(scenario.setup)
    with beside.play(one_server) as few, stage.play(scenario) as many:
        for one in [*few, *many]:
            wrk.run(str(stage.programs / "wrk"), one.port, load, 1, stage.load)  # warm
        count = f"{scenario.setup.servers:,} servers"
        turns = {
            one.contender.name: {
                "one server": partial(_turn, stage, one, load),
                count: partial(_turn, stage, other, load),
            }
            for one, other in zip(few, many)
        }
        return variants.take(turns, stage.rounds)


def _turn(stage: Stage, one: Running, load: wrk.Load) -> dict:
    opened = _opened(one.origin)
    before = one.process.cpu()
    made = wrk.run(str(stage.programs / "wrk"), one.port, load, stage.seconds, stage.load)
    sample = report.sample(made, one.process.cpu() - before)
    # Without the connection on which that is asked.
    opened = _opened(one.origin) - opened - 1
    sample["extra"] = {
        "new connections per 1,000": opened / max(1, made["requests"]) * 1e3,
        "memory MB": one.process.rss() / 1e6,
    }
    return sample


def _opened(port: int) -> int:
    """How many connections the origin has accepted."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    client.request("GET", "/connections")
    said = client.getresponse().read().decode()
    client.close()
    return int(re.search(r"requests\s+(\d+)", said)[1])
