"""Clients that mean harm: what each of them costs has a bound (RFC 9113 §10.5)."""

from cases import case, holding
from outcomes import connection_error
from wire import (
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PING, PRIORITY, RST_STREAM, SETTINGS, WINDOW_UPDATE,
    Wire, literal, raw,
)  # fmt: skip

CALM = connection_error("ENHANCE_YOUR_CALM")
MOST = ((1 << 31) - 1).to_bytes(4, "big")
CANCEL = (8).to_bytes(4, "big")
# Frames, of which a server has long had enough.
MANY = 1_500_000


def deluge(wire: Wire, piece: bytes, count: int = MANY, together: int = 500) -> None:
    """Sends `piece` again and again until the server ends it."""
    for _ in range(count // together):
        if not wire.push(piece * together):
            return


@case("10.5", "streams that are opened and reset as fast as can be (CVE-2023-44487)", CALM)
@holding
def _(wire: Wire):
    block = b"".join(literal(name.encode(), value.encode()) for name, value in wire.head("/held"))
    for stream in range(1, 40_000, 2):
        if not wire.push(raw(HEADERS, END_HEADERS | END_STREAM, stream, block) + raw(RST_STREAM, 0, stream, CANCEL)):
            return


@case("10.5", "streams that are opened and reset by a mistake of ours (CVE-2025-8671)", CALM)
@holding
def _(wire: Wire):
    block = b"".join(literal(name.encode(), value.encode()) for name, value in wire.head("/held"))
    for stream in range(1, 40_000, 2):
        if not wire.push(raw(HEADERS, END_HEADERS | END_STREAM, stream, block) + raw(WINDOW_UPDATE, 0, stream, MOST)):
            return


@case("10.5", "a field block that never ends (CVE-2024-27316)", CALM)
def _(wire: Wire):
    stream = wire.stream()
    wire.send(raw(HEADERS, END_STREAM, stream, wire.encoder.encode(wire.head())))
    deluge(wire, raw(CONTINUATION, 0, stream, literal(b"a", b"b" * 1000)), 100_000, 100)


@case("10.5", "a field block of empty pieces that never ends", CALM)
def _(wire: Wire):
    stream = wire.stream()
    wire.send(raw(HEADERS, END_STREAM, stream, wire.encoder.encode(wire.head())))
    deluge(wire, raw(CONTINUATION, 0, stream, b""))


@case("10.5", "empty DATA that never ends (CVE-2019-9518)", CALM)
def _(wire: Wire):
    deluge(wire, raw(DATA, 0, wire.ask("/echo", "POST", end=False), b""))


# While a request is open, so that it is not for want of one that the connection ends.
for kind, payload, what in (
    (PING, bytes(8), "PING (CVE-2019-9512)"),
    (SETTINGS, b"", "SETTINGS (CVE-2019-9515)"),
    (PRIORITY, bytes(5), "PRIORITY"),
    (0x42, b"", "frames of a kind that nobody knows"),
    (WINDOW_UPDATE, (1).to_bytes(4, "big"), "WINDOW_UPDATE"),
):

    @case("10.5", f"{what} without end", CALM)
    @holding
    def _(wire: Wire, kind=kind, payload=payload):
        stream = wire.ask("/held")
        deluge(wire, raw(kind, 0, stream if kind == PRIORITY else 0, payload))
