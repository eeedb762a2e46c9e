"""Answers each datagram with the name of this node, from the address that it was sent to."""

import socket
import sys

IPV6_RECVPKTINFO, IPV6_PKTINFO = 49, 50
answer = sys.argv[1].encode()
served = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
served.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
served.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
served.bind(("::", 9000))
while True:
    asked, about, _, client = served.recvmsg(64, 256)
    about = [(level, kind, data) for level, kind, data in about if kind == IPV6_PKTINFO]
    try:
        served.sendmsg([asked + answer], about, 0, client)
    except OSError:
        # The address has gone in the meantime.
        pass
