"""Two nodes with our daemon: who holds the address, whatever happens to one of them."""

import signal

from lab import FOLDER, VIP, VIP6
from scenario import scenario

PROGRAMS = ["nft"]


def pair(lab, **terms):
    """Both daemons at rest: a holds the address, b could."""
    a = lab.vip("a", **terms)
    lab.wait_holder("a")
    b = lab.vip("b", **terms)
    lab.wait_state("b", "backup")
    return a, b


def adverts(lab, host, number=20):
    """Waits until a host has heard some more adverts: time in which something else does not happen."""
    accepted = {"instance": "VI_1", "result": "accepted"}
    before = lab.metric(host, "vip_adverts_received_total", **accepted)

    def heard():
        return lab.metric(host, "vip_adverts_received_total", **accepted) >= before + number

    heard.__doc__ = f"{host} has heard {number} adverts more"
    lab.wait(heard, 20)


def transitions(lab, host, to="master"):
    return lab.metric(host, "vip_transitions_total", instance="VI_1", to=to)


@scenario
def higher_priority_holds_the_address(lab):
    b = lab.vip("b")
    lab.wait_holder("b")
    lab.vip("a")
    lab.wait_holder("a")
    lab.wait_neighbour("a")
    assert lab.state("b") == "backup", lab.status("b")
    assert b.poll() is None


@scenario
def killed_daemon_leaves_no_address(lab):
    a, _ = pair(lab)
    lab.wait_neighbour("a")
    a.kill()
    # The kernel of a removes it; nobody else can.
    lab.wait_holder("b")
    lab.wait_neighbour("b")
    lab.vip("a")
    lab.wait_holder("a")
    lab.wait_neighbour("a")


@scenario
def frozen_daemon_wakes_as_a_loser(lab):
    a, _ = pair(lab)
    # For longer than the lease, and for less.
    for wait in (lambda: lab.wait_holder("b"), lambda: lab.wait(lambda: lab.holds("b"))):
        a.send_signal(signal.SIGSTOP)
        wait()
        a.send_signal(signal.SIGCONT)
        lab.wait_holder("a")
        lab.wait_neighbour("a")
        reasons = [change["reason"] for change in lab.instance("a")["changes"]]
        assert "stalled" in reasons, reasons
        lab.wait_state("b", "backup")


@scenario
def link_down_and_up(lab):
    pair(lab)
    lab.do("a", "ip", "link", "set", "eth0", "down")
    lab.wait_holder("b")
    lab.wait_state("a", "fault")
    shown = lab.command("a", "status")
    assert shown.returncode == 1 and "VI_1" in shown.stderr, shown
    lab.do("a", "ip", "link", "set", "eth0", "up")
    lab.wait_holder("a")
    lab.wait_neighbour("a")


@scenario
def unplugged_and_plugged_in(lab):
    pair(lab)
    lab.wait_neighbour("a")
    lab.unplug("a")
    lab.wait(lambda: lab.holds("b"))
    lab.wait_neighbour("b")
    lab.plug("a")
    lab.wait_holder("a")
    lab.wait_neighbour("a")


@scenario
def partition_heals(lab):
    pair(lab)

    def is_noticed():
        return lab.metric("a", "vip_split_brain_seconds_total", instance="VI_1") > 0

    for first, second in ("ab", "ba"):
        lab.deafen("a")
        lab.deafen("b")
        lab.wait(lambda: lab.holders() == ["a", "b"])
        lab.heal(first)
        if first == "b":
            # a hears b, which does not hear a yet.
            lab.wait(is_noticed)
        lab.heal(second)
        lab.wait_holder("a")
        lab.wait_neighbour("a")
        lab.wait_state("b", "backup")
    # Whoever was told of b is told again of a.
    lab.wait(lambda: "kept" in [change["reason"] for change in lab.instance("a")["changes"]])


