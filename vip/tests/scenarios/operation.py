"""Reloads, recordings, metrics, exit codes, and what the daemon may do."""

import json
import re
import shutil
import signal

from lab import VIP
from namespace import connect
from packets import advert
from pair import adverts, pair, transitions
from station import Station
from scenario import scenario

PROGRAMS = ["setpriv"]
STATES = ["init", "backup", "master", "fault"]


def reloads(lab, result):
    return lab.metric("a", "vip_config_reload_total", result=result)


def reload(lab, process, result="success"):
    before = reloads(lab, result)
    process.send_signal(signal.SIGHUP)
    lab.wait(lambda: reloads(lab, result) == before + 1)


@scenario
def reload_changes_priority_and_addresses(lab):
    a, _ = pair(lab)
    lab.configure("a", priority=80)
    reload(lab, a)
    lab.wait_holder("b")
    lab.configure("a")
    reload(lab, a)
    lab.wait_holder("a")
    was = transitions(lab, "a"), transitions(lab, "b")
    more = "10.77.0.101"
    lab.configure("a", addresses=[f"{VIP}/32", f"{more}/32"])
    reload(lab, a)
    lab.wait_holder("a", more)
    # b does not know of it yet, and minds nothing.
    adverts(lab, "b")
    assert lab.holders() == ["a"] and (transitions(lab, "a"), transitions(lab, "b")) == was
    lab.configure("a", addresses=[f"{more}/32"])
    reload(lab, a)
    lab.wait(lambda: lab.holders() == [] and lab.holders(more) == ["a"])


@scenario
def reload_adds_and_removes_instances(lab):
    a = lab.vip("a")
    lab.wait_holder("a")
    second = '[[instance]]\nname = "VI_2"\ninterface = "eth0"\nvirtual_router_id = 52\npriority = 100\naddresses = ["10.77.0.101/32"]\n'
    lab.configure("a", tracks=second)
    reload(lab, a)
    lab.wait_holder("a", "10.77.0.101")
    assert transitions(lab, "a") == 1
    lab.configure("a")
    reload(lab, a)
    lab.wait(lambda: lab.holders("10.77.0.101") == [])
    assert lab.holders() == ["a"] and transitions(lab, "a") == 1
    lab.wait(lambda: len(lab.status("a")["instances"]) == 1)


@scenario
def reload_of_a_bad_file_is_refused(lab):
    a, _ = pair(lab)
    before = lab.status("a")["instances"][0]["priority"]
    for change in ({"priority": 0}, {"prority": 10}, {"extra": '[admin]\nlisten = "127.0.0.1:9999"'}):
        lab.configure("a", **change)
        reload(lab, a, "failure")
    assert lab.instance("a")["priority"] == before and lab.holders() == ["a"]
    assert transitions(lab, "a") == 1 and reloads(lab, "success") == 0
    log = a.log.read_text()
    assert "configuration refused, the old one stays in use" in log and "changes only by a restart" in log, log
    assert "did you mean `priority`" in log or "priority" in log, log


@scenario
def what_is_broken_does_not_start(lab):
    lab.configure("a", priority=0)
    config = lab.folder / "vip-a.toml"
    started = lab.do("a", lab.program, "run", "--config", config, check=False)
    assert started.returncode == 1 and "0 means to leave" in started.stderr, started
    lab.vip("a")
    lab.wait_holder("a")
    again = lab.do("a", lab.program, "run", "--config", config, check=False)
    assert again.returncode == 1 and "cannot listen on 127.0.0.1:9181" in again.stderr, again
    assert lab.holders() == ["a"], "the second one has removed nothing"


@scenario
def recording_is_replayed(lab):
    record = lab.folder / "a.jsonl"
    a = lab.vip("a", run=("--record", record))
    lab.wait_holder("a")
    b = lab.vip("b")
    lab.wait_state("b", "backup")
    lab.do("a", "ip", "address", "delete", f"{VIP}/32", "dev", "eth0")
    lab.wait_holder("a")
    assert lab.command("a", "release").returncode == 0
    assert lab.command("a", "resume").returncode == 0
    lab.wait_holder("a")
    lab.end(a)
    lab.end(b)
    replayed = lab.do("a", lab.program, "replay", record)
    assert replayed.stdout.endswith("this version would have done the same\n"), replayed.stdout[-2000:]
    # What was not so is found.
    lines = record.read_text().splitlines()
    takes = next(number for number, line in enumerate(lines) if json.loads(line).get("output") == "take")
    lines[takes] = lines[takes].replace('"take"', '"drop"')
    record.write_text("\n".join(lines) + "\n")
    replayed = lab.do("a", lab.program, "replay", record, check=False)
    assert replayed.returncode == 1 and f"line {takes + 1}: now it would be Take" in replayed.stdout, replayed
    record.write_text("no recording\n")
    assert f"{record}:1:" in lab.do("a", lab.program, "replay", record, check=False).stderr


@scenario
def status_and_exit_codes(lab):
    silent = lab.command("a", "status")
    assert silent.returncode == 1 and "127.0.0.1:9181" in silent.stderr, silent
    pair(lab)
    shown = lab.command("a", "status", "--json")
    status = json.loads(shown.stdout)
    assert shown.returncode == 0, shown
    (instance,) = status["instances"]
    wanted = {
        "name": "VI_1", "state": "master", "cause": None, "priority": 100, "configured_priority": 100, "virtual_router_id": 51,
        "interface": "eth0", "source": "10.77.0.1", "addresses": [f"{VIP}/32"], "holds_addresses": True, "leaving": False,
        "released": False, "split_brain": False,
    }
    assert wanted.items() <= instance.items(), instance
    table = lab.command("a", "status")
    assert table.returncode == 0 and "VI_1 is MASTER" in table.stdout and "held here" in table.stdout, table
    lab.wait(lambda: lab.instance("b")["last_master"])
    other = lab.command("b", "status")
    assert "VI_1 is BACKUP" in other.stdout and "10.77.0.1 with priority 100" in other.stdout, other
    assert lab.do("a", lab.program, "status", "--nonsense", check=False).returncode == 2
    for path in ("/health", "/api/v1/status", "/metrics"):
        assert lab.ask("a", path), path
    assert lab.ask("a", "/nothing") is None


