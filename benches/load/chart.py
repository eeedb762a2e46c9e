"""Charts of figures as SVG: bars with the spread of the rounds as whiskers."""

from collections.abc import Sequence

import svg
from figures import Figure

WIDTH = 760
LEFT = 132  # where bars begin
RIGHT = 210  # what is kept free for the numbers behind the longest
ROW, BAR = 30, 16  # heights
TOP, HEAD, FOOT = 50, 30, 40  # heights: title, a group's title, caption


def bars(title: str, figures: Sequence[Figure], labels: dict[str, str], caption: str) -> str:
    """A group of bars for each figure; figures of one unit have one scale."""
    parts, said = [], []
    y = TOP
    for figure in figures:
        end = max(_highest(other) for other in figures if other.unit == figure.unit) or 1
        better = "more is better" if figure.more_is_better else "less is better"
        parts.append(svg.text(24, y + 18, f"{figure.what}, {figure.unit}; {better}", "quiet small"))
        said.append(f"{figure.what} in {figure.unit} ({better}):")
        y += HEAD
        for name, label in labels.items():
            parts += _row(figure, name, label, y, (WIDTH - LEFT - RIGHT) / end)
            said.append(_words(figure, name, label))
            y += ROW
        parts.append(svg.line(LEFT, y - len(labels) * ROW - 2, LEFT, y - 2, "axis"))
        y += 8
    parts.append(svg.text(24, y + 22, caption, "quiet small"))
    return svg.document(WIDTH, y + FOOT, title[0].upper() + title[1:], " ".join(said), parts)


def _highest(figure: Figure) -> float:
    return max((max(values) for values in figure.rounds.values()), default=0)


def _row(figure: Figure, name: str, label: str, y: float, scale: float) -> list[str]:
    """A contender: its name, its bar, its whisker, its numbers."""
    middle = y + ROW / 2 - 2
    kind = "edge" if name.startswith("edge") else "other"
    parts = [svg.text(LEFT - 10, middle + 4.5, label, f"{kind}-name", anchor="end")]
    spread = figure.spread(name)
    if not spread:
        return [*parts, svg.text(LEFT + 10, middle + 4.5, "not measured, or erred", "quiet")]
    parts.append(svg.bar(LEFT, middle - BAR / 2, max(spread.median * scale, 1.5), BAR, kind))
    low, high = (LEFT + value * scale for value in (spread.low, spread.high))
    if high - low > 1:
        parts += [svg.line(low, middle, high, middle, "whisker")]
        parts += [svg.line(x, middle - 4, x, middle + 4, "whisker") for x in (low, high)]
    number = f"{spread.median:,.{figure.digits}f}"
    ratio = figure.ratio(name, "nginx")
    beside = f"{ratio.median:.2f} x nginx" if ratio and name != "nginx" else ""
    x = max(high, LEFT + 1.5) + 10
    return [*parts, svg.text(x, middle + 4.5, number, "number", after=beside)]


def _words(figure: Figure, name: str, label: str) -> str:
    """The same for those who do not see it."""
    spread = figure.spread(name)
    if not spread:
        return f"{label} was not measured or erred;"
    low, high = (f"{value:,.{figure.digits}f}" for value in (spread.low, spread.high))
    return f"{label} {spread.median:,.{figure.digits}f}, between {low} and {high};"
