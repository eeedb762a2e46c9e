"""HAProxy."""

from pathlib import Path

from contenders.setup import KEEPALIVE, Setup

VERSION = "-v"


def can(setup: Setup) -> bool:
    return not (setup.spool or setup.events or setup.sites)


def command(program: str, folder: Path, port: int, origin: int, setup: Setup) -> list[str]:
    gzip = "compression algo gzip\n    compression type application/json"
    log = "log global\n    option httplog"
    tls = f" ssl crt {setup.tls} alpn {'h2,' if setup.http2 else ''}http/1.1"
    (folder / "haproxy.cfg").write_text(f"""
global
    nbthread {setup.workers}
    maxconn 12000
    no strict-limits
    tune.comp.maxlevel 6
    tune.pool-high-fd-ratio 90
    log stdout format raw local0
defaults
    mode http
    timeout connect 60s
    timeout client 75s
    timeout server 60s
    option http-keep-alive
    http-reuse always
    {log if setup.log else "no log"}
frontend clients
    bind 127.0.0.1:{port}{tls if setup.tls else ""}
    option forwardfor
    http-request set-header X-Real-IP %[src]
    http-request set-header X-Forwarded-Proto {"https" if setup.tls else "http"}
    {gzip if setup.gzip else ""}
    default_backend origin
backend origin
    server origin 127.0.0.1:{origin} pool-max-conn {KEEPALIVE}
""")
    return [program, "-db", "-f", f"{folder}/haproxy.cfg"]
