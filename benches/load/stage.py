"""Where the contenders of a scenario meet: the origin and they themselves, started and checked."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import check
import grpc
import handshake
import origin
from contender import Contender, Running
from contenders.setup import Setup
from process import Process
from scenarios import Scenario


@dataclass(frozen=True)
class Stage:
    """Who takes part, where, and for how long."""

    programs: Path  # the folder of the compared programs and of the load generators
    folder: Path  # for what they write
    field: list[Contender]
    load: set[int]  # the cores of load generator and origin
    proxy: set[int]
    rounds: int
    seconds: int  # length of a turn

    def with_those_for(self, setup: Setup) -> "Stage":
        """The same without contenders that cannot be configured so."""
        return replace(self, field=[one for one in self.field if one.can(setup)])

    @contextmanager
    def play(self, scenario: Scenario, port: int | None = None) -> Iterator[list[Running]]:
        """The contenders that can play it, running side by side; stopped in the end. They are in front
        of an origin that is started as well, unless there is a server on `port`."""
        setup = scenario.setup
        if setup.tls:
            openssl = str(self.programs / "openssl")
            setup = replace(setup, tls=handshake.certificate(openssl, self.folder / "certificate"))
        started: list[Process] = []
        try:
            if not (own := port):
                place = self.folder / "origin"
                server, port = origin.start(str(self.programs / "nginx"), place, self.load, setup)
                started.append(server)
            running = []
            for contender in (one for one in self.field if one.can(setup)):
                place = self.folder / contender.name
                running.append(contender.start(place, self.proxy, port, setup))
                started.append(running[-1].process)
                if setup.grpc:
                    grpc.check(running[-1])
                elif not own and not scenario.post:
                    check.answers(running[-1], scenario.path, setup)
            yield running
        finally:
            for process in started:
                process.stop()
