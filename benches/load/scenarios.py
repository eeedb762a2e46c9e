"""What is measured, as data. To add a scenario is to add a line here, and to `Setup` what it asks of
the proxies that no other did."""

from dataclasses import dataclass
from pathlib import Path

from contenders.setup import Setup


@dataclass(frozen=True)
class Scenario:
    """What is measured."""

    title: str
    path: str
    setup: Setup = Setup()
    measure: str = "cost"  # how it is measured: a module in `measures`
    load: str = "wrk"  # what makes it: one of `measures.cost.GENERATORS`
    post: bool = False
    connections: int = 64
    rate: int = 0  # requests a second, where that is fixed
    note: str = ""  # what one has to know beside the figures


TLS = Path("certificate")  # its place is known later

SCENARIOS = {
    "a": Scenario("1 KiB, keep-alive", "/1k.txt"),
    "b": Scenario(
        "latency at 2,000 requests a second", "/1k.txt", measure="latency", rate=2_000
    ),
    "c": Scenario("100 KiB", "/100k.txt"),
    "d": Scenario("1 KiB over TLS 1.3", "/1k.txt", Setup(tls=TLS)),
    "d2": Scenario(
        "1 KiB over TLS 1.3 and HTTP/2", "/1k.txt", Setup(tls=TLS, http2=True), load="h2load"
    ),
    "e": Scenario(
        "a new TLS 1.3 connection for each request", "/1k.txt", Setup(tls=TLS), load="handshake"
    ),
    "e2": Scenario(
        "a resumed TLS 1.3 connection for each request", "/1k.txt", Setup(tls=TLS),
        load="resumption",
    ),
    "f": Scenario(
        "gzip level 6 of 30 KB of JSON", "/data.json", Setup(gzip=True),
        note="HAProxy's compression has one level, and its answers are much larger",
    ),
    "g": Scenario("memory with idle connections", "/1k.txt", measure="memory"),
    "g2": Scenario(
        "memory with idle connections of HTTP/2", "/1k.txt", Setup(http2=True), measure="memory"
    ),
    "h": Scenario(
        "POST of 10 KB", "/form", post=True,
        note="the edge and nginx read the body to its end before they ask the origin, the others do not",
    ),
    "i": Scenario("1 KiB, access log on", "/1k.txt", Setup(log=True)),
    "w": Scenario(
        "1 KiB, two workers instead of one", "/1k.txt", measure="workers", connections=256
    ),
    "w2": Scenario(
        "gzip level 6 of 30 KB of JSON, two workers instead of one", "/data.json",
        Setup(gzip=True), measure="workers", connections=256,
    ),
    "servers": Scenario(
        "1 KiB, 1,000 servers in turn", "/1k.txt", Setup(servers=1000), measure="servers"
    ),
    "least": Scenario(
        "1 KiB, the least busy of 200 servers", "/1k.txt",
        Setup(servers=200, least_conn=True), measure="servers",
    ),
    "keys": Scenario(
        "1 KiB, a rate limit by a million keys", "/1k.txt", Setup(limit=True), measure="keys"
    ),
    "active": Scenario(
        "1 KiB, 2,500 a second on 10,000 connections", "/1k.txt", measure="active",
        connections=10_000, rate=2_500,
    ),
    "events": Scenario(
        "4,000 events a second on 1,000 streams", "/events", Setup(events=True),
        measure="streams", connections=1_000, rate=4_000,
    ),
    "websocket": Scenario(
        "messages there and back on 100 WebSockets", "/ws", Setup(upgrade=True),
        measure="streams", connections=100,
    ),
    "grpc": Scenario(
        "unary gRPC calls, h2c on both sides, 8 at once on each of 8 connections",
        "/load.Calls/Call", Setup(grpc=True), load="grpc",
    ),
}
