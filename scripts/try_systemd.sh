#!/bin/bash
# Tries the units of systemd/ with the real systemd: it is started in namespaces of its own, over a copy of this
# system in memory, so that nothing of the machine is touched, installs what `make build` has built, and does to
# the edge and the VIP daemon what operators and accidents do. Takes a minute.
#
#   sudo make try-systemd        needs root, systemd, util-linux, curl; cgroups that can be written
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)

# The inner side: a root of its own, in which systemd becomes the first process.
if [ "${1:-}" = inside ]; then
    folder=$2
    mount --make-rprivate /
    mount -t tmpfs tmpfs "$folder"
    mkdir "$folder"/{upper,work,root}
    mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" "$folder/root"
    cd "$folder/root"
    DESTDIR=$PWD PREFIX=/usr "$here/scripts/install.sh" >&2
    mount -t proc proc proc
    mount --rbind /sys sys
    mount --rbind /dev dev
    mount -t tmpfs tmpfs run
    mount -t tmpfs tmpfs tmp
    ip link set lo up
    # Nothing of this machine's own is started.
    rm -rf etc/systemd/system/*.wants
    for unit in {usr/,}lib/systemd/system/{sysinit,basic,multi-user,sockets,timers}.target.wants/*; do
        name=$(basename "$unit")
        [ -d "etc/systemd/system/$name" ] || ln -sf /dev/null "etc/systemd/system/$name"
    done
    exec chroot . env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin container=other \
        "$(command -v /usr/lib/systemd/systemd /lib/systemd/systemd | head -n 1)" \
        --system --log-target=console --unit=basic.target
fi

folder=$(mktemp -d)
log=$(mktemp)
unshare --mount --pid --fork --cgroup --uts --ipc --net --kill-child "$0" inside "$folder" >"$log" 2>&1 &
outer=$!
end() {
    code=$?
    [ $code = 0 ] || { echo "--- systemd said:"; tail -n 20 "$log"; }
    # The first process; everything inside ends with it.
    pkill -9 -P "$outer" || true
    wait "$outer" 2>/dev/null || true
    rmdir "$folder"
    rm -f "$log"
    exit $code
}
trap end EXIT

# A command inside.
run() {
    local first
    first=$(pgrep -P "$outer")
    nsenter -t "$first" -m -p -n -C -i -u --root="/proc/$first/root" --wd="/proc/$first/root" "$@"
}
fail() { echo "FAILED: $*" >&2; exit 1; }
main() { run systemctl show hifate-edge -p MainPID --value; }
active() { [ "$(run systemctl is-active "${1:-hifate-edge}" || true)" = active ]; }
until_true() { # WHAT COMMAND...: within 15 seconds
    local what=$1
    shift
    for _ in $(seq 150); do "$@" && return; sleep 0.1; done
    fail "not in time: $what"
}
says() { [ "$(run curl -s --max-time 5 http://127.0.0.1/ || true)" = "$1" ]; }
configure() { run tee /etc/hifate/edge.toml >/dev/null; }
answering() { # TEXT
    configure <<END
[server]
threads = 2
pid_file = "/run/hifate/edge.pid"
error_log = { path = "/var/log/hifate/edge-error.log" }
[admin]
state_file = "/var/lib/hifate/edge-state.json"
[[listener]]
address = "0.0.0.0:80"
[[site]]
access_log = { path = "/var/log/hifate/access.log", format = "combined" }
[[site.route]]
path = "/"
respond = { status = 200, text = "$1" }
END
}
step() { echo "- $*"; }

booted() { run systemctl is-system-running 2>/dev/null | grep -Eq 'running|degraded'; }
until_true "systemd is there" booted
run systemd-sysusers hifate.conf
answering one
run systemctl daemon-reload

step "it starts as its own user, with what the unit allows"
run systemctl start hifate-edge
says one || fail "no answer"
[ "$(run ps -o user= -p "$(main)")" = hifate ] || fail "it runs as somebody else"

step "a reload, and one that is refused"
answering two
run systemctl reload hifate-edge
says two || fail "the new configuration is not in use"
echo nonsense | configure
run systemctl reload hifate-edge 2>/dev/null && fail "a bad configuration was taken"
active && says two || fail "a bad configuration did harm"
answering two

step "upgrades, by command and by signal, and one that fails"
before=$(main)
run hifate-edge upgrade >/dev/null
after() { [ "$(main)" != "$before" ] && [ "$(main)" != 0 ]; }
until_true "systemd knows the new process" after
before=$(main)
run systemctl kill --kill-whom=main -s USR2 hifate-edge
until_true "systemd knows the new process" after
before=$(main)
run mv /usr/bin/hifate-edge /usr/bin/kept
run install -m 755 /bin/false /usr/bin/hifate-edge
run /usr/bin/kept upgrade --config /etc/hifate/edge.toml 2>/dev/null && fail "a broken program took over"
run mv /usr/bin/kept /usr/bin/hifate-edge
[ "$(main)" = "$before" ] && active && says two || fail "a broken program did harm"
[ "$(run systemctl show hifate-edge -p NRestarts --value)" = 0 ] || fail "it was restarted meanwhile"

step "it is killed, and it hangs"
run kill -9 "$before"
again() { after && says two; }
until_true "it is there again" again
before=$(main)
run kill -STOP "$before"
until_true "the watchdog has seen it" again

step "systemd holds the socket through restarts"
run systemctl stop hifate-edge
run systemctl start hifate-edge.socket
says two || fail "the first connection does not start it"
asked=$(mktemp)
(for _ in $(seq 300); do run curl -s -o /dev/null -w '%{http_code}\n' --max-time 10 http://127.0.0.1/ || true; done >"$asked") &
asking=$!
for _ in 1 2 3; do run systemctl restart hifate-edge; sleep 1.5; done
wait "$asking"
lost=$(grep -cv '^200$' "$asked" || true)
rm -f "$asked"
[ "$lost" = 0 ] || fail "$lost requests were lost"

step "it stops"
run systemctl stop hifate-edge.socket hifate-edge
active && fail "it still runs"

step "the VIP daemon starts as its own user, and takes its address"
run ip link add eth0 type veth peer name eth9
for link in eth0 eth9; do run ip link set "$link" up; done
run ip address add 10.9.0.1/24 dev eth0
vip() { # PRIORITY
    run tee /etc/hifate/vip.toml >/dev/null <<END
[[instance]]
name = "VI_1"
interface = "eth0"
virtual_router_id = 51
priority = $1
addresses = ["10.9.0.100/32"]
END
}
held() { run ip address show dev eth0 | grep -q ' 10.9.0.100/32 '; }
gone() { ! held; }
vipd() { run systemctl show hifate-vip -p MainPID --value; }
vip 100
run systemctl start hifate-vip
until_true "the address is here" held
[ "$(run ps -o user= -p "$(vipd)")" = hifate-vip ] || fail "it runs as somebody else"

step "a reload of it, and one that is refused"
before=$(vipd)
vip 120
run systemctl reload hifate-vip
prioritised() { run hifate-vip status | grep -q 'priority   120'; }
until_true "the new priority is in use" prioritised
vip nonsense
run systemctl reload hifate-vip 2>/dev/null && fail "a bad configuration was taken"
vip 120
held && [ "$(vipd)" = "$before" ] || fail "a bad configuration did harm"

step "it is killed, and it hangs: the address goes, and comes back with it"
run kill -9 "$before"
new_vipd() { [ "$(vipd)" != "$before" ] && [ "$(vipd)" != 0 ]; }
until_true "it is there again" new_vipd
until_true "so is the address" held
before=$(vipd)
run kill -STOP "$before"
until_true "the lease is over" gone
until_true "the watchdog has seen it" new_vipd
until_true "so is the address" held

step "it stops, and leaves nothing behind"
run systemctl stop hifate-vip
held && fail "the address is still here"
echo "systemd, the edge and the VIP daemon get on: $(run systemctl --version | head -n 1)"
