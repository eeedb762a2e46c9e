"""Packets that nobody should send, from a third station on the network; firewalls that drop too much."""

import random
import signal
import time

from lab import VIP, VIP6
from packets import GROUP4, advert, arp, ip, packed, signed, v2, v3
from pair import adverts, pair, transitions
from station import Station
from scenario import scenario

PROGRAMS = ["nft"]
KEY, OTHER_KEY = "k" * 32, "o" * 32
X = "10.77.0.3"


def with_keys(lab):
    """A pair that demands signatures."""
    file = lab.folder / "keys"
    file.write_text(f"1 {KEY}\n")
    return pair(lab, auth={"type": "hmac", "key_file": str(file)})


def received(lab, host, result):
    return lab.metric(host, "vip_adverts_received_total", instance="VI_1", result=result)


def changes(lab):
    """All but a's word that it is still the master, when somebody else has said to be."""
    kinds = [("a", "backup"), ("a", "fault"), ("b", "backup"), ("b", "master"), ("b", "fault")]
    return [transitions(lab, host, to) for host, to in kinds]


def is_refused(lab, station, packet, label, hosts="ab", vip=VIP):
    """A packet is counted under a label, and nothing else happens."""
    before = {host: received(lab, host, label) for host in hosts}
    accepted = received(lab, "a", "accepted")
    was = changes(lab)
    station.packet(packet)
    for host in hosts:
        def counted(host=host):
            return received(lab, host, label) == before[host] + 1

        counted.__doc__ = f"{host} has counted one more {label}"
        lab.wait(counted)
    assert changes(lab) == was and lab.holders(vip) == ["a"], label
    # b hears a all the time; a hears nobody.
    assert received(lab, "a", "accepted") == accepted, label


@scenario
def firewall_drops_what_comes_in(lab):
    """Both nodes hear each other all the same: the address is on one of them."""
    for host in "ab":
        lab.drop(host, "input")
    pair(lab)
    adverts(lab, "b")
    assert lab.holders() == ["a"] and transitions(lab, "b") == 0
    assert lab.command("a", "release").returncode == 0
    assert lab.holders() == ["b"]
    assert lab.command("a", "resume").returncode == 0
    lab.wait_holder("a")


@scenario
def wrong_packets_are_counted(lab):
    pair(lab)
    x = Station(lab)
    right = v3(X, 254)
    for packet, label in [
        (ip(right, X, ttl=254), "ttl"),
        (ip(right, X, fragment=0x2000), "fragment"),
        (ip(right, X, destination="10.77.0.1"), "destination"),
        (ip(right, "0.0.0.0"), "source"),
        (ip(v3(X, 254, kind=2), X), "message_type"),
        (ip(v3(X, 254, version=4), X), "unknown_version"),
        (ip(v2(254), X), "other_version"),
        (ip(v3(X, 254, addresses=()), X), "no_addresses"),
        (ip(v3(X, 254, count=200), X), "length"),
        (ip(right + b"\0" * 4, X), "length"),
        (ip(v3(X, 254, wrong=1), X), "checksum"),
        (ip(right[:5], X), "truncated"),
        (ip(v3(X, 254, interval=0), X), "zero_interval"),
        (ip(v3(X, 254, interval=5), X), "interval_too_long"),
        (ip(v3(X, 254, interval=40.95), X), "interval_too_long"),
        (ip(signed(right, X, KEY), X), "unexpected_trailer"),
    ]:
        is_refused(lab, x, packet, label)
    # From an address of one of them.
    is_refused(lab, x, ip(v3("10.77.0.1", 254), "10.77.0.1"), "own_source", "a")


@scenario
def wrong_packets_of_version_2_are_counted(lab):
    file = lab.folder / "password"
    file.write_text("secret\n")
    pair(lab, version=2, advert_interval="1s", auth={"type": "pass", "password_file": str(file)})
    x = Station(lab)
    for packet, label in [
        (ip(v2(254), X), "auth_type"),
        (ip(v2(254, "secreT"), X), "password"),
        (ip(v2(254, "secret", interval=2), X), "interval_mismatch"),
        (ip(v3(X, 254), X), "other_version"),
        (ip(v2(254, "secret")[:-1], X), "length"),
    ]:
        is_refused(lab, x, packet, label)


