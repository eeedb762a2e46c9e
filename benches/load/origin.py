"""The server behind the proxies: nginx with files of the sizes that the scenarios ask for."""

import json
import random
from pathlib import Path

from contenders import nginx
from process import Process, free_port


def start(program: str, folder: Path, cores: set[int]) -> tuple[Process, int]:
    """Starts the origin; also returns its port. It keeps every connection open for ever."""
    files = folder / "files"
    files.mkdir(parents=True)
    for path, content in contents().items():
        (files / path.removeprefix("/")).write_bytes(content)
    port = free_port()
    (folder / "nginx.conf").write_text(f"""
{nginx.process(folder)}
http {{
    {nginx.folders(folder)}
    access_log off;
    sendfile on;
    open_file_cache max=100;
    open_file_cache_valid 1h;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    types {{ application/json json; text/plain txt; }}
    server {{
        listen 127.0.0.1:{port};
        root {files};
        location = /form {{ return 200 "thank you"; }}
    }}
}}
""")
    process = Process("origin", nginx.start(program, folder), cores, folder)
    process.wait_for(port)
    return process, port


def contents() -> dict[str, bytes]:
    """What the origin answers, by path."""
    # The same on every machine; text that compresses as an API's answers do.
    dice = random.Random(1)
    text = "".join(dice.choice("abcdefghijklmnopqrstuvwxyz     \n") for _ in range(100 * 1024))
    rows = []
    while len(json.dumps(rows)) < 30_000:
        rows.append(
            {
                "id": len(rows),
                "name": f"customer {dice.randrange(10**6)}",
                "balance": round(dice.uniform(0, 1e5), 2),
                "active": dice.random() < 0.8,
                "tags": dice.sample(["new", "vip", "trial", "paid", "late"], 2),
            }
        )
    return {
        "/1k.txt": text[:1024].encode(),
        "/100k.txt": text.encode(),
        "/data.json": json.dumps(rows).encode(),
    }
