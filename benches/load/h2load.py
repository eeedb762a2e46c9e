"""Load over HTTP/2, made by h2load."""

import os
import re
import subprocess

from process import Failed
from wrk import HEADERS, Load

STREAMS = 8  # at once, on each connection
MILLISECONDS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


def run(program: str, port: int, load: Load, seconds: float, cores: set[int]) -> dict:
    """Makes requests for some time, over TLS or by prior knowledge, and tells how that went."""
    command = [program, "--threads", "1", "--clients", str(load.connections // STREAMS)]
    command += ["--max-concurrent-streams", str(STREAMS), "--duration", str(max(1, round(seconds)))]
    for name, value in HEADERS.items():
        command += ["--header", f"{name.lower()}: {value}"]
    if load.post:
        command += ["--data", str(load.post), "--header", f"content-type: {load.content_type}"]
        command += ["--header", "te: trailers"]
    scheme, protocol = ("https", "h2") if load.tls else ("http", "h2c")
    command.append(f"{scheme}://127.0.0.1:{port}{load.path}")
    ended = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=seconds + 30,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    )
    said = ended.stdout
    finished = re.search(r"finished in ([\d.]+)(?:ms|s)", said)
    requests = re.search(
        r"requests: \d+ total, \d+ started, \d+ done, (\d+) succeeded, (\d+) failed, (\d+) errored",
        said,
    )
    traffic = re.search(r"traffic: \S+ \((\d+)\) total", said)
    if ended.returncode != 0 or not (finished and requests and traffic):
        raise Failed(f"h2load: {ended.stderr or said}")
    if f"Application protocol: {protocol}\n" not in said:
        raise Failed("h2load: HTTP/2 was not agreed on")
    return {
        "requests": int(requests[1]),
        "seconds": seconds,
        "bytes": int(traffic[1]),
        **_latencies(said),
        "errors": {"failed": int(requests[2]), "errored": int(requests[3])},
    }


def _latencies(said: str) -> dict[str, float | None]:
    """What it tells of them; older versions tell no percentiles."""
    heads = re.search(r"^ +min +max +median +p95 +p99 ", said, re.MULTILINE)
    times = re.search(r"^request +: +" + r"([\d.]+)(us|ms|s) +" * 5, said, re.MULTILINE)
    if not (heads and times):
        return {"p50_ms": None, "p99_ms": None}
    of = [float(times[at]) * MILLISECONDS[times[at + 1]] for at in range(1, 11, 2)]
    return {"p50_ms": of[2], "p99_ms": of[4]}
