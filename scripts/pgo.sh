#!/bin/sh
# Builds hifate-edge as it is shipped, and optimised for what it does: it is built once to count what runs how often, put
# under the load of the benchmarks, and built again with the counts (profile-guided optimisation).
#
#   scripts/pgo.sh [FOLDER]      default: the folder of `cargo build --profile dist`, beside it: dist-pgo
#
# Needs llvm-profdata as of the compiler (rustup component add llvm-tools), and what benches/load/compare.py needs. Half
# an hour on two cores. An ordinary build needs none of this.
set -eu

cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-$PWD/target}
folder=${1:-$target/dist-pgo}
host=$(rustc -vV | sed -n 's/^host: //p')
profdata=$(rustc --print sysroot)/lib/rustlib/$host/bin/llvm-profdata
[ -x "$profdata" ] || { echo "pgo.sh: llvm-profdata is missing: rustup component add llvm-tools" >&2; exit 1; }
counts=$(mktemp -d)
trap 'rm -rf "$counts"' EXIT

# With a target that is named, build scripts and macros are built without the flags.
build() {
    RUSTFLAGS=$1 CARGO_TARGET_DIR=$target/pgo cargo build --profile dist --package hifate-edge --target "$host"
}

echo 'pgo.sh: building the edge that counts' >&2
build "-Cprofile-generate=$counts"
# Scenarios (a) to (i) but for the memory; the figures are of no use.
benches/load/compare.py --contender "edge=$target/pgo/$host/dist/hifate-edge" --without nginx --without haproxy \
    --rounds 1 --seconds 3 --scenario a,c,d,d2,e,e2,f,h,i --out "$counts/results" >&2
"$profdata" merge --output "$counts/merged.profdata" "$counts"/*.profraw
echo 'pgo.sh: building the edge that is shipped' >&2
build "-Cprofile-use=$counts/merged.profdata"
mkdir -p "$folder"
cp "$target/pgo/$host/dist/hifate-edge" "$folder/hifate-edge"
echo "pgo.sh: $folder/hifate-edge" >&2
