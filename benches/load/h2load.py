"""Load over HTTP/2, made by h2load."""

import os
import re
import subprocess

from process import Failed
from wrk import HEADERS, Load

STREAMS = 8  # at once, on each connection


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
    finished = re.search(r"finished in ([\d.]+)s", said)
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
        # It tells no percentiles.
        "p50_ms": None,
        "p99_ms": None,
        "errors": {"failed": int(requests[2]), "errored": int(requests[3])},
    }
