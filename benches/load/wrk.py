"""Load, made by wrk."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from process import Failed

# What a browser sends with a request to an API: about 600 bytes.
HEADERS = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36",
    "Accept": "application/json, text/plain, */*",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8",
    "Cookie": "session=0d4b3c1a9f8e7d6c5b4a39281706f5e4; theme=dark; language=zh-CN",
    "Referer": "https://www.example.com/charts/1990-06-15",
    "Sec-Ch-Ua": '"Chromium";v="142", "Not_A Brand";v="99"',
    "Sec-Ch-Ua-Mobile": "?0",
    "Sec-Ch-Ua-Platform": '"Linux"',
    "Sec-Fetch-Dest": "empty",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Site": "same-origin",
}


@dataclass(frozen=True)
class Load:
    """Requests to make, over and over: GET, or POST of the lines of a file in turn."""

    path: str
    connections: int = 64
    post: Path | None = None
    content_type: str = "application/octet-stream"
    tls: bool = False
    script: str = "load.lua"
    arguments: tuple[str, ...] = ()  # of another script


def run(program: str, port: int, load: Load, seconds: float, cores: set[int]) -> dict:
    """Makes requests for some time and tells how that went."""
    command = [program, "--threads", str(len(cores)), "--connections", str(load.connections)]
    # wrk takes whole seconds only.
    command += ["--duration", f"{max(1, round(seconds))}s", "--timeout", "5s", "--latency"]
    for name, value in HEADERS.items():
        command += ["--header", f"{name}: {value}"]
    command += ["--script", str(Path(__file__).with_name(load.script))]
    scheme = "https" if load.tls else "http"
    command.append(f"{scheme}://127.0.0.1:{port}{load.path}")
    arguments = [str(load.post), load.content_type] if load.post else load.arguments
    command += ["--", *arguments] if arguments else []
    ended = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=seconds + 30,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    )
    lines = ended.stdout.strip().splitlines()
    if ended.returncode != 0 or not lines or not lines[-1].startswith("{"):
        raise Failed(f"wrk: {ended.stderr or ended.stdout}")
    return json.loads(lines[-1])
