#!/usr/bin/env python3
"""Writes the table and the picture of a result into README.md, between two comments; or, with
`--check`, fails unless they are what the result that is named there gives.

    benches/load/readme.py benches/results/compare-.../samples.json
    benches/load/readme.py --check
"""

import argparse
import json
import re
import sys
from pathlib import Path

import figures
import overview
import result
from figures import BASES, Figure
from process import Failed
from programs import BENCHES
from result import Played

ROOT = BENCHES.parent
PAGE, PICTURE = ROOT / "README.md", ROOT / "docs" / "measured.svg"
PART = re.compile(r"<!-- measured: (\S+) -->\n.*?<!-- end of measured -->\n", re.DOTALL)
TITLE = "What the edge needs, by what nginx and HAProxy need"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("result", nargs="?", type=Path, help="of compare.py: its samples in JSON")
    parser.add_argument("--check", action="store_true", help="change nothing, compare")
    chosen = parser.parse_args()
    if bool(chosen.result) == chosen.check:
        parser.error("either a result or --check")
    return chosen


def part(name: str, data: dict) -> str:
    """What stands in README.md of a result."""
    labels = result.labels(data)
    machine, asked = data["machine"], data["asked"]
    field = ("edge", *BASES)
    heads = ["", "edge", *(labels[base] for base in BASES), "edge / nginx", "edge / HAProxy"]
    rows, notes = [], []
    for one in result.played(data):
        figure = one.figures[-1]
        cells = [_cell(figure, name) for name in field]
        rows.append([_label(one, figure), *cells, *_ratios(figure)])
        if one.note:
            notes.append(f"{_label(one, figure)}: {one.note}.")
    lines = [
        f"<!-- measured: {name} -->",
        f"Medians of {asked['rounds']} interleaved rounds of {asked['seconds']} s; ratios are formed round by "
        "round, with the lowest and the highest in brackets.",
        f"Commit `{machine['commit']}`, {machine['cores']} x {machine['cpu']}, Linux "
        f"{machine['kernel'].split('-')[0]}, {machine['time'][:10]}; [every sample]({name}).",
        "",
        figures.table(heads, rows),
        "",
        *([" ".join(notes), ""] if notes else []),
        f"![{TITLE}](docs/{PICTURE.name})",
        "<!-- end of measured -->",
    ]
    return "\n".join(lines) + "\n"


def picture(data: dict) -> str:
    """The ratios of what is better when it is less."""
    rows = []
    for one in result.played(data):
        figure = one.figures[-1]
        ratios = {base: figure.ratio("edge", base) for base in BASES}
        known = {base: ratio for base, ratio in ratios.items() if ratio}
        if known and not figure.more_is_better:
            rows.append(overview.Row(_label(one, figure), known))
    return overview.picture(TITLE, rows, result.caption(data))


def _label(one: Played, figure: Figure) -> str:
    title = one.title[0].upper() + one.title[1:]
    return f"{title}, {figure.part}" if figure.part else title


def _cell(figure: Figure, name: str) -> str:
    spread = figure.spread(name)
    return f"{spread.median:,.{figure.digits}f} {figure.unit}" if spread else "-"


def _ratios(figure: Figure) -> list[str]:
    """In bold where the edge is ahead."""
    cells = []
    for base in BASES:
        ratio = figure.ratio("edge", base)
        if not ratio:
            cells.append("-")
            continue
        ahead = (ratio.median > 1) if figure.more_is_better else (ratio.median < 1)
        median = f"**{ratio.median:.2f}**" if ahead else f"{ratio.median:.2f}"
        same = ratio.low == ratio.high
        cells.append(median if same else f"{median} ({ratio.low:.2f}-{ratio.high:.2f})")
    return cells


def main() -> int:
    chosen = arguments()
    page = PAGE.read_text()
    found = PART.search(page)
    if not found:
        raise Failed("README.md has no part `<!-- measured: RESULT -->` to `<!-- end of measured -->`")
    name = found[1] if chosen.check else str(chosen.result.resolve().relative_to(ROOT))
    data = json.loads((ROOT / name).read_text())
    wanted, drawn = part(name, data), picture(data)
    if not chosen.check:
        PAGE.write_text(page.replace(found[0], wanted))
        PICTURE.write_text(drawn)
    elif found[0] != wanted or not PICTURE.exists() or PICTURE.read_text() != drawn:
        raise Failed(f"README.md or {PICTURE.name} is not what {name} gives; run this with it")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Failed, OSError) as failure:
        sys.exit(f"readme.py: {failure}")
