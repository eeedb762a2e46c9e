"""The server behind the proxies: nginx with files of the sizes that the scenarios ask for."""

import json
import random
from pathlib import Path

from contenders import nginx
from contenders.setup import Setup
from process import Process, free_port


def start(program: str, folder: Path, cores: set[int], setup: Setup = Setup()) -> tuple[Process, int]:
    """Starts the origin; also returns its port. It keeps every connection open for ever."""
    files = folder / "files"
    files.mkdir(parents=True)
    for path, content in contents().items():
        (files / path.removeprefix("/")).write_bytes(content)
    port = free_port()
    listens = dict.fromkeys([f"127.0.0.1:{port}", *setup.addresses(port)])
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
        {" ".join(f"listen {address};" for address in listens)}
        {_GRPC if setup.grpc else ""}
        root {files};
        location = /connections {{ stub_status; }}
        location = /form {{ return 200 "thank you"; }}
    }}
}}
""")
    process = Process("origin", nginx.start(program, folder), cores, folder)
    process.wait_for(port)
    return process, port


# Each call is answered with the message of a file, and that all is well.
_GRPC = """http2 on;
        location = /load.Calls/Call {
            # Has it read the message first, as servers of gRPC do: else it answers and resets the
            # stream, which nginx as a proxy takes for an error now and then.
            mirror /read;
            alias files/message.grpc;
            error_page 405 =200 /message.grpc;
        }
        location = /read { internal; return 204; }
        location = /message.grpc {
            internal;
            types { application/grpc grpc; }
            add_trailer grpc-status 0;
            # Only so does it not say how long the message is, which no server of gRPC does.
            sub_filter_types application/grpc;
            sub_filter nothing nothing;
        }"""
MESSAGE = b"\0\0\0\0\x40" + b"m" * 64  # as gRPC frames it


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
        "/message.grpc": MESSAGE,
        "/data.json": json.dumps(rows).encode(),
    }
