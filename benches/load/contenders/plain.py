"""A program without configuration, run as `PROGRAM LISTEN ORIGIN`, that does nothing but proxy."""

from pathlib import Path

from contenders.setup import Setup

VERSION = None


def can(setup: Setup) -> bool:
    return setup == Setup()


def command(program: str, _: Path, port: int, origin: int, __: Setup) -> list[str]:
    return [program, f"127.0.0.1:{port}", f"127.0.0.1:{origin}"]
