"""What a server has to do about what it was told. Each takes a connection, and raises if it is not so."""

from hyperframe import frame as frames

from wire import Unmet, Wire, code


class Outcome:
    """What is expected, in words, and how to see it."""

    def __init__(self, words: str, see):
        self.words, self.see = words, see


def connection_error(*reasons: str) -> Outcome:
    """GOAWAY with one of these reasons, and the end (RFC 9113 §5.4.1)."""

    def see(wire: Wire) -> None:
        reason = None
        while frame := wire.next():
            if isinstance(frame, frames.GoAwayFrame):
                reason = code(frame.error_code)
        if reason not in reasons:
            raise Unmet(wire.said())

    return Outcome(f"GOAWAY {' or '.join(reasons)}, and the end", see)


def ended() -> Outcome:
    """The end, with or without an explanation: before HTTP/2 is agreed on there need not be one."""

    def see(wire: Wire) -> None:
        while wire.next():
            pass

    return Outcome("the end of the connection", see)


def stream_error(*reasons: str, refusals: tuple[str, ...] = ()) -> Outcome:
    """RST_STREAM of the last stream, or, where it may be a response instead (RFC 9113 §8.1.1), one of
    these statuses; and the connection lives on (RFC 9113 §5.4.2)."""

    def see(wire: Wire) -> None:
        stream = wire.last
        while True:
            frame = wire.next()
            if frame is None or isinstance(frame, frames.GoAwayFrame):
                raise Unmet(f"the connection ends: {wire.said()}")
            if frame.stream_id != stream:
                continue
            if isinstance(frame, frames.RstStreamFrame) and code(frame.error_code) in reasons:
                break
            status = dict(getattr(frame, "fields", [])).get(":status")
            if status in refusals:
                break
            if status or isinstance(frame, frames.RstStreamFrame):
                raise Unmet(wire.said())
        lives(wire)

    words = [f"RST_STREAM {reason}" for reason in reasons] + [f"status {status}" for status in refusals]
    return Outcome(f"{' or '.join(words)}, and the connection lives on", see)


def malformed() -> Outcome:
    """RFC 9113 §8.1.1: a server may answer before it closes or resets the stream."""
    return stream_error("PROTOCOL_ERROR", refusals=("400",))


def either(*outcomes: Outcome) -> Outcome:
    """RFC 9113 leaves the choice. Each looks at all that was heard so far, so they must agree on how long
    to listen: only a connection that ends satisfies a connection error."""

    def see(wire: Wire) -> None:
        heard = Replayed(wire)
        why = []
        for outcome in outcomes:
            heard.rewind()
            try:
                return outcome.see(heard)
            except Unmet as unmet:
                why.append(str(unmet))
        raise Unmet(why[-1])

    return Outcome(", or ".join(outcome.words for outcome in outcomes), see)


class Replayed:
    """A connection whose frames can be read again."""

    def __init__(self, wire: Wire):
        self.wire, self.frames, self.at = wire, [], 0

    def rewind(self) -> None:
        self.at = 0

    def next(self):
        if self.at == len(self.frames):
            self.frames.append(self.wire.next())
        self.at += 1
        return self.frames[self.at - 1]

    def __getattr__(self, name):
        return getattr(self.wire, name)


def answer(wire: Wire, stream: int) -> tuple[dict, bytes]:
    """The response to a request, complete."""
    fields, body = {}, b""
    while True:
        frame = wire.next()
        if frame is None:
            raise Unmet(f"no complete answer: {wire.said()}")
        if frame.stream_id != stream:
            continue
        if isinstance(frame, frames.RstStreamFrame):
            raise Unmet(f"no complete answer: {wire.said()}")
        fields |= dict(getattr(frame, "fields", []))
        if isinstance(frame, frames.DataFrame):
            body += frame.data
            if frame.flow_controlled_length:
                wire.give(0, frame.flow_controlled_length)
                if "END_STREAM" not in frame.flags:
                    wire.give(stream, frame.flow_controlled_length)
        if "END_STREAM" in frame.flags:
            return fields, body


def lives(wire: Wire) -> None:
    """Another request is answered on the same connection."""
    fields, _ = answer(wire, wire.ask("/"))
    if fields[":status"] != "200":
        raise Unmet(f"another request is answered with {fields[':status']}")


def answered(status: str = "200") -> Outcome:
    """The last stream is answered, and the connection lives on."""

    def see(wire: Wire) -> None:
        fields, _ = answer(wire, wire.last)
        if fields[":status"] != status:
            raise Unmet(wire.said())
        lives(wire)

    return Outcome(f"status {status}, and the connection lives on", see)


def ignored() -> Outcome:
    """As if nothing had been said."""
    return Outcome("nothing: another request is answered", lives)


def seen(words: str) -> Outcome:
    """The case looks for itself."""
    return Outcome(words, lambda wire: None)
