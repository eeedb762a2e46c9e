#!/bin/sh
# Prints what a real keepalived sends, as hex from the IP header on: the vectors of wire/captured.rs.
# Wants keepalived, tshark and its dumpcap. Runs without root:
#   unshare -Urnm --mount-proc -pf sh vip/vrrp/tests/capture.sh
# The captures stay in $CAPTURE_DIR, if it is set.
set -eu

mount -t tmpfs tmpfs /run
mkdir -p /run/netns
work=${CAPTURE_DIR:-$(mktemp -d /run/capture.XXXXXX)}
ip netns add peer
ip link add lan type veth peer name lan netns peer
ip link set lo up
ip link set lan up address 02:00:00:00:00:01
ip addr add 10.77.0.1/24 dev lan
ip addr add fe80::77:1/64 dev lan nodad
ip -n peer link set lan up
ip -n peer addr add 10.77.0.2/24 dev lan

# capture NAME SECONDS INSTANCE: the first advertisement, and the last one with priority 0.
capture() {
    printf 'global_defs {\n router_id capture\n}\nvrrp_instance VI_1 {\n state MASTER\n interface lan\n %s\n}\n' "$3" >"$work/conf"
    dumpcap -q -P -i lan -f 'ip proto 112 or ip6 proto 112' -w "$work/$1.pcap" 2>"$work/$1.dumpcap" &
    dump=$!
    sleep 1
    keepalived --dont-fork --log-console --vrrp --use-file "$work/conf" --pid "$work/pid" --vrrp_pid "$work/vrrp" \
        >"$work/$1.log" 2>&1 &
    keepalived=$!
    sleep "$2"
    kill -TERM "$keepalived"
    wait "$keepalived" || true
    sleep 0.3
    kill -INT "$dump"
    wait "$dump" || true
    tshark -r "$work/$1.pcap" -T fields -e vrrp.prio -e vrrp.checksum.status -e eth.src >"$work/$1.seen" 2>/dev/null
    echo "# $1 (priority, tshark's verdict on the checksum: 1 is good)"
    sed -n '1p;$p' "$work/$1.seen"
    python3 -c '
import struct, sys
data, at, packets = open(sys.argv[1], "rb").read(), 24, []
while at < len(data):
    length = struct.unpack_from("<I", data, at + 8)[0]
    packets.append(data[at + 16 + 14 : at + 16 + length])
    at += 16 + length
print(packets[0].hex(), packets[-1].hex(), sep="\n")
' "$work/$1.pcap"
}

capture v2_pass 6 'virtual_router_id 51
 priority 100
 advert_int 1
 authentication {
  auth_type PASS
  auth_pass your_keepalived_password
 }
 virtual_ipaddress {
  10.77.0.100/24
 }'
capture v2_none 6 'virtual_router_id 51
 priority 100
 advert_int 1
 virtual_ipaddress {
  10.77.0.100/24
  10.77.0.101/24
 }'
capture v3_multicast 3 'version 3
 virtual_router_id 51
 priority 100
 advert_int 0.1
 virtual_ipaddress {
  10.77.0.100/24
 }'
capture v3_unicast 3 'version 3
 virtual_router_id 51
 priority 100
 advert_int 0.1
 unicast_src_ip 10.77.0.1
 unicast_peer {
  10.77.0.2
 }
 virtual_ipaddress {
  10.77.0.100/24
 }'
capture v3_old_unicast 3 'version 3
 virtual_router_id 51
 priority 100
 advert_int 0.1
 unicast_src_ip 10.77.0.1
 old_unicast_checksum
 unicast_peer {
  10.77.0.2
 }
 virtual_ipaddress {
  10.77.0.100/24
 }'
capture v3_ipv6 3 'version 3
 virtual_router_id 51
 priority 100
 advert_int 0.1
 virtual_ipaddress {
  fe80::51/64
  2001:db8::100/64
 }'

# What keepalived says to its neighbours when it has taken an address over: whole frames.
dumpcap -q -P -i lan -f 'arp or icmp6' -w "$work/frames.pcap" 2>"$work/frames.dumpcap" &
dump=$!
sleep 1
keepalived --dont-fork --log-console --vrrp --use-file "$work/conf" --pid "$work/pid" --vrrp_pid "$work/vrrp" \
    >"$work/frames6.log" 2>&1 &
keepalived=$!
sleep 3
kill -TERM "$keepalived"
wait "$keepalived" || true
sed 's/fe80::51\/64/10.77.0.100\/24/; /2001:db8/d' "$work/conf" >"$work/conf4"
keepalived --dont-fork --log-console --vrrp --use-file "$work/conf4" --pid "$work/pid" --vrrp_pid "$work/vrrp" \
    >"$work/frames4.log" 2>&1 &
keepalived=$!
sleep 3
kill -TERM "$keepalived"
wait "$keepalived" || true
kill -INT "$dump"
wait "$dump" || true
echo '# gratuitous ARP, and the unsolicited neighbour advertisement'
tshark -r "$work/frames.pcap" -Y 'arp.isgratuitous == 1 or icmpv6.type == 136' -F pcap -w "$work/announced.pcap" 2>"$work/announced.tshark"
python3 -c '
import struct, sys
data, at, packets = open(sys.argv[1], "rb").read(), 24, []
while at < len(data):
    length = struct.unpack_from("<I", data, at + 8)[0]
    packets.append(data[at + 16 : at + 16 + length])
    at += 16 + length
print(*dict.fromkeys(packet.hex() for packet in packets), sep="\n")
' "$work/announced.pcap"
