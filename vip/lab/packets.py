"""VRRP as bytes, right and wrong, by the formats of VIP.md §2: written apart from the daemon, to judge it."""

import hashlib
import hmac
import ipaddress
import struct
import time

GROUP4, GROUP6 = "224.0.0.18", "ff02::12"
VRRP = 112
VERSION2, VERSION3 = 2, 3


def packed(address):
    return ipaddress.ip_address(address).packed


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def pseudo(source, destination, length):
    if ":" in source:
        return packed(source) + packed(destination) + struct.pack("!IxxxB", length, VRRP)
    return packed(source) + packed(destination) + struct.pack("!BBH", 0, VRRP, length)


def v3(source, priority, interval=0.1, router=51, addresses=("10.77.0.100",), destination=None, kind=1, count=None, wrong=0, version=VERSION3):
    """An advert of version 3. `interval` is in seconds; `wrong` is added to the checksum."""
    destination = destination or (GROUP6 if ":" in source else GROUP4)
    count = len(addresses) if count is None else count
    head = struct.pack("!BBBBHH", version << 4 | kind, router, priority, count, round(interval * 100), 0)
    body = head + b"".join(map(packed, addresses))
    right = checksum(pseudo(source, destination, len(body)) + body)
    return body[:6] + struct.pack("!H", (right + wrong) & 0xFFFF) + body[8:]


def v2(priority, password=None, interval=1, router=51, addresses=("10.77.0.100",)):
    """An advert of version 2, with 8 characters of a password or none."""
    head = struct.pack("!BBBBBBH", 0x21, router, priority, len(addresses), 1 if password else 0, interval, 0)
    body = head + b"".join(map(packed, addresses)) + (password or "").encode()[:8].ljust(8, b"\0")
    return body[:6] + struct.pack("!H", checksum(body)) + body[8:]


def signed(message, source, key, identity=1, at=None, counter=0):
    """A message of version 3 with keepalived 2.4's trailer, signed with `key` at the Unix time `at`."""
    at = time.time() if at is None else at
    seconds, fraction = int(at), int((at % 1) * 65536)
    trailer = struct.pack("!BBHIHH", 1, identity, 0, seconds, fraction, counter)
    family = 6 if ":" in source else 4
    covered = struct.pack("!BBBB", family, message[0] >> 4, message[1], 0) + packed(source).ljust(16, b"\0")
    covered += message[:6] + b"\0\0" + message[8:] + trailer + bytes(16)
    return message + trailer + hmac.new(key.encode(), covered, hashlib.sha256).digest()[:16]


def ip(payload, source, destination=None, ttl=255, fragment=0, protocol=VRRP):
    """A packet around a payload."""
    destination = destination or (GROUP6 if ":" in source else GROUP4)
    if ":" in source:
        return struct.pack("!IHBB", 0x6C000000, len(payload), protocol, ttl) + packed(source) + packed(destination) + payload
    head = struct.pack("!BBHHHBBH", 0x45, 0xC0, 20 + len(payload), 1, fragment, ttl, protocol, 0)
    head += packed(source) + packed(destination)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ethernet(packet, station):
    """A frame from `station`, to everybody."""
    kind = 0x86DD if packet[0] >> 4 == 6 else 0x0800
    return b"\xff" * 6 + bytes.fromhex(station.replace(":", "")) + struct.pack("!H", kind) + packet


def advert(frame):
    """What a frame advertises, as (source, priority, message), or nothing if it is not a VRRP packet over IPv4."""
    if frame[12:14] != b"\x08\x00" or frame[23] != VRRP:
        return None
    start = 14 + (frame[14] & 15) * 4
    message = frame[start : 14 + int.from_bytes(frame[16:18], "big")]
    return str(ipaddress.ip_address(frame[26:30])), message[2], message


def arp(frame):
    """Of which address and station an ARP frame tells, as (operation, sender, station, target), or nothing."""
    if frame[12:14] != b"\x08\x06":
        return None
    operation = int.from_bytes(frame[20:22], "big")
    return operation, str(ipaddress.ip_address(frame[28:32])), frame[22:28].hex(":"), str(ipaddress.ip_address(frame[38:42]))
