"""What is asked of a proxy, and what is the same for all."""

from dataclasses import dataclass
from pathlib import Path

KEEPALIVE = 128  # idle connections to the origin
ROUTES = 20


@dataclass(frozen=True)
class Setup:
    """What a scenario asks of a proxy."""

    workers: int = 1
    gzip: bool = False
    log: bool = False
    spool: bool = False  # large responses may wait in files
    http2: bool = False  # clients speak HTTP/2: by prior knowledge, or with TLS by ALPN
    tls: Path | None = None  # clients speak TLS; a file with a certificate and its key
    events: bool = False  # event streams are compressed, too, and not held up
    sites: int = 0  # others beside the one that is asked, each with ROUTES routes
