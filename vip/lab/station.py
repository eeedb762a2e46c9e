"""A station on the lab's network that sends what it likes and hears what comes by."""

import select
import socket
import time

from namespace import inside
from packets import ethernet, ip

EVERY_PROTOCOL = 3


class Station:
    """The network card of a host, below its IP layer."""

    def __init__(self, lab, host="x"):
        self.mac = lab.mac(host)
        with inside(lab.space(host)):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EVERY_PROTOCOL))
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
            self.socket.bind(("eth0", EVERY_PROTOCOL))

    def frame(self, frame):
        self.socket.send(frame)

    def packet(self, packet):
        self.frame(ethernet(packet, self.mac))

    def say(self, message, source="10.77.0.3", **carriage):
        """Sends a VRRP message."""
        self.packet(ip(message, source, **carriage))

    def forget(self):
        """Does not hear what has come so far."""
        while select.select([self.socket], [], [], 0)[0]:
            self.socket.recv(65536)

    def hear(self, seconds):
        """All frames of others within some time."""
        frames = []
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if select.select([self.socket], [], [], left)[0]:
                frame, about = self.socket.recvfrom(65536)
                if about[2] != socket.PACKET_OUTGOING:
                    frames.append(frame)
        return frames

    def wait(self, wanted, patience=10.0):
        """The first frame for which `wanted` has an answer, which is returned."""
        until = time.monotonic() + patience
        while (left := until - time.monotonic()) > 0:
            if select.select([self.socket], [], [], left)[0]:
                frame, about = self.socket.recvfrom(65536)
                answer = wanted(frame) if about[2] != socket.PACKET_OUTGOING else None
                if answer:
                    return answer
        raise AssertionError(f"not heard within {patience} s: {wanted.__doc__ or wanted}")
