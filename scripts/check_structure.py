#!/usr/bin/env python3
"""Checks what ARCHITECTURE.md promises about the workspace: who may depend on whom, that pure
crates stay pure, that no source file outgrows one concept, and that the figures in README.md are those
of the result it names. Exits 1 and says why if not."""

import json
import pathlib
import subprocess
import sys

# Which of our crates a crate may name (not counting tests).
ARROWS = {
    "settings": set(),
    "edge-core": {"settings"},
    "nginx-import": {"edge-core", "settings"},
    "bazi": set(),
    "rpc": set(),
    "store": set(),
    "daemon": {"settings"},
    "edge-acme": {"edge-core", "daemon"},
    "hifate-edge": {"edge-acme", "edge-core", "nginx-import", "daemon", "settings"},
    "hifate-backend": {"bazi", "rpc", "store", "daemon", "settings"},
    "hifate": {"daemon", "settings"},
    "keepalived-import": {"settings"},
    "vrrp": set(),
    "hifate-vip": {"keepalived-import", "vrrp", "daemon", "settings"},
    "benches": {"edge-core", "bazi", "vrrp"},
    "lab": set(),
}

# Libraries that only these crates may name.
OWNERS = {
    "pingora": {"hifate-edge"},
    "rtnetlink": {"hifate-vip"},
    "opentelemetry-proto": {"hifate-edge"},
    "instant-acme": {"edge-acme"},
    "sqlx": {"store"},
    "redis": {"store"},
    "moka": {"store"},
    "axum": {"hifate-backend"},
    "tonic-prost-build": {"rpc"},
    "protox": {"rpc"},
}

# Crates without IO, clock or log, and what must not be anywhere below them.
PURE = {"settings", "edge-core", "nginx-import", "keepalived-import", "bazi", "vrrp"}
IMPURE = {"tokio", "mio", "tracing", "log", "socket2"}

ROOT = pathlib.Path(__file__).resolve().parents[1]
LONGEST_FILE = 500
GENERATED = {"backend/bazi/src/calendar/tables.rs"}


def metadata():
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def normal(dependency):
    return dependency["kind"] is None


def directions(packages):
    ours = set(ARROWS)
    for package in packages:
        name = package["name"]
        if name not in ARROWS:
            yield f"{name}: a crate without a place in {__file__}"
            continue
        for dependency in filter(normal, package["dependencies"]):
            other = dependency["name"]
            if other in ours and other not in ARROWS[name]:
                yield f"{name} must not depend on {other}"
            if other in OWNERS and name not in OWNERS[other]:
                yield f"{name} must not name {other}; only {', '.join(OWNERS[other])} may"


def purity(data):
    nodes = {node["id"]: node for node in data["resolve"]["nodes"]}
    names = {package["id"]: package["name"] for package in data["packages"]}
    for pure in data["workspace_members"]:
        if names[pure] not in PURE:
            continue
        seen, todo = set(), [pure]
        while todo:
            current = todo.pop()
            for dependency in nodes[current]["deps"]:
                kinds = {kind["kind"] for kind in dependency["dep_kinds"]}
                if None in kinds and dependency["pkg"] not in seen:
                    seen.add(dependency["pkg"])
                    todo.append(dependency["pkg"])
        for found in sorted(IMPURE & {names[dependency] for dependency in seen}):
            yield f"{names[pure]} is pure but has {found} below it"


def sizes():
    listed = subprocess.run(["git", "ls-files", "*.rs"], check=True, capture_output=True, text=True)
    for name in listed.stdout.split():
        lines = len(pathlib.Path(name).read_text(encoding="utf-8").splitlines())
        if lines > LONGEST_FILE and name not in GENERATED:
            yield f"{name} has {lines} lines; at {LONGEST_FILE} a file wants two homes"
        if name.endswith("/mod.rs"):
            yield f"{name}: modules are named after their file"


def figures():
    command = [sys.executable, ROOT / "benches" / "load" / "readme.py", "--check"]
    ended = subprocess.run(command, capture_output=True, text=True)
    if ended.returncode != 0:
        yield ended.stderr.strip()


def main():
    data = metadata()
    members = set(data["workspace_members"])
    packages = [package for package in data["packages"] if package["id"] in members]
    problems = [*directions(packages), *purity(data), *sizes(), *figures()]
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"structure: {len(packages)} crates, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
