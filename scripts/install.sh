#!/bin/sh
# Puts what was built (`make build`) where a system looks for it. From the environment: PROGRAMS, the
# folder of the built programs; PREFIX; DESTDIR, for packages. A configuration that is there and says
# something else stays, and the new one is put beside it.
set -eu

root=$(dirname "$0")/..
destination=${DESTDIR:-}
prefix=$destination${PREFIX:-/usr}
etc=$destination/etc/hifate

for program in hifate hifate-edge hifate-vip hifate-backend; do
    if [ ! -x "$PROGRAMS/$program" ]; then
        echo "$PROGRAMS/$program is missing; run make build first" >&2
        exit 1
    fi
done

install -d "$prefix/bin" "$prefix/lib/systemd/system" "$prefix/lib/sysusers.d" "$prefix/lib/tmpfiles.d" \
    "$prefix/share/man/man1" "$prefix/share/bash-completion/completions" \
    "$prefix/share/zsh/site-functions" "$prefix/share/fish/vendor_completions.d" \
    "$prefix/share/hifate/schema" "$etc"

for program in hifate hifate-edge hifate-vip hifate-backend; do
    # By a rename: a program that runs cannot be written over, and an upgrade wants another file.
    install -m 755 "$PROGRAMS/$program" "$prefix/bin/.$program.new"
    mv "$prefix/bin/.$program.new" "$prefix/bin/$program"
    "$PROGRAMS/$program" man > "$prefix/share/man/man1/$program.1"
    "$PROGRAMS/$program" completions bash > "$prefix/share/bash-completion/completions/$program"
    "$PROGRAMS/$program" completions zsh > "$prefix/share/zsh/site-functions/_$program"
    "$PROGRAMS/$program" completions fish > "$prefix/share/fish/vendor_completions.d/$program.fish"
done

for unit in "$root"/systemd/*.service "$root"/systemd/*.socket; do
    sed "s#/usr/bin/#${PREFIX:-/usr}/bin/#" "$unit" > "$prefix/lib/systemd/system/$(basename "$unit")"
done
install -m 644 "$root/systemd/hifate.sysusers" "$prefix/lib/sysusers.d/hifate.conf"
install -m 644 "$root/systemd/hifate.tmpfiles" "$prefix/lib/tmpfiles.d/hifate.conf"
install -m 644 "$root"/conf/schema/*.json "$prefix/share/hifate/schema/"

for config in edge.toml vip.toml backend.toml; do
    if [ ! -e "$etc/$config" ]; then
        install -m 644 "$root/conf/$config" "$etc/$config"
    elif ! cmp -s "$root/conf/$config" "$etc/$config"; then
        install -m 644 "$root/conf/$config" "$etc/$config.new"
        echo "$etc/$config stays as it is; the new one is $config.new"
    fi
done
