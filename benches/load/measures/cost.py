"""CPU time per request, and the rate, of contenders that take turns."""

import sys
from functools import partial
from pathlib import Path

import h2load
import handshake
import report
import wrk
from scenarios import Scenario
from stage import Stage

GENERATORS = {
    "wrk": lambda programs: partial(wrk.run, str(programs / "wrk")),
    "h2load": lambda programs: partial(h2load.run, str(programs / "h2load")),
    "handshake": lambda _: partial(handshake.run, resumed=False),
    "resumption": lambda _: partial(handshake.run, resumed=True),
}


def run(stage: Stage, scenario: Scenario) -> dict[str, list[dict]]:
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
        samples = {one.contender.name: [] for one in running}
        for number in range(stage.rounds):
            for one in running:
                before = one.process.cpu()
                made = make(one.port, load, stage.seconds, stage.load)
                used = one.process.cpu() - before
                samples[one.contender.name].append(report.sample(made, used))
            print(f"  round {number + 1} of {stage.rounds}", file=sys.stderr)
    return samples


def table(samples: dict[str, list[dict]]) -> str:
    return report.load_table(samples)


def failed(samples: dict[str, list[dict]]) -> bool:
    return any(one["errors"] for rounds in samples.values() for one in rounds)


def _body(folder: Path) -> Path:
    """What is posted."""
    folder.mkdir(parents=True, exist_ok=True)
    body = folder / "body"
    body.write_bytes(b"x" * 10_000)
    return body
