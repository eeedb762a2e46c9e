"""Asks an address every few milliseconds who is there, and writes down each question's answer:
`[seconds since the epoch, node or null]`. An answer that is later than half a second counts as none."""

import json
import select
import socket
import sys
import time

vip, seconds, every, out = sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
family = socket.AF_INET6 if ":" in vip else socket.AF_INET
asking = socket.socket(family, socket.SOCK_DGRAM)
asking.setblocking(False)
asked, answers = [], {}
begun = time.monotonic()
offset = time.time() - begun
number = 0
end = begun + seconds
while True:
    due = begun + number * every
    now = time.monotonic()
    if now >= end + 0.5:
        break
    if now >= due and due < end:
        try:
            asking.sendto(number.to_bytes(4, "big"), (vip, 9000))
        except OSError:
            # Nobody has answered ARP for a while.
            pass
        asked.append(now)
        number += 1
        continue
    wait = max(0.0, min(due - now, 0.05)) if due < end else 0.01
    if select.select([asking], [], [], wait)[0]:
        try:
            while True:
                answer = asking.recv(64)
                answers[int.from_bytes(answer[:4], "big")] = answer[4:].decode()
        except OSError:
            pass
with open(out, "w", encoding="utf-8") as file:
    json.dump([[at + offset, answers.get(index)] for index, at in enumerate(asked)], file)
