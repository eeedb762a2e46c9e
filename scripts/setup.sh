#!/bin/sh
# Installs the programs that the edge and the VIP daemon are compared with, judged by and looked at with in
# tests, where they are missing. Only root may; anybody else is told what to install.
set -eu

missing=""
# program:package
for pair in nginx:nginx-light goaccess:goaccess sslscan:sslscan systemd-analyze:systemd \
    chromium:chromium chromedriver:chromium-driver valgrind:valgrind \
    keepalived:keepalived tshark:tshark tcpdump:tcpdump nft:nftables ip:iproute2 setpriv:util-linux \
    sysctl:procps; do
    # Debian's nginx, and what makes networks, are where only root looks.
    PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair##*:}"
done
[ -n "$missing" ] || exit 0

# shellcheck disable=SC2086 # one word for each package
set -- apt-get install --yes --no-install-recommends $missing
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "tests need these programs; please install them:$missing (Debian: sudo $*)" >&2
    exit 0
fi
echo "installing$missing, which tests need"
# Debian starts nginx and keepalived on installation, which are not ours to start.
DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get update --quiet=2
DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 "$@" >/dev/null