@scenario
def wrong_packets_over_ipv6_are_counted(lab):
    lab.vip("a", addresses=[f"{VIP6}/128"])
    lab.wait_holder("a", VIP6)
    lab.vip("b", addresses=[f"{VIP6}/128"])
    lab.wait_state("b", "backup")
    x = Station(lab)
    own, addresses = "fe80::3", [VIP6]
    right = v3(own, 254, addresses=addresses)
    for packet, label in [
        (ip(right, own, ttl=254), "ttl"),
        (ip(right, own, destination="ff02::1"), "destination"),
        (ip(v3(own, 254, addresses=addresses, kind=2), own), "message_type"),
        (ip(v3(own, 254, addresses=()), own), "no_addresses"),
        (ip(v3(own, 254, addresses=addresses, count=2), own), "length"),
        (ip(v3(own, 254, addresses=addresses, wrong=1), own), "checksum"),
        (ip(v3(own, 254, addresses=addresses, interval=0), own), "zero_interval"),
        (ip(v3(own, 254, addresses=addresses, interval=5), own), "interval_too_long"),
    ]:
        is_refused(lab, x, packet, label, vip=VIP6)


@scenario
def strangers_are_no_peers(lab):
    """Where peers are named nobody else is listened to, and nothing that is sent to all."""
    for host, peer in (("a", "10.77.0.2"), ("b", "10.77.0.1")):
        lab.vip(host, peers=[peer])
    lab.wait_holder("a")
    lab.wait_state("b", "backup")
    x = Station(lab)
    is_refused(lab, x, ip(v3(X, 254, destination="10.77.0.1"), X, destination="10.77.0.1"), "not_a_peer")
    is_refused(lab, x, ip(v3("10.77.0.2", 254), "10.77.0.2"), "destination")


@scenario
def stolen_address_is_taken_back(lab):
    """x says that the address is its own; the holder does not leave it at that."""
    pair(lab)
    lab.wait_neighbour("a")
    # By then nobody has reason to answer for the address any more.
    adverts(lab, "b", 5)
    x = Station(lab)
    mac, holder, vip = (*(bytes.fromhex(one.replace(":", "")) for one in (x.mac, lab.mac("a"))), packed(VIP))
    # An answer to a's probe that everybody hears.
    claim = b"\xff" * 6 + mac + b"\x08\x06" + b"\0\1\x08\0\6\4\0\2" + mac + vip + holder + vip
    assert arp(claim) == (2, VIP, x.mac, VIP)
    was = changes(lab)

    def believed():
        x.frame(claim)
        return lab.neighbour() == x.mac

    lab.wait(believed)
    lab.wait_neighbour("a")
    assert changes(lab) == was and lab.holders() == ["a"]
    assert lab.metric("a", "vip_split_brain_seconds_total", instance="VI_1") > 0


@scenario
def forged_packet_costs_a_bounded_time_without_keys(lab):
    pair(lab)
    x = Station(lab)
    # The longest interval that is believed.
    x.say(v3(X, 254, interval=1))
    lab.wait(lambda: transitions(lab, "a", "backup") == 2)
    # It comes back by itself.
    lab.wait_holder("a")
    lab.wait_neighbour("a")
    # Farewells of somebody who never was master mean nothing.
    was = changes(lab)
    for _ in range(20):
        x.say(v3(X, 0))
    adverts(lab, "b", 5)
    assert changes(lab) == was and lab.holders() == ["a"]


@scenario
def forged_packets_do_nothing_with_keys(lab):
    with_keys(lab)
    x = Station(lab)
    plain = v3(X, 254)
    for packet, label in [
        (ip(plain, X), "unauthenticated"),
        (ip(v3(X, 0), X), "unauthenticated"),
        (ip(v3(X, 255, interval=5), X), "unauthenticated"),
        (ip(signed(plain, X, OTHER_KEY), X), "bad_hmac"),
        (ip(signed(plain, X, KEY, identity=2), X), "unknown_key"),
        (ip(signed(plain, X, KEY, at=time.time() - 60), X), "outside_window"),
        (ip(signed(plain, X, KEY, at=time.time() + 60), X), "outside_window"),
        (ip(signed(plain, X, KEY)[:-1], X), "length"),
        (ip(signed(plain, X, KEY)[:-28] + b"\2" + signed(plain, X, KEY)[-27:], X), "trailer"),
    ]:
        is_refused(lab, x, packet, label)

    def of_a(frame):
        found = advert(frame)
        return found[2] if found and found[0] == "10.77.0.1" else None

    # What a has said is not heard twice, nor from somebody else, nor with another priority.
    said = x.wait(of_a)
    is_refused(lab, x, ip(said, "10.77.0.1"), "replay", "b")
    is_refused(lab, x, ip(said, X), "checksum")
    raised = v3("10.77.0.1", 200)[:8] + said[8:]
    is_refused(lab, x, ip(raised, "10.77.0.1"), "bad_hmac", "b")
    # One that has the key is believed: all of this is not because nobody listens.
    x.say(signed(plain, X, KEY))
    lab.wait(lambda: transitions(lab, "a", "backup") == 2)
    lab.wait_holder("a")


def reloaded(lab, daemons):
    """Both read their configuration again, one after the other, and hear each other still."""
    for host in "ba":
        before = lab.metric(host, "vip_config_reload_total", result="success")
        daemons[host].send_signal(signal.SIGHUP)
        lab.wait(lambda host=host, before=before: lab.metric(host, "vip_config_reload_total", result="success") == before + 1)
        adverts(lab, "b", 5)


