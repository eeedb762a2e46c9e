"""A result of the comparison: a folder with every sample, a page for people, and charts."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import chart
import report
from figures import BASES, Figure
from measures import MEASURES
from scenarios import SCENARIOS

NAMES = {**BASES, "envoy": "Envoy", "caddy": "Caddy"}
SAMPLES, PAGE = "samples.json", "README.md"


@dataclass(frozen=True)
class Played:
    """A scenario and what was measured."""

    key: str
    title: str
    measure: str
    samples: dict

    @property
    def note(self) -> str:
        return SCENARIOS[self.key].note

    @property
    def figures(self) -> list[Figure]:
        return MEASURES[self.measure].measured(self.samples)

    @property
    def table(self) -> str:
        return MEASURES[self.measure].table(self.samples)

    @property
    def failed(self) -> bool:
        return MEASURES[self.measure].failed(self.samples)


def played(data: dict) -> Iterator[Played]:
    """The scenarios of a result. Those of before 2026-11-28 do not say how theirs are called."""
    for key, scenario in SCENARIOS.items():
        if key in data:
            said = data.get("scenarios", {}).get(key, {})
            title, measure = said.get("title", scenario.title), said.get("measure", scenario.measure)
            yield Played(key, title, measure, data[key])


def labels(data: dict) -> dict[str, str]:
    """The contenders' names as people write them, with their versions."""
    names = {name: NAMES.get(name, name) for name in data["versions"]}
    versions = {name: re.search(r"\d+\.\d+(\.\d+)*", said) for name, said in data["versions"].items()}
    return {name: f"{names[name]} {found[0]}" if found else name for name, found in versions.items()}


def caption(data: dict) -> str:
    """Where and when, in a line."""
    machine, asked = data["machine"], data["asked"]
    return (
        f"commit {machine['commit']}, {machine['cores']} x {machine['cpu']}, "
        f"Linux {machine['kernel'].split('-')[0]}, {asked['rounds']} rounds, {machine['time'][:10]}"
    )


def page(data: dict) -> str:
    """All of it for people."""
    lines = [report.heading(data["machine"], data["versions"])]
    for one in played(data):
        lines += ["", f"### ({one.key}) {one.title}", "", f"![{one.title}]({one.key}.svg)", "", one.table]
        if one.note:
            lines += ["", f"Note: {one.note}."]
    for key, why in data.get("failures", {}).items():
        lines += ["", f"### ({key}) failed", "", f"    {why}"]
    return "\n".join(lines) + "\n"


def write(folder: Path, data: dict) -> None:
    """Writes what there is so far."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SAMPLES).write_text(json.dumps(data, indent=1) + "\n")
    (folder / PAGE).write_text(page(data))
    for one in played(data):
        picture = chart.bars(one.title, one.figures, labels(data), caption(data))
        (folder / f"{one.key}.svg").write_text(picture)
