"""Processes that are measured: pinned to cores, counted in CPU time and memory, always stopped."""

import os
import resource
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
START_WITHIN = 10.0  # seconds
MANY = 65536  # files


class Failed(Exception):
    """Something did not go as it must; the message says what, and to whom it belongs."""


@dataclass(frozen=True)
class Cpu:
    """CPU time in seconds."""

    user: float
    system: float

    def __sub__(self, before: "Cpu") -> "Cpu":
        return Cpu(self.user - before.user, self.system - before.system)


class Process:
    """A program and all processes and threads that it starts, on the given cores.

    It runs in a session of its own, by which its children are found, so that nothing else is ever
    counted or stopped.
    """

    def __init__(self, name: str, command: list[str], cores: set[int], folder: Path, env=None):
        self.name = name
        self.output = folder / f"{name}.out"
        with self.output.open("wb") as output:
            self._child = subprocess.Popen(
                command,
                cwd=folder,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=lambda: os.sched_setaffinity(0, cores),
            )

    def wait_for(self, port: int) -> None:
        """Returns when something listens on `port`."""
        end = time.monotonic() + START_WITHIN
        while time.monotonic() < end:
            if self._child.poll() is not None:
                raise Failed(f"{self.name} ended at once:\n{self.output.read_text()}")
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise Failed(f"{self.name} does not listen on port {port}:\n{self.output.read_text()}")

    @property
    def main(self) -> int:
        """The process that was started, which others may have been started by."""
        return self._child.pid

    def pids(self) -> list[int]:
        """The processes of its session."""
        found = []
        for entry in os.scandir("/proc"):
            if entry.name.isdigit():
                try:
                    if os.getsid(int(entry.name)) == self._child.pid:
                        found.append(int(entry.name))
                except ProcessLookupError:
                    pass
        return found

    def cpu(self) -> Cpu:
        """CPU time used so far."""
        used = [_cpu(Path(f"/proc/{pid}/stat")) for pid in self.pids()]
        return Cpu(sum(one.user for one in used), sum(one.system for one in used))

    def threads(self) -> dict[int, float]:
        """CPU time in seconds that each of its threads has used so far."""
        tasks = (task for pid in self.pids() for task in Path(f"/proc/{pid}/task").iterdir())
        used = ((int(task.name), _cpu(task / "stat")) for task in tasks)
        return {thread: one.user + one.system for thread, one in used}

    def rss(self) -> int:
        """Resident memory in bytes, added up over its processes."""
        page = os.sysconf("SC_PAGESIZE")
        return sum(
            int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page for pid in self.pids()
        )

    def stop(self) -> None:
        """Stops it, gently at first."""
        for sent in (signal.SIGTERM, signal.SIGKILL):
            if not self.pids():
                break
            for pid in self.pids():
                try:
                    os.kill(pid, sent)
                except ProcessLookupError:
                    pass
            try:
                self._child.wait(3)
            except subprocess.TimeoutExpired:
                continue
        self._child.wait(3)


def _cpu(stat: Path) -> Cpu:
    """What proc(5) says of a process or a thread."""
    # Its name may hold spaces, so what follows the closing bracket is split.
    fields = stat.read_text().rpartition(")")[2].split()
    return Cpu(int(fields[11]) / TICK, int(fields[12]) / TICK)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for the time of a measurement, in which other users may read."""
    with tempfile.TemporaryDirectory(prefix="hifate-bench-") as temporary:
        folder = Path(temporary)
        folder.chmod(0o755)  # nginx's worker is another user when this one is root
        yield folder


def allow_many_files() -> None:
    """Raises the limit of open files, for this process and those that it starts."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (MANY, max(MANY, most)))
    except (ValueError, OSError):  # only root may go over the limit that was set for us
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
