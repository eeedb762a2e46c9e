"""A client that does everything right, and minds everything that is not: the library `h2`."""

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from cases import case
from origin import LARGE
from outcomes import seen
from wire import Unmet, Wire


class Client:
    """Requests in `h2`'s words."""

    def __init__(self, wire: Wire):
        self.wire = wire
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.flush()
        self.status: dict[int, str] = {}
        self.body: dict[int, bytes] = {}
        self.ended: set[int] = set()

    def flush(self) -> None:
        self.wire.socket.sendall(self.h2.data_to_send())

    def ask(self, path: str, method: str = "GET", end: bool = True) -> int:
        stream = self.h2.get_next_available_stream_id()
        self.h2.send_headers(stream, self.wire.head(path, method), end_stream=end)
        self.flush()
        return stream

    def listen(self) -> None:
        """Takes what comes next; `h2` raises if the server may not say that."""
        try:
            data = self.wire.socket.recv(65536)
        except TimeoutError:
            raise Unmet(f"nothing more; {len(self.status)} heads, {len(self.ended)} ends") from None
        if not data:
            raise Unmet("the connection ends")
        try:
            events = self.h2.receive_data(data)
        except h2.exceptions.ProtocolError as error:
            raise Unmet(f"h2 says {error!r}") from error
        for event in events:
            if isinstance(event, h2.events.ResponseReceived):
                self.status[event.stream_id] = dict(event.headers)[":status"]
            elif isinstance(event, h2.events.DataReceived):
                self.body[event.stream_id] = self.body.get(event.stream_id, b"") + event.data
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                self.ended.add(event.stream_id)
            elif isinstance(event, (h2.events.StreamReset, h2.events.ConnectionTerminated)):
                raise Unmet(f"{event}")
        self.flush()

    def upload(self, stream: int, content: bytes) -> None:
        while content:
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size, len(content))
            if room:
                self.h2.send_data(stream, content[:room], end_stream=room == len(content))
                content = content[room:]
                self.flush()
            else:
                self.listen()

    def all_of(self, *streams: int) -> None:
        while not self.ended.issuperset(streams):
            self.listen()
        if any(self.status[stream] != "200" for stream in streams):
            raise Unmet(f"{self.status}")


@case("h2", "200 requests, one after the other", seen("200 answers"), greets=False)
def _(wire: Wire):
    client = Client(wire)
    for _ in range(200):
        client.all_of(client.ask("/"))


@case("h2", "100 requests at once, large answers", seen("100 complete answers"), greets=False)
def _(wire: Wire):
    client = Client(wire)
    streams = [client.ask("/large") for _ in range(100)]
    client.all_of(*streams)
    if any(len(client.body[stream]) != LARGE for stream in streams):
        raise Unmet(f"{sorted(len(body) for body in client.body.values())}")


@case("h2", "content both ways", seen("the same content"), greets=False)
def _(wire: Wire):
    client = Client(wire)
    content = bytes(range(256)) * 3000
    stream = client.ask("/echo", "POST", end=False)
    client.upload(stream, content)
    client.all_of(stream)
    if client.body[stream] != content:
        raise Unmet(f"{len(client.body[stream])} bytes")
