"""Our daemon on one node and Debian's keepalived on the other: what is promised to those who change over."""

import os
import signal
import subprocess

from lab import VIP, VIP6
from pair import adverts
from scenario import scenario

PROGRAMS = ["keepalived", "tcpdump", "tshark"]
PASSWORD = "your_keepalived_password"
AUTH = f"    authentication {{\n        auth_type PASS\n        auth_pass {PASSWORD}\n    }}\n"
ADDRESS = {"a": {4: "10.77.0.1", 6: "fd77::1"}, "b": {4: "10.77.0.2", 6: "fd77::2"}}
OTHER = {"a": "b", "b": "a"}


class Way:
    """How both speak: the same for our daemon and for keepalived."""

    def __init__(self, lab, version=3, unicast=False, family=4):
        self.lab, self.version, self.unicast, self.family = lab, version, unicast, family
        self.vip = VIP if family == 4 else VIP6
        self.address = f"{self.vip}/{32 if family == 4 else 128}"

    def ours(self, host):
        terms = {"version": self.version, "addresses": [self.address]}
        if self.version == 2:
            file = self.lab.folder / "password"
            file.write_text(PASSWORD + "\n")
            terms |= {"advert_interval": "1s", "auth": {"type": "pass", "password_file": str(file)}}
        if self.unicast:
            terms["peers"] = [ADDRESS[OTHER[host]][self.family]]
            terms["source"] = ADDRESS[host][self.family]
            if self.family == 6:
                # keepalived 2.2 sends these with the usual hop limit.
                terms["min_ttl"] = 64
        return self.lab.vip(host, **terms)

    def keepalived(self, host):
        lines = AUTH if self.version == 2 else ""
        terms = {"addresses": [self.address]}
        if self.version == 3:
            terms |= {"globals": "  vrrp_version 3\n", "advert_int": "0.1"}
        if self.family == 6:
            terms["native_ipv6"] = ""
        if self.unicast:
            own, other = ADDRESS[host][self.family], ADDRESS[OTHER[host]][self.family]
            lines += f"    unicast_src_ip {own}\n    unicast_peer {{\n        {other}\n    }}\n"
        return self.lab.keepalived(host, lines, **terms)

    def start(self, who, host):
        return getattr(self, who)(host)

    def kill(self, process):
        """At once, with all its children."""
        for pid in children(process.pid):
            os.kill(pid, signal.SIGKILL)
        process.kill()
        process.wait()

    def bury(self, who, host):
        """keepalived's address stays for ever when it is dead, and ours until the lease ends."""
        if who == "keepalived":
            self.lab.do(host, "ip", "address", "delete", self.address, "dev", "eth0", check=False)


def children(pid):
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout
    return list(map(int, found.split()))


def listen(lab, host):
    """Writes down all VRRP packets that a host hears and says."""
    file = lab.folder / f"{host}.pcap"
    process = lab.start(host, "tcpdump", "-i", "eth0", "-U", "-w", file, "ip proto 112 or ip6 proto 112")
    lab.wait(lambda: "listening on" in process.log.read_text())
    process.file = file
    return process


def judged(lab, process):
    """What tshark says of each packet: source, verdict on the checksum (1 is good), complaints."""
    lab.end(process, signal.SIGINT)
    fields = [word for name in ("eth.src", "vrrp.checksum.status", "_ws.expert.message") for word in ("-e", name)]
    shown = subprocess.run(["tshark", "-r", process.file, "-T", "fields", *fields], capture_output=True, text=True, timeout=60, check=True)
    return [line.split("\t") for line in shown.stdout.splitlines()]


def all_is_good(lab, process, host):
    mac = lab.mac(host)
    ours = [packet for packet in judged(lab, process) if packet[0] == mac]
    assert len(ours) >= 3, ours
    wrong = [packet for packet in ours if packet[1] != "1" or packet[2:] not in ([], [""])]
    assert wrong == [], wrong


