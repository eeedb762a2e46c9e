"""CPU time of contenders that take turns in several variants, such as with one server and with many:
what each variant costs beside the first of the same contender, and beside the other contenders.

A round of a contender has the sample of each variant by its name, and `errors`, those of all of them.
"""

from collections.abc import Callable
from functools import partial
from statistics import median

import figures
import interleaved
from figures import Figure, Spread, failed
from interleaved import Samples

__all__ = ["Samples", "failed", "measured", "table", "take"]


def take(turns: dict[str, dict[str, Callable[[], dict]]], times: int) -> Samples:
    """Lets each contender (the outer key) have its turns in all variants (the inner one), round after
    round. Those of one contender follow on each other, so that what disturbs one disturbs the others."""
    return interleaved.take({name: partial(_all, variants) for name, variants in turns.items()}, times)


def _all(variants: dict[str, Callable[[], dict]]) -> dict:
    """The turns of one contender in a round."""
    made = {variant: turn() for variant, turn in variants.items()}
    return {**made, "errors": sum(one["errors"] for one in made.values())}


def measured(samples: Samples, unit: str = "request") -> list[Figure]:
    """One figure for each variant."""
    return [
        Figure(f"CPU time per {unit}, {variant}", "µs", _of(samples, variant, "cpu_us"))
        for variant in _variants(samples)
    ]


def table(samples: Samples, unit: str = "request") -> str:
    variants, extra = _variants(samples), _extra(samples)
    first = variants[0]
    heads = ["contender", "variant", f"CPU µs/{unit}", f"{unit}s/s", "p50 ms", "p99 ms", *extra]
    heads.append(f"CPU vs {first}")
    bases, erred = figures.bases(samples), figures.errors(samples)
    heads += [f"CPU vs {said}" for said in bases.values()]
    rows = []
    for name, rounds in samples.items():
        if name in erred or not rounds:
            rows.append(figures.refused(name, erred.get(name, 0), heads))
            continue
        for variant, cost in zip(variants, measured(samples, unit)):
            its = [one[variant] for one in rounds]
            cells = [name, variant, cost.spread(name).text(1)]
            cells.append(f"{median(one['rate'] for one in its):,.0f}")
            cells += [_milliseconds(its, key) for key in ("p50_ms", "p99_ms")]
            cells += [f"{median(one['extra'][key] for one in its):,.{_digits(its, key)}f}" for key in extra]
            by_first = [one[variant]["cpu_us"] / one[first]["cpu_us"] for one in rounds]
            cells.append("1" if variant == first else Spread.of(by_first).text(2))
            rows.append([*cells, *cost.ratio_cells(name, bases)])
    return figures.table(heads, rows)


def _of(samples: Samples, variant: str, key: str) -> dict[str, list[float]]:
    """One value of every round, of those contenders that did not err."""
    erred = figures.errors(samples)
    return {
        name: [one[variant][key] for one in rounds]
        for name, rounds in samples.items()
        if rounds and name not in erred
    }


def _variants(samples: Samples) -> list[str]:
    return [key for key in next(iter(samples.values()))[0] if key != "errors"]


def _extra(samples: Samples) -> list[str]:
    """What was measured besides, by the heads of its columns."""
    made = next(iter(samples.values()))[0]
    return list(made[_variants(samples)[0]].get("extra", {}))


def _milliseconds(made: list[dict], key: str) -> str:
    """Not every generator of load tells it."""
    return "-" if any(one[key] is None for one in made) else f"{median(one[key] for one in made):.2f}"


def _digits(made: list[dict], key: str) -> int:
    """More for what is small."""
    return 1 if max(one["extra"][key] for one in made) >= 10 else 3
