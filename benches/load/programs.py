"""The programs that take part: ours, built as they are shipped, and the others, fetched once."""

import os
import subprocess
from pathlib import Path

BENCHES = Path(__file__).resolve().parents[1]


def peers(*others: str) -> Path:
    """The folder of the compared programs and the load generators, filled at the first use; with
    `others` beside nginx and HAProxy."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "hifate" / "peers"
    debian = [other for other in others if other != "envoy"]
    if not all((folder / "bin" / name).exists() for name in ("h2load", *debian)):
        subprocess.run([BENCHES / "peers.sh", folder, "debian"], check=True)
    if "envoy" in others and not (folder / "bin" / "envoy").exists():
        subprocess.run([BENCHES / "peers.sh", folder, "envoy"], check=True)
    return folder / "bin"


def build(*packages: str) -> Path:
    """Builds programs as they are shipped; returns where they are."""
    command = ["cargo", "build", "--profile", "dist"]
    for package in packages:
        command += ["--package", package]
    root = BENCHES.parent
    subprocess.run(command, check=True, cwd=root)
    return root / os.environ.get("CARGO_TARGET_DIR", "target") / "dist"
