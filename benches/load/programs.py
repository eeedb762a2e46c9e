"""The programs that take part: ours, built as they are shipped, and the others, fetched once."""

import os
import subprocess
from pathlib import Path

BENCHES = Path(__file__).resolve().parents[1]


def peers() -> Path:
    """The folder of the compared programs, filled at the first use."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "hifate" / "peers"
    if not (folder / "bin" / "h2load").exists():
        subprocess.run([BENCHES / "peers.sh", folder], check=True)
    return folder / "bin"


def build(*packages: str) -> Path:
    """Builds programs as they are shipped; returns where they are."""
    command = ["cargo", "build", "--profile", "dist"]
    for package in packages:
        command += ["--package", package]
    root = BENCHES.parent
    subprocess.run(command, check=True, cwd=root)
    return root / os.environ.get("CARGO_TARGET_DIR", "target") / "dist"
