"""What a node needs in order to hold the address, and what happens when it has it no longer."""

import json
import os
import signal
import stat

from lab import FOLDER
from pair import adverts, pair, transitions
from scenario import scenario

EDGE = '[[instance.track]]\nedge = "127.0.0.1:9180"\ninterval = "50ms"\n'


def service(lab, host, port=9180):
    """A service that is ready as long as the file says 1."""
    fit = lab.folder / f"fit-{host}"
    fit.write_text("1")
    process = lab.start(host, "python3", FOLDER / "ready.py", port, fit)
    process.fit = fit
    return process


def with_services(lab, tracks):
    services = {host: service(lab, host) for host in "ab"}
    pair(lab, tracks=tracks)
    lab.wait(lambda: [lab.instance(host)["tracks"][0]["up"] for host in "ab"] == [True, True])
    lab.wait_holder("a")
    return services


@scenario
def edge_that_is_killed(lab):
    services = with_services(lab, EDGE)
    services["a"].kill()
    lab.wait_holder("b")
    lab.wait_neighbour("b")
    lab.wait_state("a", "fault")
    assert lab.instance("a")["cause"], lab.instance("a")
    service(lab, "a")
    lab.wait_holder("a")


@scenario
def edge_that_hangs(lab):
    services = with_services(lab, EDGE)
    services["a"].send_signal(signal.SIGSTOP)
    lab.wait_holder("b")
    services["a"].send_signal(signal.SIGCONT)
    lab.wait_holder("a")


@scenario
def edge_that_is_not_ready(lab):
    services = with_services(lab, EDGE)
    services["a"].fit.write_text("0")
    lab.wait_holder("b")
    services["a"].fit.write_text("1")
    lab.wait_holder("a")


@scenario
def edge_that_is_restarted_is_not_noticed_for_long(lab):
    services = with_services(lab, EDGE)
    for _ in range(2):
        lab.end(services["a"])
        services["a"] = service(lab, "a")
    lab.wait_holder("a")
    lab.wait_state("b", "backup")


@scenario
def last_resort(lab):
    """When no node can serve one still holds the address, and the first that can gets it."""
    services = with_services(lab, EDGE)
    for host in "ba":
        services[host].fit.write_text("0")
    lab.wait(lambda: [lab.instance(host)["tracks"][0]["up"] for host in "ab"] == [False, False])
    (holder,) = lab.wait(lambda: len(lab.holders()) == 1 and lab.holders())
    other = "b" if holder == "a" else "a"
    lab.wait_state(other, "fault")
    adverts(lab, other)
    assert lab.holders() == [holder], lab.holders()
    services[other].fit.write_text("1")
    lab.wait_holder(other)
    lab.wait_neighbour(other)
    services["a"].fit.write_text("1")
    lab.wait_holder("a")


@scenario
def without_a_last_resort_nobody_holds_it(lab):
    services = {host: service(lab, host) for host in "ab"}
    pair(lab, tracks=EDGE, last_resort=False)
    for host in "ab":
        services[host].fit.write_text("0")
    lab.wait(lambda: lab.holders() == [] and [lab.state(host) for host in "ab"] == ["fault", "fault"])
    services["b"].fit.write_text("1")
    lab.wait_holder("b")


@scenario
def points_move_it(lab):
    files = {host: lab.folder / f"points-{host}" for host in "ab"}
    for host, file in files.items():
        file.write_text("yes")
        lab.vip(host, tracks=f'[[instance.track]]\nname = "points"\nfile = "{file}"\ninterval = "50ms"\nweight = -20\n')
    lab.wait_holder("a")
    files["a"].unlink()
    lab.wait_holder("b")
    assert lab.instance("a")["priority"] == 80 and lab.metric("a", "vip_priority", instance="VI_1") == 80
    # Both are down: the order is the old one.
    files["b"].write_text("0")
    lab.wait_holder("a")
    files["a"].write_text("yes")
    lab.wait(lambda: lab.instance("a")["priority"] == 100)
    assert lab.holders() == ["a"]


@scenario
def every_kind_of_check(lab):
    http = service(lab, "a", 8080)
    tcp = lab.start("a", "python3", "-m", "http.server", "8081", "--bind", "127.0.0.1", cwd=str(lab.folder))
    lab.do("a", "ip", "link", "add", "other", "type", "veth", "peer", "name", "rehto")
    for name in ("other", "rehto"):
        lab.do("a", "ip", "link", "set", name, "up")
    file = lab.folder / "maintenance"
    file.write_text("")
    script = lab.folder / "check"
    script.write_text(f"#!/bin/sh\ntest -e {lab.folder}/good\n")
    script.chmod(0o755)
    good = lab.folder / "good"
    good.write_text("")
    checks = {
        "h": 'http = "http://127.0.0.1:8080/ready"',
        "t": 'tcp = "127.0.0.1:8081"',
        "i": 'interface = "other"',
        "f": f'file = "{file}"',
        "s": f'script = ["{script}"]',
    }
    text = "".join(f'[[instance.track]]\nname = "{name}"\ninterval = "100ms"\n{check}\n' for name, check in checks.items())
    lab.vip("a", tracks=text)
    lab.vip("b")
    lab.wait_holder("a")

    def down():
        return [track["name"] for track in lab.instance("a")["tracks"] if track["up"] is False]

    def fails(name, act, undo):
        act()
        lab.wait(lambda: down() == [name])
        lab.wait_holder("b")
        assert lab.metric("a", "vip_track_up", instance="VI_1", track=name) == 0
        undo()
        lab.wait_holder("a")
        assert down() == [] and lab.metric("a", "vip_track_up", instance="VI_1", track=name) == 1

    fails("h", lambda: http.fit.write_text("0"), lambda: http.fit.write_text("1"))
    fails("t", lambda: lab.end(tcp), lambda: lab.start("a", "python3", "-m", "http.server", "8081", "--bind", "127.0.0.1", cwd=str(lab.folder)))
    fails("i", lambda: lab.do("a", "ip", "link", "set", "rehto", "down"), lambda: lab.do("a", "ip", "link", "set", "rehto", "up"))
    fails("f", lambda: file.write_text("0\n"), lambda: file.write_text("1\n"))
    fails("s", good.unlink, lambda: good.write_text(""))


