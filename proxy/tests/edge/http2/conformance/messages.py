"""Requests: which are malformed, and what becomes of those that are not (RFC 9113 §8)."""

from cases import case
from outcomes import Outcome, answer, answered, lives, malformed, seen, stream_error
from wire import DATA, END_STREAM, HEADERS, END_HEADERS, Unmet, Wire, literal, raw

MALFORMED = malformed()


def request(wire: Wire, *lines: tuple[str, str], leave_out: str = "", method: str = "GET", end: bool = True) -> int:
    """A request with these lines after the usual ones, exactly as they are written here."""
    stream = wire.stream()
    usual = [line for line in wire.head("/seen", method) if line[0] != leave_out]
    block = b"".join(literal(name.encode("latin-1"), value.encode("latin-1")) for name, value in (*usual, *lines))
    wire.fields(stream, block, end)
    return stream


def content(wire: Wire, length: str, *pieces: bytes) -> None:
    stream = request(wire, ("content-length", length), method="POST", end=not pieces)
    for number, piece in enumerate(pieces, 1):
        wire.send(raw(DATA, END_STREAM if number == len(pieces) else 0, stream, piece))


@case("8.1", "HEADERS in the middle that do not end the stream", MALFORMED)
def _(wire: Wire):
    stream = request(wire, method="POST", end=False)
    wire.send(raw(DATA, 0, stream, b"x"))
    wire.fields(stream, wire.encoder.encode([("x-trailer", "1")]), end=False)
    wire.send(raw(DATA, END_STREAM, stream, b"x"))


@case("8.1", "trailers", answered())
def _(wire: Wire):
    stream = request(wire, method="POST", end=False)
    wire.send(raw(DATA, 0, stream, b"x"))
    wire.fields(stream, wire.encoder.encode([("x-trailer", "1")]))


@case("8.1", "a pseudo-header in trailers", MALFORMED)
def _(wire: Wire):
    stream = request(wire, method="POST", end=False)
    wire.send(raw(DATA, 0, stream, b"x"))
    wire.fields(stream, literal(b":method", b"POST"))


@case("8.1", "HEAD is answered without content", seen("status 200 and no content"))
def _(wire: Wire):
    fields, body = answer(wire, wire.ask("/", "HEAD"))
    if fields[":status"] != "200" or body:
        raise Unmet(wire.said())


@case("8.1.1", "content-length above the content", MALFORMED)
def _(wire: Wire):
    content(wire, "5", b"four")


@case("8.1.1", "content-length below the content", MALFORMED)
def _(wire: Wire):
    content(wire, "3", b"four")


@case("8.1.1", "content-length below the content, in several frames", MALFORMED)
def _(wire: Wire):
    content(wire, "7", b"four", b"more")


@case("8.1.1", "content-length above the content, in several frames", MALFORMED)
def _(wire: Wire):
    content(wire, "9", b"four", b"more")


@case("8.1.1", "content-length and no content", MALFORMED)
def _(wire: Wire):
    content(wire, "1")


@case("8.1.1", "content-length that is none", MALFORMED)
def _(wire: Wire):
    content(wire, "4x", b"four")


@case("8.1.1", "two content-lengths", MALFORMED)
def _(wire: Wire):
    stream = request(wire, ("content-length", "4"), ("content-length", "5"), method="POST", end=False)
    wire.send(raw(DATA, END_STREAM, stream, b"four"))


@case("8.1.1", "content-length that fits", answered())
def _(wire: Wire):
    content(wire, "8", b"four", b"more")


for name, what in (
    ("X-Upper", "an upper-case name"),
    ("x space", "a name with a space"),
    ("x\0null", "a name with NUL"),
    ("x\x7fdel", "a name with DEL"),
    ("x\xe9", "a name that is not ASCII"),
    ("x:colon", "a name with a colon"),
    ("", "a name that is empty"),
):
    case("8.2.1", what, MALFORMED)(lambda wire, name=name: request(wire, (name, "1")))

for value, what in (
    ("a\0b", "a value with NUL"),
    ("a\rb", "a value with CR"),
    ("a\nb", "a value with LF"),
    (" a", "a value that begins with a space"),
    ("a\t", "a value that ends with a tab"),
):
    case("8.2.1", what, MALFORMED)(lambda wire, value=value: request(wire, ("x-value", value)))

for name, value in (
    ("connection", "keep-alive"),
    ("keep-alive", "timeout=5"),
    ("proxy-connection", "keep-alive"),
    ("transfer-encoding", "chunked"),
    ("upgrade", "websocket"),
    ("te", "gzip"),
    ("te", "trailers, gzip"),
):
    case("8.2.2", f"{name}: {value}", MALFORMED)(lambda wire, line=(name, value): request(wire, line))