@scenario
def release_and_resume(lab):
    _, b = pair(lab)
    released = lab.command("a", "release")
    assert released.returncode == 0 and "handed over" in released.stdout, released
    # It is over when the command is.
    assert lab.holders() == ["b"], lab.holders()
    assert lab.instance("a")["released"]
    lab.wait_neighbour("b")
    adverts(lab, "a")
    assert lab.holders() == ["b"], "it is not taken back"
    resumed = lab.command("a", "resume", "VI_1")
    assert resumed.returncode == 0, resumed
    lab.wait_holder("a")
    lab.end(b)
    refused = lab.command("a", "release")
    assert refused.returncode == 1 and "nobody has taken over; it is still here" in refused.stderr, refused
    assert lab.holders() == ["a"] and lab.state("a") == "master"
    assert not lab.instance("a")["released"]
    unknown = lab.command("a", "release", "VI_2")
    assert unknown.returncode == 1 and "there is no instance `VI_2`" in unknown.stderr, unknown


@scenario
def released_node_still_replaces_a_dead_one(lab):
    _, b = pair(lab)
    assert lab.command("a", "release").returncode == 0
    b.kill()
    lab.wait_holder("a")


@scenario
def stopping_hands_over(lab):
    a, b = pair(lab)
    assert lab.end(a) == 0
    assert lab.holders() == ["b"], lab.holders()
    lab.wait_neighbour("b")
    # The last one leaves nothing behind.
    assert lab.end(b) == 0
    assert lab.holders() == [], lab.holders()


@scenario
def restart_cleans_up(lab):
    """Without a lease a dead daemon's address stays, until a daemon or an operator looks."""
    fit = lab.folder / "fit"
    fit.write_text("1")
    tracks = f'[[instance.track]]\nfile = "{fit}"\ninterval = "50ms"\n'
    a = lab.vip("a", tracks=tracks, lease="0s")
    lab.wait_holder("a")
    lab.vip("b", lease="0s")
    lab.wait_state("b", "backup")
    a.kill()
    lab.wait(lambda: lab.holders() == ["a", "b"])
    fit.write_text("0")
    a = lab.vip("a", tracks=tracks, lease="0s")
    lab.wait_holder("b")
    fit.write_text("1")
    lab.wait_holder("a")
    config = lab.folder / "vip-a.toml"
    alive = lab.do("a", lab.program, "release", "--dead", "--config", config)
    assert "the daemon lives; nothing is removed" in alive.stdout and lab.holds("a"), alive
    a.kill()
    a.wait()
    lab.wait(lambda: lab.holders() == ["a", "b"])
    dead = lab.do("a", lab.program, "release", "--dead", "--config", config)
    assert f"{VIP}/32 removed" in dead.stdout, dead
    lab.wait_holder("b")


@scenario
def address_removed_by_hand_is_back(lab):
    pair(lab)
    adverts(lab, "b")
    for _ in range(3):
        lab.do("a", "ip", "address", "delete", f"{VIP}/32", "dev", "eth0")
        lab.wait_holder("a")
    assert transitions(lab, "a") == 1 and transitions(lab, "b") == 0, (lab.status("a"), lab.status("b"))


@scenario
def nopreempt_leaves_it_where_it_is(lab):
    a, _ = pair(lab, preempt=False)
    lab.end(a)
    lab.wait_holder("b")
    lab.vip("a", preempt=False)
    lab.wait_state("a", "backup")
    adverts(lab, "a")
    assert lab.holders() == ["b"]


@scenario
def group_moves_together(lab):
    def terms(host):
        priority = 100 if host == "a" else 90
        other = f'[[instance]]\nname = "VI_6"\ngroup = "g"\ninterface = "eth0"\nvirtual_router_id = 51\npriority = {priority}\n'
        other += 'preempt_delay = "0s"\naddresses = ["fd77::100/128"]\n'
        file = lab.folder / f"fit-{host}"
        file.write_text("1")
        return {"group": "g", "tracks": f'[[instance.track]]\nfile = "{file}"\ninterval = "50ms"\n{other}'}

    a = lab.vip("a", **terms("a"))
    lab.wait_holder("a")
    lab.vip("b", **terms("b"))
    lab.wait_state("b", "backup")

    def both_at(host):
        lab.wait_holder(host)
        lab.wait_holder(host, VIP6)
        lab.wait_neighbour(host)
        lab.wait_neighbour(host, VIP6)

    both_at("a")
    # What only the first needs moves the second, too.
    (lab.folder / "fit-a").write_text("0")
    both_at("b")
    (lab.folder / "fit-a").write_text("1")
    both_at("a")
    released = lab.command("a", "release", "VI_6")
    assert released.returncode == 0, released
    both_at("b")
    assert lab.command("a", "resume").returncode == 0
    both_at("a")
    a.kill()
    both_at("b")


