"""Unary calls of gRPC: one by hand that is looked at closely, and many made by h2load."""

import asyncio
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import calls
import h2load
import origin
from contender import Running
from process import Failed
from wrk import Load

PATIENCE = 5.0  # seconds


def check(running: Running) -> None:
    """Fails unless a call is answered with the origin's message and a good end."""
    try:
        asyncio.run(asyncio.wait_for(_call(running), PATIENCE))
    except (OSError, LookupError, asyncio.TimeoutError) as error:
        raise Failed(f"{running.contender.name}: a gRPC call failed: {error!r}") from error


async def _call(running: Running) -> None:
    call = calls.Call(*await asyncio.open_connection("127.0.0.1", running.port), "http")
    call.ask(b"hello")
    answer, end = await call.next(), await call.next()
    call.close()
    if (answer, end) != (origin.MESSAGE[5:], None):
        raise Failed(f"{running.contender.name}: another answer came: {answer!r}, {end!r}")


def run(program: str, port: int, load: Load, seconds: float, cores: set[int]) -> dict:
    """Makes calls for some time and tells how that went. That a call ends well, h2load does not
    look at: its status alone counts."""
    with TemporaryDirectory(prefix="hifate-bench-") as folder:
        message = Path(folder) / "message"
        message.write_bytes(origin.MESSAGE)
        load = replace(load, post=message, content_type="application/grpc")
        return h2load.run(program, port, load, seconds, cores)
