#!/usr/bin/env python3
"""Runs a scenario on a network of its own: `run.py FILE SCENARIO`, or `run.py --list` for what there is.

Exits with 0 if all was as it is to be; with 1, and all that was logged, if it was not; with 77 and a reason
if it cannot be run here."""

import importlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "lab")]
sys.dont_write_bytecode = True
SKIPPED = 77
# No scenario takes half of it, except on a machine that does nothing else any more.
PATIENCE = 150


def scenarios(module):
    """The scenarios of a file, in their order."""
    for name, value in vars(module).items():
        if getattr(value, "is_scenario", False) and value.__module__ == module.__name__:
            yield name, value


def files():
    return sorted(path.stem for path in HERE.glob("*.py") if path.stem not in ("run", "scenario"))


def obstacle(module):
    """Why a scenario cannot be run here, if it cannot."""
    if os.geteuid() != 0:
        return "only root can make network namespaces"
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    programs = ["ip", "bridge", "sysctl", *getattr(module, "PROGRAMS", [])]
    missing = [program for program in programs if not shutil.which(program)]
    if missing:
        return f"there is no {' and no '.join(missing)} here; scripts/setup.sh installs them"
    space = f"hifate-try-{os.getpid()}"
    tried = subprocess.run(["ip", "netns", "add", space], capture_output=True, text=True)
    subprocess.run(["ip", "netns", "delete", space], capture_output=True)
    return f"network namespaces cannot be made: {tried.stderr.strip()}" if tried.returncode else None


def late(_signal, _frame):
    raise TimeoutError(f"not over within {PATIENCE} s")


def run(module, scenario):
    from lab import Lab

    signal.signal(signal.SIGALRM, late)
    # What is raised in time cleans up.
    signal.signal(signal.SIGTERM, late)
    signal.alarm(PATIENCE)
    # On a machine that is busy with other tests a daemon that had to wait would be a fault that nobody meant.
    lab = Lab(before=["nice", "-n", "-15"])
    try:
        scenario(lab)
    except Exception:
        traceback.print_exc()
        print(lab.logs(), file=sys.stderr)
        return 1
    finally:
        lab.close()
    return 0


def main(arguments):
    if arguments == ["--list"]:
        for file in files():
            for name, _ in scenarios(importlib.import_module(file)):
                print(file, name)
        return 0
    file, name = arguments
    module = importlib.import_module(file)
    why = obstacle(module)
    if why:
        print(why, file=sys.stderr)
        return SKIPPED
    return run(module, dict(scenarios(module))[name])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
