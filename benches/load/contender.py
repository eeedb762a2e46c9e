"""A proxy that is compared, and one that runs."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from contenders import caddy, edge, envoy, haproxy, nginx, plain
from contenders.setup import Setup
from process import Failed, Process, free_port

KINDS = {"edge": edge, "nginx": nginx, "haproxy": haproxy, "envoy": envoy, "caddy": caddy}


@dataclass(frozen=True)
class Contender:
    """A proxy to compare. Its kind follows from its name, which begins like one of `KINDS`; any other
    is a program that is run as `PROGRAM LISTEN ORIGIN` and does nothing but proxy."""

    name: str
    program: str

    @property
    def kind(self) -> str:
        kinds = (kind for kind in KINDS if self.name.startswith(kind))
        return next(kinds, "plain")

    @property
    def module(self):
        """What knows how it is configured."""
        return KINDS.get(self.kind, plain)

    def can(self, setup: Setup) -> bool:
        """Whether it can be configured so."""
        return self.module.can(setup)

    def version(self) -> str:
        """What it says of itself."""
        if not self.module.VERSION:
            return "a minimal proxy"
        command = [self.program, self.module.VERSION]
        try:
            said = subprocess.run(command, capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise Failed(f"{self.name} does not tell its version: {error}") from error
        first = (said.stdout + said.stderr).strip().splitlines()[0]
        return first.replace(self.program, "").strip()

    def start(self, folder: Path, cores: set[int], origin: int, setup: Setup) -> "Running":
        """Starts it in front of the server on port `origin`."""
        folder.mkdir(parents=True)
        port = free_port()
        command = self.module.command(self.program, folder, port, origin, setup)
        process = Process(self.name, command, cores, folder)
        try:
            process.wait_for(port)
        except Exception:
            process.stop()
            raise
        return Running(self, process, port, origin)


@dataclass(frozen=True)
class Running:
    """A proxy at work."""

    contender: Contender
    process: Process
    port: int
    origin: int  # the port of the servers behind it
