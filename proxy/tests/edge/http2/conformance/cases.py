"""The list of cases, and how one is run."""

from dataclasses import dataclass
from typing import Callable

from origin import Origin
from outcomes import Outcome
from wire import Unmet, Wire


@dataclass
class Case:
    section: str
    what: str
    outcome: Outcome
    settings: dict[int, int] | None
    greets: bool
    act: Callable

    @property
    def name(self) -> str:
        return f"{self.section} {self.what}"

    @property
    def expected(self) -> str:
        return self.outcome.words


CASES: list[Case] = []


def case(section: str, what: str, outcome: Outcome, settings: dict[int, int] | None = None, greets: bool = True):
    """A case of this section. The function gets a connection, on which both sides have said their preface
    unless it does not greet, and says on it what is to have that outcome."""

    def add(act: Callable) -> Callable:
        CASES.append(Case(section, what, outcome, settings, greets, act))
        return act

    return add


def run(case: Case, connect: Callable[[], Wire], origin: Origin) -> str | None:
    """What is seen instead of what is expected, if it is not that."""
    origin.shut()
    wire = connect()
    try:
        if case.greets:
            wire.hello(case.settings)
        case.act(wire)
        # Whoever waits for the server waits for what comes after the case.
        if not getattr(case.act, "holds", False):
            origin.open()
        case.outcome.see(wire)
    except Unmet as unmet:
        return str(unmet)
    finally:
        origin.open()
        wire.close()
    return None


def holding(act: Callable) -> Callable:
    """The server keeps what asks for `/held` waiting until the outcome was seen."""
    act.holds = True
    return act
