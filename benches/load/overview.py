"""One picture of a whole result: the edge's figures by those of nginx and of HAProxy."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import svg
from figures import BASES, Spread

WIDTH = 890
LEFT, RIGHT = 346, 668  # where the scale begins and ends
TOP, ROW, FOOT = 92, 34, 66  # heights: title and scale, a row, caption
APART = 30  # of ticks
TICKS = (0.25, 0.33, 0.5, 0.7, 0.8, 1, 1.25, 1.5, 2, 3, 4)
COLUMNS = {"nginx": ("edge", 754), "haproxy": ("second", 858)}  # look, where numbers end


@dataclass(frozen=True)
class Row:
    """A scenario."""

    label: str
    ratios: dict[str, Spread]


def picture(title: str, rows: Sequence[Row], caption: str) -> str:
    """A dot for each ratio on a scale of which the middle is 1, with the spread of the rounds."""
    medians = [one.median for row in rows for one in row.ratios.values()]
    low, high = min([0.7, *medians]), max([1.25, *medians])
    low = max(tick for tick in TICKS if tick <= max(low, TICKS[0]))
    high = min(tick for tick in TICKS if tick >= min(high, TICKS[-1]))

    def at(ratio: float) -> float:
        share = log(min(max(ratio, low), high) / low) / log(high / low)
        return LEFT + share * (RIGHT - LEFT)

    end = TOP + ROW * len(rows)
    parts = [svg.box(LEFT, TOP - 6, at(1) - LEFT, end - TOP + 6, "good")]
    for tick in _ticks(low, high, at):
        parts.append(svg.line(at(tick), TOP - 6, at(tick), end, "axis" if tick == 1 else "rim"))
        parts.append(svg.text(at(tick), end + 16, f"{tick:g}", "quiet small", "middle"))
    for base, (look, x) in COLUMNS.items():
        parts.append(svg.circle(x - 7 * len(BASES[base]) - 12, TOP - 21, 4.5, look))
        parts.append(svg.text(x, TOP - 17, BASES[base], "quiet small", "end"))
    parts.append(svg.text(LEFT, TOP - 17, "the edge needs less", "quiet small"))
    parts.append(svg.text(RIGHT, TOP - 17, "more", "quiet small", "end"))
    for number, row in enumerate(rows):
        parts += _row(row, TOP + ROW * number, at)
    parts.append(svg.text(24, end + 48, caption, "quiet small"))
    return svg.document(WIDTH, end + FOOT, title, " ".join(map(_words, rows)), parts)


def _ticks(low: float, high: float, at) -> list[float]:
    """Those that are far enough from each other, and 1."""
    shown = [1]
    for tick in sorted(TICKS, key=lambda tick: abs(log(tick)), reverse=True):
        if low <= tick <= high and all(abs(at(tick) - at(other)) > APART for other in shown):
            shown.append(tick)
    return shown


def _row(row: Row, y: float, at) -> list[str]:
    parts = [svg.text(24, y + ROW / 2 + 4.5, row.label, "ink")]
    for number, (base, ratio) in enumerate(row.ratios.items()):
        look, x = COLUMNS[base]
        middle = y + ROW / 2 + (-5, 5)[number % 2]
        parts.append(svg.line(at(ratio.low), middle, at(ratio.high), middle, f"{look}-line"))
        parts.append(svg.circle(at(ratio.median), middle, 4.5, look))
        weight = "number" if ratio.median < 1 else "ink"
        parts.append(svg.text(x, y + ROW / 2 + 4.5, f"{ratio.median:.2f}", weight, "end"))
    absent = [x for base, (_, x) in COLUMNS.items() if base not in row.ratios]
    return parts + [svg.text(x, y + ROW / 2 + 4.5, "-", "quiet", "end") for x in absent]


def _words(row: Row) -> str:
    ratios = " and ".join(
        f"{one.median:.2f} ({one.low:.2f} to {one.high:.2f}) of {BASES[base]}"
        for base, one in row.ratios.items()
    )
    return f"{row.label}: {ratios}."
