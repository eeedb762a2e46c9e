"""Figures of contenders, round by round, and how those of two compare."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

BASES = {"nginx": "nginx", "haproxy": "HAProxy"}  # what everybody is compared with, as people write it


@dataclass(frozen=True)
class Spread:
    """The median of the rounds, the lowest and the highest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        return cls(median(values), min(values), max(values))

    def text(self, digits: int) -> str:
        """For a cell of a table."""
        return f"**{self.median:,.{digits}f}** ({self.low:,.{digits}f}-{self.high:,.{digits}f})"


@dataclass(frozen=True)
class Figure:
    """One figure of each contender. Who erred in any round has none."""

    what: str
    unit: str
    rounds: dict[str, list[float]]
    digits: int = 1
    more_is_better: bool = False
    part: str = ""  # which of the figures of its scenario it is

    def spread(self, name: str) -> Spread | None:
        """What a contender reached."""
        values = self.rounds.get(name)
        return Spread.of(values) if values else None

    def ratio(self, name: str, base: str) -> Spread | None:
        """A contender's figure by that of another, compared round by round, so that what disturbed a
        round disturbed both sides of the ratio. There is none if either erred in any round."""
        mine, theirs = self.rounds.get(name), self.rounds.get(base)
        if not mine or not theirs or len(mine) != len(theirs):
            return None
        return Spread.of([one / other for one, other in zip(mine, theirs)])

    def ratio_cells(self, name: str, bases: Iterable[str]) -> list[str]:
        """The ratios to each of `bases`, for a table."""
        ratios = (self.ratio(name, base) for base in bases)
        return [ratio.text(2) if ratio else "-" for ratio in ratios]


def of_samples(samples: dict[str, list[dict]], key: str) -> dict[str, list[float]]:
    """One value of every sample, of those contenders of which no sample has an error."""
    return {
        name: [one[key] for one in rounds]
        for name, rounds in samples.items()
        if rounds and not any(one["errors"] for one in rounds)
    }


def bases(samples: dict[str, list[dict]]) -> dict[str, str]:
    """Those of `BASES` that take part."""
    return {name: said for name, said in BASES.items() if name in samples}


def errors(samples: dict[str, list[dict]]) -> dict[str, int]:
    """Those that erred, and how often."""
    counts = {name: sum(one["errors"] for one in rounds) for name, rounds in samples.items()}
    return {name: count for name, count in counts.items() if count}


def failed(samples: dict[str, list[dict]]) -> bool:
    """Whether anybody erred."""
    return bool(errors(samples))


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def refused(name: str, count: int, heads: Sequence[str]) -> list[str]:
    """The row of a contender that erred."""
    return [name, f"errors: {count}; not compared", *[""] * (len(heads) - 2)]
