#!/bin/sh
# Installs the programs that the edge is compared with, judged by and looked at with in tests, where they
# are missing. Only root may; anybody else is told what to install.
set -eu

missing=""
# program:package
for pair in nginx:nginx-light goaccess:goaccess sslscan:sslscan systemd-analyze:systemd \
    chromium:chromium chromedriver:chromium-driver valgrind:valgrind; do
    # Debian's nginx is where only root looks.
    PATH="$PATH:/usr/sbin" command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair##*:}"
done
[ -n "$missing" ] || exit 0

# shellcheck disable=SC2086 # one word for each package
set -- apt-get install --yes --no-install-recommends $missing
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "tests need these programs; please install them:$missing (Debian: sudo $*)" >&2
    exit 0
fi
echo "installing$missing, which the edge is tested with"
# Debian starts nginx on installation, on a port that is not ours to take.
DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get update --quiet=2
DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 "$@" >/dev/null
