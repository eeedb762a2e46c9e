"""New connections with TLS, one after the other, each with one request."""

import os
import socket
import ssl
import subprocess
import time
from pathlib import Path
from statistics import quantiles

from process import Failed
from wrk import HEADERS, Load

NAME = "bench.test"


def certificate(openssl: str, folder: Path) -> Path:
    """A certificate of its own (P-256) with its key, in one file: made by the openssl of `openssl`."""
    folder.mkdir(parents=True, exist_ok=True)
    cert, key, both = folder / "cert.pem", folder / "key.pem", folder / "both.pem"
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", f"/CN={NAME}", "-addext"]
    command += [f"subjectAltName=DNS:{NAME},IP:127.0.0.1", "-out", str(cert), "-keyout", str(key)]
    # Nothing but what is said here, whatever the machine has been set up for.
    alone = {**os.environ, "OPENSSL_CONF": "/dev/null"}
    made = subprocess.run(command, capture_output=True, text=True, env=alone)
    if made.returncode != 0:
        raise Failed(f"openssl: {made.stderr}")
    both.write_text(cert.read_text() + key.read_text())
    both.chmod(0o644)
    return both


def context(protocol: str) -> ssl.SSLContext:
    """A client that trusts anybody and speaks TLS 1.3."""
    client = ssl.create_default_context()
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    client.minimum_version = ssl.TLSVersion.TLSv1_3
    client.set_alpn_protocols([protocol])
    return client


def run(port: int, load: Load, seconds: float, cores: set[int], resumed: bool) -> dict:
    """Connects for some time, with the session of the first connection if `resumed`."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        return _run(port, load, seconds, resumed)
    finally:
        os.sched_setaffinity(0, before)


def _run(port: int, load: Load, seconds: float, resumed: bool) -> dict:
    client = context("http/1.1")
    head = f"GET {load.path} HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items()) + "\r\n"
    session = _one(client, port, head.encode(), None)[0] if resumed else None
    taken, total, errors = [], 0, 0
    begun = now = time.monotonic()
    while now - begun < seconds:
        try:
            _, length, was_resumed = _one(client, port, head.encode(), session)
            if was_resumed != resumed:
                raise Failed("a session was not resumed" if resumed else "a session was resumed")
        except OSError:
            length = 0
        total += length
        errors += length == 0
        before, now = now, time.monotonic()
        taken.append((now - before) * 1e3)
    shares = quantiles(taken, n=100)
    return {
        "requests": len(taken),
        "seconds": now - begun,
        "bytes": total,
        "p50_ms": shares[49],
        "p99_ms": shares[98],
        "errors": {"failed": errors},
    }


def _one(client: ssl.SSLContext, port: int, head: bytes, session) -> tuple:
    """One connection to its end: its session, the bytes of the answer, whether it was resumed."""
    plain = socket.create_connection(("127.0.0.1", port), 5)
    # As browsers: the request does not wait until the server acknowledges the end of the handshake.
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with client.wrap_socket(plain, server_hostname=NAME, session=session) as secure:
        secure.sendall(head)
        length = 0
        while received := secure.recv(65536):
            length += len(received)
        return secure.session, length, secure.session_reused