@scenario
def pages_move_nothing(lab):
    """What a browser could be made to send does nothing."""
    pair(lab)

    def post(*lines, body=""):
        with connect(lab.space("a"), 9181) as connection:
            head = ["POST /api/v1/release HTTP/1.1", "Host: 127.0.0.1:9181", f"Content-Length: {len(body)}", "Connection: close", *lines]
            connection.sendall(("\r\n".join(head) + "\r\n\r\n" + body).encode())
            return connection.recv(4096).decode().split(" ")[1]

    assert post("Origin: http://evil.example") == "403"
    assert post(body='{"instanse": "VI_1"}') == "400"
    assert post(body="not json") == "400"
    assert post(body='{"instance": "VI_2"}') == "409"
    assert lab.holders() == ["a"] and lab.state("a") == "master"
    assert post() == "200"
    assert lab.holders() == ["b"]


@scenario
def metrics_are_there_and_right(lab):
    pair(lab)
    adverts(lab, "b")
    assert lab.command("a", "release").returncode == 0 and lab.command("a", "resume").returncode == 0
    lab.wait_holder("a")
    lab.wait_state("b", "backup")
    sent, heard = [lab.metric("a", "vip_adverts_sent_total", instance="VI_1"), lab.metric("b", "vip_adverts_received_total", result="accepted")]
    assert sent >= 20 and heard >= 20, (sent, heard)
    for host, state in (("a", "master"), ("b", "backup")):
        values = {name: lab.metric(host, "vip_state", instance="VI_1", state=name) for name in STATES}
        assert values == {name: float(name == state) for name in STATES}, values
    assert lab.metric("b", "vip_priority", instance="VI_1") == 90
    assert transitions(lab, "a") == 2 and transitions(lab, "b") == 1 and transitions(lab, "b", "backup") == 2
    text = lab.ask("b", "/metrics")
    for name in ("vip_split_brain_seconds_total", "process_resident_memory_bytes", "process_cpu_seconds_total"):
        assert re.search(rf"^{name}", text, re.MULTILINE), name
    typed = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE))
    helped = dict(re.findall(r"^# HELP (\w+) (.+)$", text, re.MULTILINE))
    ours = [name for name in typed if name.startswith("vip_")]
    assert len(ours) >= 6 and set(ours) <= set(helped), (typed, helped)
    # As `promtool check metrics` has it.
    for name in ours:
        assert (typed[name] == "counter") == name.endswith("_total"), f"{name} is a {typed[name]}"


def capable(lab, *capabilities):
    """The words that start a program as nobody, with some capabilities and no others."""
    plus = ",".join(f"+{name}" for name in capabilities)
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs", f"--inh-caps=-all,{plus}", f"--ambient-caps=-all,{plus}", f"--bounding-set=-all,{plus}"]


def program_for_all(lab):
    """The program where nobody finds it."""
    lab.folder.chmod(0o755)
    return shutil.copy(lab.program, lab.folder)


@scenario
def two_capabilities_suffice(lab):
    program = program_for_all(lab)
    a = lab.vip("a", program=program, through=capable(lab, "net_admin", "net_raw"))
    lab.wait_holder("a")
    with open(f"/proc/{a.pid}/status", encoding="ascii") as file:
        about = file.read()
    assert "Uid:\t65534" in about and "CapEff:\t0000000000003000" in about, about
    lab.vip("b")
    lab.wait_state("b", "backup")
    lab.wait_neighbour("a")
    lab.do("a", "ip", "address", "delete", f"{VIP}/32", "dev", "eth0")
    lab.wait_holder("a")
    assert lab.end(a) == 0
    lab.wait_holder("b")


@scenario
def address_that_cannot_be_put_is_not_advertised(lab):
    station = Station(lab, "x")
    lab.vip("a", program=program_for_all(lab), through=capable(lab, "net_raw"))
    lab.wait_state("a", "fault")

    def tried(number):
        changes = [change for change in lab.instance("a")["changes"] if change["state"] == "fault"]
        return len(changes) >= number

    lab.wait(lambda: tried(2))
    shown = lab.command("a", "status")
    assert shown.returncode == 1, shown
    heard = [frame for frame in station.hear(0.5) if advert(frame)]
    # What it may say is that it is not there.
    assert [frame for frame in heard if advert(frame)[1] > 0] == [], heard
    assert lab.holders() == [] and transitions(lab, "a") == 0
    # Another node is not kept from it.
    lab.vip("b")
    lab.wait_holder("b")


@scenario
def address_that_is_taken_away_for_good_is_given_up(lab):
    """The kernel refuses to put it back: the other node gets it."""
    pair(lab)
    # IPv4 is switched off on the interface by taking its addresses away: there is nothing to speak from.
    lab.do("a", "ip", "address", "flush", "dev", "eth0")
    lab.wait_holder("b")
    lab.wait_state("a", "fault")
    lab.do("a", "ip", "address", "add", "10.77.0.1/24", "dev", "eth0")
    lab.wait_holder("a")