def life(lab, vip=VIP, peers=None, **terms):
    """An election, a hand-over, and the death of a daemon, in some way of speaking."""

    def begin(host):
        return lab.vip(host, **terms, **({"peers": peers[host]} if peers else {}))

    a = begin("a")
    lab.wait_holder("a", vip)
    b = begin("b")
    lab.wait_state("b", "backup")
    adverts(lab, "b", 2)
    lab.end(a)
    assert lab.holders(vip) == ["b"], lab.holders(vip)
    a = begin("a")
    lab.wait_holder("a", vip)
    lab.wait_neighbour("a", vip)
    lab.wait_state("b", "backup")
    a.kill()
    lab.wait_holder("b", vip)
    lab.wait_neighbour("b", vip)
    lab.end(b)


@scenario
def unicast(lab):
    life(lab, peers={"a": ["10.77.0.2"], "b": ["10.77.0.1"]})


@scenario
def ipv6(lab):
    life(lab, VIP6, addresses=[f"{VIP6}/128"])


@scenario
def ipv6_unicast(lab):
    life(lab, VIP6, peers={"a": ["fd77::2"], "b": ["fd77::1"]}, addresses=[f"{VIP6}/128"])


@scenario
def version_2_with_a_password(lab):
    password = lab.folder / "password"
    password.write_text("your_keepalived_password\n")
    life(lab, version=2, advert_interval="1s", auth={"type": "pass", "password_file": str(password)})


@scenario
def checksum_of_the_rfc(lab):
    life(lab, checksum="rfc9568")


def isolations(lab):
    return [change for change in lab.instance("b")["changes"] if change["reason"] == "isolated"]


@scenario
def witness_decides_who_is_isolated(lab):
    """b takes over only if the gateway, which is x here, answers it."""
    a, _ = pair(lab, witness={"gateway": "10.77.0.3"})
    lab.unplug("x")
    a.kill()
    lab.wait(lambda: isolations(lab))
    # By then b has asked again several times.
    lab.wait(lambda: lab.holders() == [])
    assert len(isolations(lab)) == 1, "it is told once"
    lab.plug("x")
    lab.wait_holder("b")


@scenario
def witness_over_http(lab):
    """b takes over only if a third node answers it."""
    fit = lab.folder / "fit-x"
    fit.write_text("1")
    server = lab.start("x", "python3", FOLDER / "ready.py", 8080, fit, "10.77.0.3")
    lab.wait(lambda: ":1F90 " in lab.do("x", "cat", "/proc/net/tcp").stdout)
    a, _ = pair(lab, witness={"http": "http://10.77.0.3:8080/ready"})
    fit.write_text("0")
    a.kill()
    lab.wait(lambda: isolations(lab))
    lab.wait(lambda: lab.holders() == [])
    fit.write_text("1")
    lab.wait_holder("b")
    assert server.poll() is None


def silent(lab, vip, **terms):
    a = lab.vip("a", witness={"holder": True}, **terms)
    lab.wait_holder("a", vip)
    lab.vip("b", witness={"holder": True}, **terms)
    lab.wait_state("b", "backup")

    def tried():
        return lab.metric("a", "vip_adverts_unsent_total") + lab.metric("a", "vip_adverts_sent_total")

    # Only its adverts are lost.
    lab.drop("a", "output")
    lab.wait(lambda: isolations(lab))
    before = tried()
    lab.wait(lambda: tried() >= before + 20)
    assert lab.holders(vip) == ["a"] and transitions(lab, "b") == 0
    lab.heal("a")
    adverts(lab, "b", 5)
    a.kill()
    lab.wait_holder("b", vip)
    lab.wait_neighbour("b", vip)


@scenario
def silent_holder_is_its_own_witness(lab):
    """As long as a answers for the address b leaves it there, and takes it when a is dead."""
    silent(lab, VIP)


@scenario
def silent_holder_is_its_own_witness_over_ipv6(lab):
    silent(lab, VIP6, addresses=[f"{VIP6}/128"])
