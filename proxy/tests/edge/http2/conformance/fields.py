"""Compressed fields (RFC 7541)."""

from hyperframe import frame as frames

from cases import case
from outcomes import answer, answered, connection_error, seen
from wire import SETTINGS, Unmet, Wire, integer, literal, raw

COMPRESSION = connection_error("COMPRESSION_ERROR")
TABLE_SIZE = frames.SettingsFrame.HEADER_TABLE_SIZE


def send(wire: Wire, *pieces: bytes, before: bytes = b"") -> None:
    """A request with `pieces` among its lines, and `before` at its beginning."""
    usual = b"".join(literal(name.encode(), value.encode()) for name, value in wire.head())
    wire.fields(wire.stream(), before + usual + b"".join(pieces))


@case("7541 2.3.3", "an index of 0", COMPRESSION)
def _(wire: Wire):
    send(wire, b"\x80")


@case("7541 2.3.3", "an index beyond both tables", COMPRESSION)
def _(wire: Wire):
    send(wire, integer(70, 7, 0x80))


@case("7541 2.3.3", "a name's index beyond both tables", COMPRESSION)
def _(wire: Wire):
    send(wire, integer(70, 6, 0x40) + b"\x01v")


@case("7541 2.3.3", "indices of both tables", seen("the same lines as before"))
def _(wire: Wire):
    wire.encoder.header_table_size = 4096
    line = [("x-indexed", "value")]
    answer(wire, wire.ask("/seen", more=line))
    block = wire.encoder.encode(wire.head("/seen", more=line))
    if len(block) > 10:
        raise Unmet(f"{len(block)} bytes, so hpack does not index")
    stream = wire.stream()
    wire.fields(stream, block)
    if b"x-indexed: value" not in answer(wire, stream)[1].lower():
        raise Unmet(wire.said())


@case("7541 4.2", "a size update after a line", COMPRESSION)
def _(wire: Wire):
    send(wire, integer(0, 5, 0x20))


@case("7541 4.2", "size updates before the lines", answered())
def _(wire: Wire):
    send(wire, before=integer(0, 5, 0x20) + integer(4096, 5, 0x20))


@case("7541 6.3", "a size update beyond SETTINGS_HEADER_TABLE_SIZE", COMPRESSION)
def _(wire: Wire):
    send(wire, before=integer(4097, 5, 0x20))


@case("7541 4.2", "a size update of 0 empties the table", COMPRESSION)
def _(wire: Wire):
    send(wire, b"\x40\x01a\x01b")
    answer(wire, wire.last)
    send(wire, integer(62, 7, 0x80), before=integer(0, 5, 0x20))


@case("7541 4.3", "the oldest lines are evicted", COMPRESSION)
def _(wire: Wire):
    # Each is of 32 + 1 + 100 bytes; 31 do not fit in 4096.
    send(wire, *(b"\x40\x01a" + integer(100, 7) + b"v" * 100 for _ in range(31)))
    answer(wire, wire.last)
    send(wire, integer(61 + 31, 7, 0x80))


@case("7541 4.4", "a line larger than the table", answered())
def _(wire: Wire):
    send(wire, b"\x40\x01a" + integer(5000, 7) + b"v" * 5000)


@case("7541 5.1", "an integer that never ends", COMPRESSION)
def _(wire: Wire):
    send(wire, b"\xff" + b"\xff" * 20 + b"\x00")


@case("7541 5.1", "an integer that is cut off", COMPRESSION)
def _(wire: Wire):
    send(wire, b"\xff\x80")


@case("7541 5.2", "a text that is cut off", COMPRESSION)
def _(wire: Wire):
    send(wire, b"\x00\x05ab")


@case("7541 5.2", "a Huffman code", seen("the text"))
def _(wire: Wire):
    # RFC 7541 C.4.3: "custom-value".
    stream = wire.stream()
    usual = b"".join(literal(name.encode(), value.encode()) for name, value in wire.head("/seen"))
    wire.fields(stream, usual + b"\x00\x08x-custom\x89" + bytes.fromhex("25a849e95bb8e8b4bf"))
    if b"x-custom: custom-value" not in answer(wire, stream)[1].lower():
        raise Unmet(wire.said())


@case("7541 5.2", "a Huffman code with more than 7 bits of padding", COMPRESSION)
def _(wire: Wire):
    send(wire, b"\x00\x01x\x82\x1f\xff")


@case("7541 5.2", "a Huffman code padded with zeros", COMPRESSION)
def _(wire: Wire):
    send(wire, b"\x00\x01x\x81\x18")


@case("7541 5.2", "a Huffman code with EOS in it", COMPRESSION)
def _(wire: Wire):
    send(wire, b"\x00\x01x\x84\xff\xff\xff\xff")


@case("7541 6.2", "lines in each of the four forms", answered())
def _(wire: Wire):
    send(wire, b"\x40\x01a\x01b", b"\x00\x01a\x01b", b"\x10\x01a\x01b", integer(62, 7, 0x80))


@case("7541 6.2.3", "a name from the table, never indexed", answered())
def _(wire: Wire):
    # authorization
    send(wire, integer(23, 4, 0x10) + b"\x01x")


@case("7541 4.2", "a client that has no table", seen("an answer that needs none"), settings={TABLE_SIZE: 0})
def _(wire: Wire):
    wire.decoder.max_allowed_table_size = 0
    for _ in range(3):
        answer(wire, wire.ask("/"))


@case("7541 4.2", "a client's table that shrinks in the middle", seen("a size update, and answers that fit it"))
def _(wire: Wire):
    answer(wire, wire.ask("/"))
    wire.send(raw(SETTINGS, 0, 0, b"\0\1\0\0\0\x40"))
    # The new size counts from its acknowledgement on.
    while not (isinstance(frame := wire.next(), frames.SettingsFrame) and "ACK" in frame.flags):
        if frame is None:
            raise Unmet(wire.said())
    wire.decoder.max_allowed_table_size = 64
    for _ in range(3):
        answer(wire, wire.ask("/"))