def alive(pid):
    """Whether a process is there, and not only waiting to be looked at."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@scenario
def hanging_script_is_killed_with_its_children(lab):
    script = lab.folder / "hang"
    pids = lab.folder / "pids"
    script.write_text(f"#!/bin/sh\nsleep 1000 &\necho $$ $! >>{pids}\nwait\n")
    script.chmod(0o755)
    lab.vip("a", tracks=f'[[instance.track]]\nscript = ["{script}"]\ninterval = "100ms"\ntimeout = "300ms"\n')
    lab.vip("b")
    lab.wait_holder("b")

    def seen():
        return [list(map(int, line.split())) for line in pids.read_text().splitlines()] if pids.exists() else []

    lab.wait(lambda: len(seen()) >= 3)
    first = seen()[:2]
    lab.wait(lambda: not any(alive(pid) for group in first for pid in group))


# Hooks.


def hook(lab, name, text):
    path = lab.folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@scenario
def hooks_are_told_what_happens(lab):
    told = lab.folder / "told"
    script = 'printf "%s|%s|%s %s %s|%s\\n" "$0" "$*" "$VIP_INSTANCE" "$VIP_STATE" "$VIP_ADDRESSES" "$(cat)" >>' + str(told)
    hooks = {name: [hook(lab, name, script), "first"] for name in ("master", "backup", "fault", "stop", "any")}
    fit = lab.folder / "fit"
    fit.write_text("1")
    lines = "[instance.notify]\n" + "".join(f"{name} = {json.dumps(words)}\n" for name, words in hooks.items())
    a = lab.vip("a", tracks=f'{lines}[[instance.track]]\nfile = "{fit}"\ninterval = "50ms"\n')
    lab.wait_holder("a")
    lab.vip("b")
    lab.wait_state("b", "backup")
    fit.write_text("0")
    lab.wait_state("a", "fault")
    fit.write_text("1")
    lab.wait_holder("a")
    lab.end(a)
    lines = [line.split("|") for line in told.read_text().splitlines()]
    names = [os.path.basename(path) for path, *_ in lines]
    assert names[:4] == ["backup", "any", "master", "any"] and names[-2:] == ["stop", "any"], names
    assert "fault" in names, names
    # Each change has its own program and then the one for all, in the order in which they happened.
    assert all(other == "any" for other in names[1::2]), names
    generations = []
    for path, words, variables, event in lines:
        event = json.loads(event)
        generations.append(event["generation"])
        assert event["instance"] == "VI_1" and event["addresses"] == ["10.77.0.100/32"], event
        name, state, addresses = variables.split(" ")
        assert (name, state, addresses) == ("VI_1", event["state"], "10.77.0.100/32"), variables
        if path.endswith("/any"):
            state = "STOP" if event["stopped"] else event["state"].upper()
            assert words == f"first INSTANCE VI_1 {state} {event['priority']}", words
        else:
            assert words == "first", words
    assert generations == sorted(generations), generations


@scenario
def hanging_hook_delays_nothing(lab):
    pids = lab.folder / "pids"
    hang = hook(lab, "hang", f"sleep 1000 &\necho $$ $! >>{pids}\nwait")
    lines = f'[instance.notify]\nany = ["{hang}"]\ntimeout = "1s"\n'
    lab.vip("a", tracks=lines)
    lab.wait_holder("a")
    lab.vip("b", tracks=lines)
    lab.wait_state("b", "backup")
    for to, command in (("b", "release"), ("a", "resume")):
        assert lab.command("a", command).returncode == 0
        lab.wait_holder(to)
    first = list(map(int, pids.read_text().splitlines()[0].split()))
    lab.wait(lambda: not any(map(alive, first)))
    lab.wait(lambda: lab.metric("a", "vip_hooks_total", instance="VI_1", result="failure") > 0)
    assert transitions(lab, "a") == 2, lab.status("a")


@scenario
def hook_that_fails_is_tried_again(lab):
    tried = lab.folder / "tried"
    fail = hook(lab, "fail", f"echo >>{tried}\ntest $(wc -l <{tried}) -ge 2")
    lab.vip("a", tracks=f'[instance.notify]\nmaster = ["{fail}"]\n')
    lab.wait_holder("a")
    lab.wait(lambda: lab.metric("a", "vip_hooks_total", instance="VI_1", result="success") == 1)
    assert tried.read_text().count("\n") == 2

