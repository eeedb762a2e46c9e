"""Contenders that take turns."""

import sys
from collections.abc import Callable

Samples = dict[str, list[dict]]


def take(turns: dict[str, Callable[[], dict]], rounds: int) -> Samples:
    """What each contender's turn tells, round after round: A B C A B C, so that what disturbs a round
    disturbs all of them."""
    samples: Samples = {name: [] for name in turns}
    for number in range(rounds):
        for name, turn in turns.items():
            samples[name].append(turn())
        print(f"  round {number + 1} of {rounds}", file=sys.stderr)
    return samples
