"""The little of SVG that charts need, readable on light and dark pages and by screen readers."""

from collections.abc import Iterable
from xml.sax.saxutils import escape

# Each with its look on light and on dark.
COLOURS = {
    "page": ("#ffffff", "#0d1117"),
    "rim": ("#d1d9e0", "#30363d"),
    "ink": ("#1f2328", "#e6edf3"),
    "quiet": ("#59636e", "#9198a1"),
    "edge": ("#c4500b", "#f0883e"),
    "second": ("#0969da", "#58a6ff"),
    "other": ("#b3bdc8", "#4c5561"),
    "whisker": ("#1f2328", "#e6edf3"),
    "axis": ("#afb8c1", "#484f58"),
    "good": ("#eaf6ec", "#12261e"),
}
STYLE = """
text { font: 13px ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; }
.title { font-size: 16px; font-weight: 600; }
.small { font-size: 12px; }
.edge-name, .number { font-weight: 600; }
.edge-name, .number { font-variant-numeric: tabular-nums; }
.edge-line, .second-line { stroke-width: 2; opacity: .45; }
.whisker { stroke-width: 1.3; opacity: .75; }
"""


def document(width: float, height: float, title: str, said: str, parts: Iterable[str]) -> str:
    """A picture on a card of its own, with a title and a description in words."""
    body = "\n".join(parts)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:g}" width="{width}" \
height="{height:g}" role="img" aria-labelledby="title desc">
<title id="title">{escape(title)}</title>
<desc id="desc">{escape(said)}</desc>
<style>{STYLE}{_colours(0)}@media (prefers-color-scheme: dark) {{
{_colours(1)}}}
</style>
<rect class="page rim" x=".5" y=".5" width="{width - 1}" height="{height - 1:g}" rx="8"/>
{text(24, 34, title, "title ink")}
{body}
</svg>
"""


def text(x: float, y: float, said: str, look: str, anchor: str = "start", after: str = "") -> str:
    """Text; with more behind it that matters less."""
    more = f'<tspan class="quiet" font-weight="400" dx="8">{escape(after)}</tspan>' if after else ""
    return f'<text class="{look}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(said)}{more}</text>'


def bar(x: float, y: float, width: float, height: float, look: str) -> str:
    """A bar that grows to the right."""
    round = min(3, width)
    return (
        f'<path class="{look}" d="M{x:.1f} {y:.1f}h{width - round:.1f}q{round} 0 {round} {round}'
        f'v{height - 2 * round:.1f}q0 {round} -{round} {round}h-{width - round:.1f}z"/>'
    )


def line(x: float, y: float, to_x: float, to_y: float, look: str) -> str:
    return f'<path class="{look}" d="M{x:.1f} {y:.1f}L{to_x:.1f} {to_y:.1f}"/>'


def box(x: float, y: float, width: float, height: float, look: str) -> str:
    return f'<rect class="{look}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'


def circle(x: float, y: float, radius: float, look: str) -> str:
    return f'<circle class="{look}" cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>'


def _colours(which: int) -> str:
    """Strokes are what has no area."""
    colour = {name: both[which] for name, both in COLOURS.items()}
    filled = ("page", "ink", "quiet", "edge", "second", "other", "good")
    rules = [f".{name} {{ fill: {colour[name]}; }}" for name in filled]
    rules += [f".{name} {{ stroke: {colour[name]}; }}" for name in ("rim", "whisker", "axis")]
    rules += [f".{name}-line {{ stroke: {colour[name]}; }}" for name in ("edge", "second")]
    rules.append(f".edge-name {{ fill: {colour['edge']}; }}")
    rules.append(f".other-name, .number {{ fill: {colour['ink']}; }}")
    return "\n".join(rules) + "\n"
