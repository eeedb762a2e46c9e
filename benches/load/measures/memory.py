"""Resident memory by the number of idle connections."""

import idle
import report
from figures import Figure
from scenarios import Scenario
from stage import Stage


def run(stage: Stage, scenario: Scenario) -> dict[str, list[int]]:
    """Bytes of each contender with each of `idle.COUNTS` connections."""
    measure = idle.measure_http2 if scenario.setup.http2 else idle.measure
    with stage.play(scenario) as running:
        return {one.contender.name: measure(one, scenario.path) for one in running}


def measured(sizes: dict[str, list[int]]) -> list[Figure]:
    return [
        Figure(
            f"memory with {count:,} idle connections", "MB",
            {name: [rss[index] / 1e6] for name, rss in sizes.items()},
            part=f"{count:,}",
        )
        for index, count in enumerate(idle.COUNTS)
    ]


def table(sizes: dict[str, list[int]]) -> str:
    return report.memory_table(idle.COUNTS, sizes)


def failed(_: dict[str, list[int]]) -> bool:
    """What goes wrong ends the measurement at once."""
    return False
