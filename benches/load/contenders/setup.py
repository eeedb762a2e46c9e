"""What is asked of a proxy, and what is the same for all."""

from dataclasses import dataclass, fields
from pathlib import Path

KEEPALIVE = 128  # idle connections to the origin
ROUTES = 20
MARK = "X-Config: 0"  # what a configuration says until it is replaced
KEYS = 1_200_000  # room for that many in a rate limit


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
    servers: int = 1  # that answer, each at an address of its own
    least_conn: bool = False  # the one with the fewest requests under way is asked; else in turn
    limit: bool = False  # requests are counted by their X-Api-Key, and none is refused
    upgrade: bool = False  # clients may switch to WebSocket
    grpc: bool = False  # calls of gRPC over HTTP/2 without TLS, on both sides
    marked: bool = False  # answers say by X-Config which configuration it was, and it can be reloaded

    def asks(self) -> set[str]:
        """What it asks beyond a plain proxy, by name."""
        return {one.name for one in fields(self) if getattr(self, one.name) != one.default}

    def addresses(self, port: int) -> list[str]:
        """Where the servers are: all addresses of the loopback are this machine."""
        if self.servers == 1:
            return [f"127.0.0.1:{port}"]
        return [f"127.1.{one // 250}.{one % 250 + 1}:{port}" for one in range(self.servers)]

    def keepalive(self) -> int:
        """Idle connections to be kept to all servers together: with many, two to each."""
        return max(KEEPALIVE, 2 * self.servers)
