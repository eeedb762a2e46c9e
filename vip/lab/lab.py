"""A network of two nodes and a client in namespaces of its own, and faults for it.

    switch --- a  10.77.0.1  fd77::1     node
          \\-- b  10.77.0.2  fd77::2     node
          \\-- x  10.77.0.3  fd77::3     a third station
          \\-- c  10.77.0.9  fd77::9     the client
    the address that moves: 10.77.0.100, fd77::100

Only root can build it. Everything that it starts ends with it."""

import atexit
import json
import os
import pathlib
import shutil
import re
import signal
import socket
import subprocess
import tempfile
import time

from namespace import connect, inside

VIP = "10.77.0.100"
VIP6 = "fd77::100"
HOSTS = {"a": 1, "b": 2, "x": 3, "c": 9}
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", pathlib.Path.home() / ".cache" / "hifate" / "target"))
PROGRAM = pathlib.Path(os.environ.get("HIFATE_VIP", TARGET / "release" / "hifate-vip"))
FOLDER = pathlib.Path(__file__).resolve().parent


def address(host):
    return f"10.77.0.{HOSTS[host]}"


def address6(host):
    return f"fd77::{HOSTS[host]}"


class Lab:
    """The network, and what runs in it."""

    def __init__(self, name="lab", before=()):
        """`before` stands before the daemons' commands, as `nice` may."""
        if not PROGRAM.exists():
            raise FileNotFoundError(f"{PROGRAM} is not there; `make build` makes it")
        self.program, self.before = PROGRAM, before
        self.name = f"hv{os.getpid()}{name}"[:12]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hifate-lab-"))
        self.running = []
        self.started = 0
        atexit.register(self.close)
        self.build()

    def space(self, host):
        return f"{self.name}-{host}"

    def ip(self, *words, check=True):
        return subprocess.run(["ip", *words], check=check, capture_output=True, text=True)

    def inside(self, host, *words):
        return ["ip", "netns", "exec", self.space(host), *map(str, words)]

    def do(self, host, *words, check=True):
        """Runs a command on a host to its end."""
        return subprocess.run(self.inside(host, *words), check=check, capture_output=True, text=True, timeout=30)

    def build(self):
        for host in ["s", *HOSTS]:
            self.ip("netns", "add", self.space(host))
        # The switch knows at once where everybody is, and has no opinion about multicast.
        self.do("s", "ip", "link", "add", "br0", "type", "bridge", "stp_state", "0", "mcast_snooping", "0", "forward_delay", "0")
        self.do("s", "ip", "link", "set", "br0", "up")
        for host in HOSTS:
            self.ip("link", "add", f"p-{host}", "netns", self.space("s"), "type", "veth", "peer", "name", "eth0", "netns", self.space(host))
            self.do("s", "ip", "link", "set", f"p-{host}", "master", "br0")
            self.do("s", "ip", "link", "set", f"p-{host}", "up")
            self.do(host, "sysctl", "-qw", "net.ipv6.conf.eth0.accept_dad=0", "net.ipv6.conf.eth0.router_solicitations=0", "net.ipv4.conf.all.arp_notify=0")
            self.do(host, "ip", "link", "set", "lo", "up")
            self.do(host, "ip", "link", "set", "eth0", "up")
            self.do(host, "ip", "address", "add", f"{address(host)}/24", "dev", "eth0")
            self.do(host, "ip", "address", "add", f"{address6(host)}/64", "dev", "eth0", "nodad")

    def close(self):
        for process in reversed(self.running):
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait()
        self.running.clear()
        for host in ["s", *HOSTS]:
            self.ip("netns", "delete", self.space(host), check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, host, *words, before=(), **more):
        """Starts a program on a host, with other words before it; what it says is in a file, `log` of the process."""
        self.started += 1
        log = self.folder / f"{self.started}-{host}-{pathlib.Path(str(words[0])).name}.log"
        with log.open("wb") as out:
            # `ip netns exec` becomes the program: its process is the program's.
            process = subprocess.Popen(self.inside(host, *before, *words), stdout=out, stderr=subprocess.STDOUT, **more)
        process.log = log
        self.running.append(process)
        return process

    def end(self, process, how=signal.SIGTERM, patience=10):
        process.send_signal(how)
        process.wait(patience)
        return process.returncode

    # What is on the hosts.

    def holds(self, host, vip=VIP):
        return f" {vip}/" in self.do(host, "ip", "address", "show", "dev", "eth0").stdout

    def holders(self, vip=VIP):
        return [host for host in "ab" if self.holds(host, vip)]

    def wait(self, what, patience=10.0, every=0.01):
        """Waits until `what` is true, and answers that; fails loudly otherwise."""
        until = time.monotonic() + patience
        while time.monotonic() < until:
            found = what()
            if found:
                return found
            time.sleep(every)
        raise AssertionError(f"not within {patience} s: {getattr(what, '__doc__', None) or what}\n{self.logs()}")

    def wait_holder(self, host, vip=VIP, patience=15.0):
        def alone():
            return self.holders(vip) == [host]

        alone.__doc__ = f"{host} alone holds {vip}"
        return self.wait(alone, patience)

    def logs(self):
        texts = []
        for process in self.running:
            lines = process.log.read_text(errors="replace").splitlines()
            texts.append(f"--- {process.log.name}\n" + "\n".join(lines[-60:]))
        return "\n".join(texts)

    def mac(self, host):
        return json.loads(self.do(host, "ip", "-json", "link", "show", "eth0").stdout)[0]["address"]

    # What the client believes.

    def neighbour(self, vip=VIP):
        """The station that the client takes for the address, after it has had a reason to know."""
        family = socket.AF_INET6 if ":" in vip else socket.AF_INET
        with inside(self.space("c")):
            asking = socket.socket(family, socket.SOCK_DGRAM)
        with asking:
            asking.sendto(b"?", (vip, 9))
        known = json.loads(self.do("c", "ip", "-json", "neigh", "show", vip, "dev", "eth0").stdout or "[]")
        return known[0].get("lladdr") if known else None

    def wait_neighbour(self, host, vip=VIP, patience=15.0):
        """Waits until the client speaks to this host. A wrong entry would stay for longer than that."""
        mac = self.mac(host)

        def there():
            return self.neighbour(vip) == mac

        there.__doc__ = f"the client takes {host} for {vip}"
        return self.wait(there, patience)

    # The daemons.

    def configure(self, host, extra="", tracks="", **terms):
        """Writes the configuration of our daemon on a host. `extra` stands before its instance, `tracks` after it."""
        instance = {
            "name": "VI_1",
            "interface": "eth0",
            "virtual_router_id": 51,
            "priority": 100 if host == "a" else 90,
            "addresses": [f"{VIP}/32"],
            "preempt_delay": "0s",
            **terms,
        }
        lines = ["[log]", 'level = "debug"', extra, "[[instance]]"]
        lines += [f"{key} = {json.dumps(value)}" if not isinstance(value, dict) else f"{key} = {inline(value)}" for key, value in instance.items()]
        config = self.folder / f"vip-{host}.toml"
        config.write_text("\n".join(lines) + "\n" + tracks)
        return config

    def vip(self, host, extra="", tracks="", run=(), through=(), program=None, **terms):
        """Starts our daemon on a host, with the words `through` before it."""
        config = self.configure(host, extra, tracks, **terms)
        return self.start(host, program or PROGRAM, "run", "--config", config, *run, before=[*self.before, *through])

    def command(self, host, *words):
        """Runs a command of our program on a host, about the daemon there."""
        return self.do(host, PROGRAM, *words, "--admin", "127.0.0.1:9181", check=False)

    def ask(self, host, path):
        """What the daemon's port for operators answers; nothing if there is none."""
        try:
            with connect(self.space(host), 9181) as connection:
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
                answer = b"".join(iter(lambda: connection.recv(65536), b""))
        except OSError:
            return None
        head, _, body = answer.partition(b"\r\n\r\n")
        return body.decode() if head.startswith(b"HTTP/1.1 200") else None

    def metric(self, host, name, **labels):
        """The value of a metric; 0 if there is none with these labels."""
        for line in (self.ask(host, "/metrics") or "").splitlines():
            found = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
            if found and found[1] == name:
                has = dict(re.findall(r'(\w+)="([^"]*)"', found[2] or ""))
                if labels.items() <= has.items():
                    return float(found[3])
        return 0.0

    def status(self, host):
        shown = self.ask(host, "/api/v1/status")
        return json.loads(shown) if shown else None

    def instance(self, host, number=0):
        """What the daemon says of one of its instances; nothing if it does not answer."""
        status = self.status(host)
        return status["instances"][number] if status else {}

    def state(self, host, number=0):
        return self.instance(host, number).get("state")

    def wait_state(self, host, state, patience=15.0, number=0):
        def there():
            return self.state(host, number) == state

        there.__doc__ = f"{host} is {state}"
        return self.wait(there, patience)

    def keepalived(self, host, instance="", **terms):
        """Starts keepalived on a host. `instance` is put into its only instance."""
        values = {
            "interface": "eth0",
            "virtual_router_id": 51,
            "priority": 100 if host == "a" else 90,
            "advert_int": 1,
            **terms,
        }
        vips = values.pop("addresses", [f"{VIP}/32"])
        top, globals_ = values.pop("top", ""), values.pop("globals", "")
        lines = [f"    {key} {value}" for key, value in values.items()]
        config = self.folder / f"keepalived-{host}.conf"
        config.write_text(
            "global_defs {\n  script_user root\n enable_script_security\n" + globals_ + "}\n" + top +
            "vrrp_instance VI_1 {\n    state BACKUP\n" + "\n".join(lines) + "\n" + instance +
            "\n    virtual_ipaddress {\n" + "\n".join(f"        {vip}" for vip in vips) + "\n    }\n}\n"
        )
        pids = [f"--{kind}pid={self.folder}/{host}-{kind or 'main'}.pid" for kind in ("", "vrrp_")]
        return self.start(host, "keepalived", "--dont-fork", "--log-console", "--log-detail", f"--use-file={config}", *pids, before=self.before)

    # The client.

    def responders(self):
        """On both nodes, something that says which one it is, whatever address it is asked at."""
        return [self.start(host, "python3", FOLDER / "responder.py", host) for host in "ab"]

    def probe(self, seconds, program="probe.py", vip=VIP, every=0.002):
        """Asks from the client every 2 ms; when it has ended the answers are in its file, `out`."""
        out = self.folder / f"probe-{self.started}.json"
        process = self.start("c", "python3", FOLDER / program, vip, str(seconds), str(every), str(out))
        process.out = out
        return process

    # Faults.

    def unplug(self, host):
        """The switch no longer carries anything from or to this host; the host does not notice."""
        self.do("s", "bridge", "link", "set", "dev", f"p-{host}", "state", "0")

    def plug(self, host):
        self.do("s", "bridge", "link", "set", "dev", f"p-{host}", "state", "3")

    def deafen(self, host):
        """The host's firewall drops VRRP in both directions."""
        self.drop(host, "input", "output")

    def drop(self, host, *ways):
        """The host's firewall drops VRRP on its way in, out, or both."""
        chains = [f"chain {way} {{ type filter hook {way} priority 0; meta l4proto 112 drop; }};" for way in ways]
        self.do(host, "nft", f"table inet deaf {{ {' '.join(chains)} }}")

    def heal(self, host):
        self.do(host, "nft", "delete table inet deaf", check=False)


def inline(table):
    return "{ " + ", ".join(f"{key} = {json.dumps(value)}" for key, value in table.items()) + " }"
