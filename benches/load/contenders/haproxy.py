"""HAProxy."""

from pathlib import Path

from contenders.setup import KEEPALIVE, KEYS, MARK, Setup

VERSION = "-v"


def can(setup: Setup) -> bool:
    return not (setup.spool or setup.sites or (setup.events and setup.gzip))


def command(program: str, folder: Path, port: int, origin: int, setup: Setup) -> list[str]:
    gzip = "compression algo gzip\n    compression type application/json"
    log = "log global\n    option httplog"
    table = f"""stick-table type string len 32 size {KEYS} expire 10m store http_req_rate(1m)
    http-request track-sc0 req.hdr(X-Api-Key)
    http-request deny deny_status 429 if {{ sc_http_req_rate(0) gt 1000000 }}
    http-request return status 204 if {{ path /limited }}"""
    http2 = " proto h2" if setup.grpc else ""
    tls = f" ssl crt {setup.tls} alpn {'h2,' if setup.http2 else ''}http/1.1"
    servers = "\n    ".join(
        f"server origin{number} {address} pool-max-conn {KEEPALIVE}{http2}"
        for number, address in enumerate(setup.addresses(origin))
    )
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
    {"option http-no-delay" if setup.events else ""}
    {log if setup.log else "no log"}
frontend clients
    bind 127.0.0.1:{port}{tls if setup.tls else ""}{http2}
    option forwardfor
    http-request set-header X-Real-IP %[src]
    http-request set-header X-Forwarded-Proto {"https" if setup.tls else "http"}
    {table if setup.limit else ""}
    {gzip if setup.gzip else ""}
    {f'http-response set-header {MARK.replace(": ", " ")}' if setup.marked else ""}
    default_backend origin
backend origin
    balance {"leastconn" if setup.least_conn else "roundrobin"}
    {servers}
""")
    # A reload is the business of a master.
    return [program, *(["-W"] if setup.marked else []), "-db", "-f", f"{folder}/haproxy.cfg"]
