"""Compares this crate with the calendars of two Python packages.

    python compare.py --binary target/release/examples/pillars

Compared are the four pillars, in both conventions for the zi hour, of random
instants and of every jie from 1900 to 2100 to the second, and the lunar date of
every day of those years. The package bazi has astronomy of its own; lunar_python
shares that of tyme4rs, from which our tables come, but not its code. Exits with 1
if anything differs, with 2 if a package is missing.
"""

import argparse
import functools
import random
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

try:
    from bazi.bazi import Bazi
    from bazi.school import BaziConfig, BaziSchool, DayRollover
    from lunar_python import Lunar, Solar
except ModuleNotFoundError as missing:
    print(f"{missing.name} is not installed: run `make setup`", file=sys.stderr)
    sys.exit(2)

FIRST, LAST = datetime(1900, 1, 1), datetime(2100, 12, 31, 23, 59, 59)
SECOND = timedelta(seconds=1)
# In the order of the Gregorian months, one in each.
JIE = "小寒 立春 惊蛰 清明 立夏 芒种 小暑 立秋 白露 寒露 立冬 大雪".split()
MODES = {"next_day": 1, "late": 2}  # lunar_python calls them sects
# bazi knows 1901 to 2099, and minutes only.
BAZI_FIRST, BAZI_LAST = datetime(1901, 3, 1), datetime(2099, 12, 1)
BAZI_CONFIGS = {
    mode: BaziConfig.from_values(precision="minute", school=BaziSchool(day_rollover=rollover))
    for mode, rollover in {
        "next_day": DayRollover.WAN_ZISHI,
        "late": DayRollover.ZIZHENG,
    }.items()
}

Question = tuple[datetime, str]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True, help="the built example `pillars`")
    parser.add_argument("--samples", type=int, default=5000, help="how many random instants")
    parser.add_argument("--seed", type=int, default=1990, help="of the random instants")
    arguments = parser.parse_args()

    jie = list(jie_instants())
    samples = sorted(random_instants(arguments.samples, arguments.seed))
    edges = [instant + offset * SECOND for instant in jie for offset in (-1, 0, 1)]
    edges = [instant for instant in edges if FIRST <= instant <= LAST]
    days = [FIRST + timedelta(days=n, hours=12) for n in range((LAST - FIRST).days + 1)]
    clear = [instant for instant in samples if within_bazi(instant) and not near(instant, jie)]

    print(f"seed {arguments.seed}")
    both = [(instant, mode) for instant in samples for mode in MODES]
    clear_both = [(instant, mode) for instant in clear for mode in MODES]
    edges_both = [(instant, mode) for instant in edges for mode in MODES]
    failures = 0
    for title, questions, oracle in [
        ("random instants, lunar_python", both, lunar_python_pillars),
        ("random instants, bazi", clear_both, bazi_pillars),
        ("jie -1/0/+1 s, lunar_python", edges_both, lunar_python_pillars),
        ("days, lunar dates, lunar_python", [(day, "next_day") for day in days], lunar_date),
    ]:
        failures += compare(arguments.binary, title, questions, oracle)
    return 1 if failures else 0


def compare(
    binary: str, title: str, questions: list[Question], oracle: Callable[[datetime, str], str]
) -> int:
    """Asks the binary and the oracle the same questions; returns how often they differ."""
    answers = ask(binary, questions)
    part = slice(4, None) if oracle is lunar_date else slice(0, 4)
    mismatches = 0
    for (instant, mode), answer in zip(questions, answers, strict=True):
        ours, theirs = " ".join(answer.split(" ")[part]), oracle(instant, mode)
        if ours != theirs:
            mismatches += 1
            if mismatches <= 10:
                print(f"  {instant} {mode}: ours {ours}, theirs {theirs}")
    print(f"{title}: {len(questions)} compared, {mismatches} mismatches")
    return mismatches


def ask(binary: str, questions: Iterable[Question]) -> list[str]:
    lines = "".join(f"{instant.isoformat()} {mode}\n" for instant, mode in questions)
    asked = subprocess.run([binary], input=lines, capture_output=True, text=True, check=True)
    return asked.stdout.splitlines()


def lunar_python_pillars(instant: datetime, mode: str) -> str:
    pillars = lunar(instant).getEightChar()
    pillars.setSect(MODES[mode])
    return f"{pillars.getYear()} {pillars.getMonth()} {pillars.getDay()} {pillars.getTime()}"


def bazi_pillars(instant: datetime, mode: str) -> str:
    """Its late mode begins the hours of the late zi hour with the civil day, a third
    convention, so the hour pillar is that of the other mode."""
    year, month, day, _ = Bazi.create(instant, "male", BAZI_CONFIGS[mode]).pillars
    hour = Bazi.create(instant, "male", BAZI_CONFIGS["next_day"]).hour_pillar
    return f"{year} {month} {day} {hour}"


def lunar_date(instant: datetime, _mode: str) -> str:
    date = lunar(instant)
    month = date.getMonth()  # negative in a leap month
    return f"{date.getYear()}-{abs(month):02}{'+' if month < 0 else '-'}{date.getDay():02}"


@functools.lru_cache(maxsize=1)  # both modes of an instant are asked in turn
def lunar(instant: datetime) -> Lunar:
    return Solar.fromYmdHms(
        instant.year, instant.month, instant.day, instant.hour, instant.minute, instant.second
    ).getLunar()


def jie_instants() -> Iterator[datetime]:
    for year in range(FIRST.year, LAST.year + 1):
        table = lunar(datetime(year, 7, 1)).getJieQiTable()
        instants = [datetime.fromisoformat(table[name].toYmdHms()) for name in JIE]
        assert [instant.month for instant in instants] == list(range(1, 13)), instants
        yield from instants


def random_instants(count: int, seed: int) -> Iterator[datetime]:
    """A third of them in the zi hour, where the conventions differ."""
    source = random.Random(seed)
    seconds = int((LAST - FIRST).total_seconds())
    for number in range(count):
        instant = FIRST + timedelta(seconds=source.randint(0, seconds))
        yield instant.replace(hour=source.choice([23, 0])) if number % 3 == 0 else instant


def within_bazi(instant: datetime) -> bool:
    return BAZI_FIRST <= instant <= BAZI_LAST


def near(instant: datetime, jie: list[datetime]) -> bool:
    """Whether a jie is so near that calendars to the minute may disagree."""
    same_month = jie[(instant.year - FIRST.year) * 12 + instant.month - 1]
    return abs(instant - same_month) < timedelta(seconds=60)


if __name__ == "__main__":
    sys.exit(main())