@case("8.2.2", "te: trailers", answered())
def _(wire: Wire):
    request(wire, ("te", "trailers"))


@case("8.2.3", "cookies in several lines", seen("one line, joined with `; `, for a server of HTTP/1.1"))
def _(wire: Wire):
    _, body = answer(wire, request(wire, ("cookie", "a=1"), ("cookie", "b=2"), ("cookie", "c=3")))
    lines = [line for line in body.decode().lower().splitlines() if line.startswith("cookie:")]
    if lines != ["cookie: a=1; b=2; c=3"]:
        raise Unmet(f"{lines}")


@case("8.3", "a pseudo-header that nobody knows", MALFORMED)
def _(wire: Wire):
    request(wire, (":unknown", "1"))


@case("8.3", "a pseudo-header of responses", MALFORMED)
def _(wire: Wire):
    request(wire, (":status", "200"))


@case("8.3", "a pseudo-header after a regular one", MALFORMED)
def _(wire: Wire):
    request(wire, ("x-regular", "1"), (":path", "/seen"), leave_out=":path")


@case("8.3", "a pseudo-header in upper case", MALFORMED)
def _(wire: Wire):
    request(wire, (":PATH", "/seen"), leave_out=":path")


for name, value in ((":method", "GET"), (":scheme", "http"), (":path", "/seen"), (":authority", "a.test")):
    case("8.3", f"{name} twice", MALFORMED)(lambda wire, line=(name, value): request(wire, line))

for name in (":method", ":scheme", ":path"):
    case("8.3.1", f"no {name}", MALFORMED)(lambda wire, name=name: request(wire, leave_out=name))
    case("8.3.1", f"{name} that is empty", MALFORMED)(
        lambda wire, name=name: request(wire, (name, ""), leave_out=name)
    )


@case("8.3.1", ":path that begins with no slash", MALFORMED)
def _(wire: Wire):
    request(wire, (":path", "seen"), leave_out=":path")


@case("8.3.1", ":path with a space", MALFORMED)
def _(wire: Wire):
    request(wire, (":path", "/seen me"), leave_out=":path")


@case("8.3.1", ":path of `*` with GET", MALFORMED)
def _(wire: Wire):
    request(wire, (":path", "*"), leave_out=":path")


@case("8.3.1", ":authority with a user", MALFORMED)
def _(wire: Wire):
    request(wire, (":authority", "user@a.test"), leave_out=":authority")


@case("8.3.1", ":authority and another host", MALFORMED)
def _(wire: Wire):
    request(wire, ("host", "b.test"))


@case("8.3.1", "host in place of :authority", answered())
def _(wire: Wire):
    request(wire, ("host", "a.test"), leave_out=":authority")


@case("8.3.1", "neither :authority nor host", MALFORMED)
def _(wire: Wire):
    request(wire, leave_out=":authority")


@case("8.3.1", ":method that is no word", MALFORMED)
def _(wire: Wire):
    request(wire, (":method", "G ET"), leave_out=":method")


@case("8.5", "CONNECT with :scheme and :path", MALFORMED)
def _(wire: Wire):
    request(wire, (":method", "CONNECT"), leave_out=":method")


REFUSED = stream_error("CONNECT_ERROR", "PROTOCOL_ERROR", "REFUSED_STREAM", refusals=("400", "403", "405", "501"))


@case("8.5", "CONNECT, which a reverse proxy has no use for", REFUSED)
def _(wire: Wire):
    stream = wire.stream()
    wire.fields(stream, literal(b":method", b"CONNECT") + literal(b":authority", b"a.test:443"), end=False)


def limit(wire: Wire) -> None:
    """Refused in one way or another; others live."""
    stream = wire.last
    while frame := wire.next():
        if frame.stream_id == stream:
            status = dict(getattr(frame, "fields", [])).get(":status")
            if frame.type == 3 or status in ("431", "400"):
                return lives(wire)
            break
    raise Unmet(wire.said())


@case("10.5.1", "a field section over the limit", Outcome("status 431, 400 or RST_STREAM, and the connection lives on", limit))
def _(wire: Wire):
    lines = [(f"x-{number}", "v" * 3000) for number in range(13)]
    stream, block = wire.stream(), wire.encoder.encode(wire.head(more=lines), huffman=False)
    pieces = [block[at : at + 16000] for at in range(0, len(block), 16000)]
    for number, piece in enumerate(pieces):
        flags = END_HEADERS if number == len(pieces) - 1 else 0
        wire.send(raw(9 if number else HEADERS, flags if number else flags | END_STREAM, stream, piece))
