"""CPU time per request with a rate limit by a header, whose values are one or a million, beside the
same without a limit; and what a million keys weigh. The limits refuse nobody and forget no key."""

import random
import socket
from dataclasses import replace
from functools import partial

import report
import wrk
from contender import Running
from contenders.setup import Setup
from measures import variants
from measures.variants import Samples, failed, measured, table
from process import Failed
from scenarios import Scenario
from stage import Stage

__all__ = ["failed", "measured", "run", "table"]

KEYS = 1_000_000
BATCH = 200  # requests that are sent at once when a limit is filled
PATIENCE = 10.0  # seconds


def run(stage: Stage, scenario: Scenario) -> Samples:
    plain = replace(scenario, setup=Setup())
    stage = stage.with_those_for(scenario.setup)
    stages = [replace(stage, folder=stage.folder / name) for name in ("without", "one", "many")]
    with (
        stages[0].play(plain) as without,
        stages[1].play(scenario) as one,
        stages[2].play(scenario) as many,
    ):
        grown = {it.contender.name: fill(it, KEYS) for it in many}
        turns = {
            alone.contender.name: {
                "no limit": partial(_turn, stage, scenario, alone, KEYS, 0),
                "1 key": partial(_turn, stage, scenario, single, 1, 0),
                f"{KEYS:,} keys": partial(_turn, stage, scenario, it, KEYS, grown[it.contender.name]),
            }
            for alone, single, it in zip(without, one, many)
        }
        return variants.take(turns, stage.rounds)


def _turn(stage: Stage, scenario: Scenario, one: Running, keys: int, grown: int) -> dict:
    # Another place in the circle of keys each time.
    arguments = (str(keys), str(random.randrange(keys)))
    load = wrk.Load(scenario.path, scenario.connections, script="keys.lua", arguments=arguments)
    before = one.process.cpu()
    made = wrk.run(str(stage.programs / "wrk"), one.port, load, stage.seconds, stage.load)
    sample = report.sample(made, one.process.cpu() - before)
    sample["extra"] = {"memory MB": one.process.rss() / 1e6, "bytes per key": grown / KEYS}
    return sample


def fill(one: Running, count: int) -> int:
    """Asks with every key once, for what no server is asked; by how many bytes memory grows."""
    before = one.process.rss()
    head = f"GET /limited HTTP/1.1\r\nHost: 127.0.0.1:{one.port}\r\nX-Api-Key: key"
    with socket.create_connection(("127.0.0.1", one.port), PATIENCE) as client:
        for first in range(0, count, BATCH):
            numbers = range(first, min(first + BATCH, count))
            client.sendall("".join(f"{head}{number:08}\r\n\r\n" for number in numbers).encode())
            _take(client, len(numbers), one.contender.name)
    return one.process.rss() - before


def _take(client: socket.socket, count: int, name: str) -> None:
    """Reads so many answers, all of which have to be good."""
    good, refusals = b"HTTP/1.1 2", (b"HTTP/1.1 4", b"HTTP/1.1 5")
    answered, rest = 0, b""
    while answered < count:
        if not (piece := client.recv(1 << 18)):
            raise Failed(f"{name} ended the connection on which keys are made known")
        rest += piece
        if any(refusal in rest for refusal in refusals):
            raise Failed(f"{name} refuses a key: {rest[:200]!r}")
        answered += rest.count(good)
        rest = rest[-len(good) + 1 :]  # where the next one may begin
