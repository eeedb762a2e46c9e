#!/bin/sh
# Shows what keepalived does with what the importer warns of. Wants keepalived, curl and strace, and root: in a
# user namespace keepalived cannot run scripts, and takes all of them for passed.
#   sudo unshare -nm --mount-proc -pf sh vip/import/tests/seen.sh
set -eu

mount -t tmpfs tmpfs /run
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy || true
ip link add lan type veth peer name other
ip link set lo up
ip link set lan up
ip link set other up
ip addr add 10.77.0.1/24 dev lan
mkdir /run/www
echo ok >/run/www/health
(cd /run/www && exec python3 -m http.server 80 --bind 127.0.0.1 >/run/www.log 2>&1) &
web=$!
trap 'kill "$web"' EXIT
sleep 1

# seen WHAT SECONDS INSTANCE [REST]: what keepalived says, and what it runs.
seen() {
    echo "--- $1"
    printf '%s\nvrrp_instance VI {\n interface lan\n virtual_router_id 51\n virtual_ipaddress {\n  10.77.0.100\n }\n%s\n}\n' \
        "${4:-}" "$3" >/run/conf
    timeout "$2" strace -f -e trace=execve -o /run/trace keepalived --dont-fork --log-console --log-detail \
        --use-file /run/conf --pid /run/pid --vrrp_pid /run/vrrp >/run/log 2>&1 || true
    grep -E 'VI\)|chk|conf: Line|track|not found|Truncating|SECURITY' /run/log | grep -v 'Track\|sent 0' | cut -d: -f4- | sort -u
    grep -v 'ENOENT\|"keepalived"' /run/trace | grep -o 'execve(.*\]' | sort -u | head -3 || true
}

# check COMMAND: an instance's script.
check() {
    printf 'vrrp_script chk {\n script "%s"\n interval 1\n %s\n}' "$1" "${2:-}"
}
tracked=' track_script {
  chk
 }'

seed='/usr/bin/curl -f http://localhost/health || exit 1'
seen 'L1: the seed' 6 " state MASTER
 priority 100
$tracked" "$(check "$seed" 'weight -2')"
seen 'L2, L3: the seed without its weight; /health answers 200' 3 "$tracked" "$(check "$seed")"
seen 'L2: bash, without bash' 3 "$tracked" "$(check '</dev/tcp/127.0.0.1/80')"
seen 'L2: a pipe' 3 "$tracked" "$(check 'curl -s http://localhost/health | grep -q ok')"
seen 'pidof: python is running' 3 "$tracked" "$(check 'pidof python3')"
seen 'L4, L6b: the password, and who runs checks' 3 " authentication {
  auth_type PASS
  auth_pass your_keepalived_password
 }
$tracked" "$(check /bin/true)"
seen 'L10: nothing defines ${VIRTUAL_IP}' 2 ' virtual_ipaddress {
  ${VIRTUAL_IP}/24
 }
 priority 90'
seen 'L12: a check, and a script, that are not there' 3 " notify_master /etc/keepalived/none.sh
$tracked" "$(check /usr/bin/none)"
seen 'auth-v3: a password in version 3' 2 ' version 3
 authentication {
  auth_type PASS
  auth_pass secret12
 }'
seen 'preempt: nopreempt with state MASTER' 2 ' state MASTER
 priority 100
 nopreempt'
seen 'state MASTER without a priority is 255: master at once' 2 ' state MASTER'
seen 'twice: the first one holds' 2 ' notify_master /bin/true
 notify_master /bin/false'
seen 'families' 2 ' virtual_ipaddress {
  fe80::100
 }'
seen 'differs: half a second in version 2' 2 ' advert_int 0.5'