@scenario
def authentication_begins_in_three_steps(lab):
    """receive-only, permissive, enforce: node by node, and nothing moves."""
    file = lab.folder / "keys"
    file.write_text(f"1 {KEY}\n")
    daemons = dict(zip("ab", pair(lab)))
    was = changes(lab)
    for mode in ("receive-only", "permissive", "enforce"):
        for host in "ab":
            lab.configure(host, auth={"type": "hmac", "key_file": str(file), "mode": mode})
        reloaded(lab, daemons)
    assert changes(lab) == was and lab.holders() == ["a"], changes(lab)
    is_refused(lab, Station(lab), ip(v3(X, 254), X), "unauthenticated")


@scenario
def keys_are_replaced(lab):
    """The new one second, first, alone: node by node, and nothing moves."""
    daemons = dict(zip("ab", with_keys(lab)))
    was = changes(lab)
    old, new = f"1 {KEY}\n", f"2 {OTHER_KEY}\n"
    for text in (old + new, new + old, new):
        (lab.folder / "keys").write_text(text)
        reloaded(lab, daemons)
    assert changes(lab) == was and lab.holders() == ["a"], changes(lab)
    is_refused(lab, Station(lab), ip(signed(v3(X, 254), X, KEY), X), "unknown_key")


@scenario
def flood_of_lower_priorities_is_not_multiplied(lab):
    pair(lab)
    adverts(lab, "b")
    x = Station(lab)
    was = changes(lab)
    x.forget()
    begun = time.monotonic()
    for _ in range(500):
        x.say(v3(X, 50))
        time.sleep(0.001)
    heard = x.hear(1)
    took = time.monotonic() - begun
    said = [frame for frame in heard if advert(frame) and advert(frame)[0] == "10.77.0.1"]
    told = [frame for frame in heard if arp(frame) and arp(frame)[1] == VIP and arp(frame)[3] == VIP]
    # One more in each interval of 100 ms than without it, and in each second one beginning of six rounds of two.
    assert 1 <= len(said) <= 2 * took / 0.1 + 5, (len(said), took)
    assert 1 <= len(told) <= 12 * (took + 1), (len(told), took)
    assert changes(lab) == was and lab.holders() == ["a"]


def mutations(packets, number, seed):
    """Packets with some bytes changed, inserted, removed or repeated."""
    chance = random.Random(seed)
    for _ in range(number):
        packet = bytearray(chance.choice(packets))
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(packet)) if packet else 0
            match chance.randrange(4):
                case 0 if packet:
                    packet[at] = chance.choice([0, 1, 127, 128, 255, chance.randrange(256)])
                case 1:
                    packet[at:at] = chance.randbytes(chance.randint(1, 40))
                case 2:
                    del packet[at : at + chance.randint(1, 12)]
                case _:
                    packet += packet[:at]
        yield bytes(packet[:1400])


def kinds():
    right = v3(X, 254)
    many = v3(X, 200, addresses=[f"10.77.1.{number}" for number in range(1, 101)])
    yield from (ip(right, X), ip(many, X), ip(v3(X, 90, interval=1), X), ip(v2(254, "secret"), X), ip(signed(right, X, OTHER_KEY), X))
    yield ip(v3("fe80::3", 254, addresses=["fd77::100"]), "fe80::3")


@scenario
def mutated_packets(lab):
    """20,000 of them: with keys nothing comes of it; without, the pair is again what it was."""
    a, b = with_keys(lab)
    x = Station(lab)
    packets = list(kinds())
    was = changes(lab)
    for number, packet in enumerate(mutations(packets, 20_000, seed=112)):
        # The IP header is left as it is most of the time: what is behind it is to be looked at.
        if number % 4:
            packet = ip(packet[20:], X, GROUP4)
        x.packet(packet)
        if number % 200 == 0:
            time.sleep(0.01)
    lab.wait(lambda: received(lab, "a", "length") > 100)
    adverts(lab, "b")
    assert changes(lab) == was and lab.holders() == ["a"], changes(lab)
    assert a.poll() is None and b.poll() is None
    assert "panic" not in a.log.read_text() + b.log.read_text()


@scenario
def mutated_packets_without_keys(lab):
    a, b = pair(lab)
    x = Station(lab)
    for number, packet in enumerate(mutations(list(kinds()), 5_000, seed=113)):
        x.packet(ip(packet[20:], X, GROUP4))
        if number % 200 == 0:
            time.sleep(0.01)
    lab.wait_holder("a", patience=30)
    lab.wait_state("b", "backup")
    assert a.poll() is None and b.poll() is None
    assert "panic" not in a.log.read_text() + b.log.read_text()