def life(lab, first, **way):
    """`first` on a, the other one on b: hand-over, preemption, death."""
    way = Way(lab, **way)
    second = "keepalived" if first == "ours" else "ours"
    host = "a" if first == "ours" else "b"
    heard = listen(lab, host)
    # keepalived begins by listening for a while.
    a = way.start(first, "a")
    lab.wait_holder("a", way.vip, patience=30)
    b = way.start(second, "b")
    if second == "ours":
        lab.wait_state("b", "backup")
        adverts(lab, "b", 2)
    else:
        lab.wait(lambda: "Entering BACKUP STATE" in b.log.read_text(), 30)
    assert lab.holders(way.vip) == ["a"], lab.holders(way.vip)
    lab.end(a)
    lab.wait_holder("b", way.vip, patience=30)
    lab.wait_neighbour("b", way.vip)
    a = way.start(first, "a")
    lab.wait_holder("a", way.vip, patience=30)
    lab.wait_neighbour("a", way.vip)
    way.kill(a)
    lab.wait(lambda: lab.holds("b", way.vip), 30)
    way.bury(first, "a")
    lab.wait_holder("b", way.vip, patience=30)
    lab.wait_neighbour("b", way.vip)
    lab.end(b)
    all_is_good(lab, heard, host)


@scenario
def version_2_ours_first(lab):
    life(lab, "ours", version=2)


@scenario
def version_2_keepalived_first(lab):
    life(lab, "keepalived", version=2)


@scenario
def version_2_unicast_ours_first(lab):
    life(lab, "ours", version=2, unicast=True)


@scenario
def version_2_unicast_keepalived_first(lab):
    life(lab, "keepalived", version=2, unicast=True)


@scenario
def version_3_ours_first(lab):
    life(lab, "ours")


@scenario
def version_3_keepalived_first(lab):
    life(lab, "keepalived")


@scenario
def version_3_unicast_ours_first(lab):
    life(lab, "ours", unicast=True)


@scenario
def version_3_unicast_keepalived_first(lab):
    life(lab, "keepalived", unicast=True)


@scenario
def ipv6_ours_first(lab):
    life(lab, "ours", family=6)


@scenario
def ipv6_keepalived_first(lab):
    life(lab, "keepalived", family=6)


@scenario
def ipv6_unicast_ours_first(lab):
    life(lab, "ours", family=6, unicast=True)


@scenario
def ipv6_unicast_keepalived_first(lab):
    life(lab, "keepalived", family=6, unicast=True)


@scenario
def switching_over_node_by_node(lab):
    """The way of docs/keepalived.md."""
    way = Way(lab, version=2)
    old = {"a": way.keepalived("a")}
    lab.wait_holder("a", patience=30)
    old["b"] = way.keepalived("b")
    lab.wait(lambda: "Entering BACKUP STATE" in old["b"].log.read_text(), 30)
    # 1. The backup's.
    lab.end(old["b"])
    new = {"b": way.ours("b")}
    lab.wait_state("b", "backup")
    adverts(lab, "b", 2)
    assert lab.holders() == ["a"]
    # 2. The other one's.
    lab.end(old["a"])
    lab.wait_holder("b", patience=30)
    lab.wait_neighbour("b")
    new["a"] = way.ours("a")
    lab.wait_holder("a", patience=30)
    lab.wait_state("b", "backup")
    # 3. Version 3 with keys: the backup's is stopped, the holder's restarted, the backup's started again.
    lab.end(new["b"])
    assert lab.holders() == ["a"]
    keys = lab.folder / "keys"
    keys.write_text("1 " + "k" * 32 + "\n")
    terms = {"advert_interval": "100ms", "auth": {"type": "hmac", "key_file": str(keys)}}
    lab.end(new["a"])
    new["a"] = lab.vip("a", **terms)
    lab.wait_holder("a")
    new["b"] = lab.vip("b", **terms)
    lab.wait_state("b", "backup")
    adverts(lab, "b")
    lab.wait_neighbour("a")
    assert lab.command("a", "release").returncode == 0
    assert lab.holders() == ["b"]
