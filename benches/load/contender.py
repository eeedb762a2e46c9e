"""The proxies that are compared: how each is configured and started.

All are configured alike: one worker, the client's Host passed on, X-Real-IP, X-Forwarded-For
(appended to) and X-Forwarded-Proto added, 128 idle upstream connections kept, no access log and no
compression unless the scenario is about them. Where nginx's defaults would cost it something that
the others do not pay (temporary files for large responses) they are raised.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from process import Process, free_port

KEEPALIVE = 128
ROUTES = 20


@dataclass(frozen=True)
class Setup:
    """What a scenario asks of a proxy."""

    gzip: bool = False
    log: bool = False
    spool: bool = False  # large responses may wait in files
    http2: bool = False  # clients speak HTTP/2: by prior knowledge, or with TLS by ALPN
    tls: Path | None = None  # clients speak TLS; a file with a certificate and its key
    events: bool = False  # event streams are compressed, too, and not held up
    sites: int = 0  # others beside the one that is asked, each with ROUTES routes


@dataclass(frozen=True)
class Contender:
    """A proxy to compare. Its kind follows from its name: `edge...`, `nginx...`, `haproxy...`, or
    else a program that is run as `PROGRAM LISTEN ORIGIN` and does nothing but proxy."""

    name: str
    program: str

    @property
    def kind(self) -> str:
        kinds = (kind for kind in KINDS if self.name.startswith(kind))
        return next(kinds, "plain")

    def can(self, setup: Setup) -> bool:
        """Whether it can be configured so."""
        return self.kind != "plain" or setup == Setup()

    def version(self) -> str:
        """What it says of itself."""
        flag = {"edge": "--version", "nginx": "-v", "haproxy": "-v"}.get(self.kind)
        if not flag:
            return "a minimal proxy"
        said = subprocess.run([self.program, flag], capture_output=True, text=True, check=True)
        return (said.stdout + said.stderr).splitlines()[0]

    def start(self, folder: Path, cores: set[int], origin: int, setup: Setup) -> "Running":
        """Starts it in front of the server on port `origin`."""
        folder.mkdir(parents=True)
        port = free_port()
        command = KINDS.get(self.kind, plain)(self.program, folder, port, origin, setup)
        process = Process(self.name, command, cores, folder)
        try:
            process.wait_for(port)
        except Exception:
            process.stop()
            raise
        return Running(self, process, port)


@dataclass(frozen=True)
class Running:
    """A proxy at work."""

    contender: Contender
    process: Process
    port: int


def plain(program: str, _: Path, port: int, origin: int, __: Setup) -> list[str]:
    """A program without configuration."""
    return [program, f"127.0.0.1:{port}", f"127.0.0.1:{origin}"]


def edge(program: str, folder: Path, port: int, origin: int, setup: Setup) -> list[str]:
    """The edge."""
    types = '"application/json"' + (', "text/event-stream"' if setup.events else "")
    gzip = f'gzip = {{ level = 6, min_length = "1k", types = [{types}] }}'
    log = f'access_log = {{ path = "{folder}/access.log", format = "combined" }}'
    (folder / "edge.toml").write_text(f"""
[server]
threads = 1
[admin]
listen = "127.0.0.1:{free_port()}"
[[listener]]
address = "127.0.0.1:{port}"
{f'tls = {{ certificates = [{{ cert = "{setup.tls}", key = "{setup.tls}" }}] }}' if setup.tls else ""}
{_edge_client(program)}
[upstream.origin]
keepalive = {KEEPALIVE}
[[upstream.origin.server]]
address = "127.0.0.1:{origin}"
{"".join(_edge_site(number) for number in range(setup.sites))}
[[site]]
names = {'["_"]' if not setup.sites else '["127.0.0.1"]'}
{gzip if setup.gzip else ""}
{log if setup.log else "access_log = false"}
[[site.route]]
path = "/"
proxy = {{ to = "origin" }}
{"".join(_edge_route(number) for number in range(1, ROUTES if setup.sites else 1))}
""")
    return [program, "run", "--config", f"{folder}/edge.toml"]


def _edge_site(number: int) -> str:
    """One of many sites."""
    routes = "".join(_edge_route(route) for route in range(ROUTES))
    return f'[[site]]\nnames = ["site{number}.example.com"]\naccess_log = false\n{routes}'


def _edge_route(number: int) -> str:
    """One of many routes: half of them prefixes, the others exact and by expression."""
    paths = (f'"/part{number}/"', f'{{ exact = "/page{number}" }}', f'"/area{number}/"',
             f"{{ regex = '^/item{number}/[0-9]+$' }}")
    return f'[[site.route]]\npath = {paths[number % 4]}\nproxy = {{ to = "origin" }}\n'


def _nginx_site(names: str, listen: str, first: int) -> str:
    """One of many servers."""
    kinds = ("/part{}/", "= /page{}", "/area{}/", "~ ^/item{}/[0-9]+$")
    routes = "".join(
        f"location {kinds[number % 4].format(number)} {{ proxy_pass http://origin; }}\n"
        for number in range(first, ROUTES)
    )
    return f"server {{ listen {listen}; server_name {names};\n{routes}\n"


def _edge_client(program: str) -> str:
    """Connections that are never too old; older edges have no such limit."""
    schema = subprocess.run([program, "schema"], capture_output=True, text=True, check=True).stdout
    return "[client]\nkeepalive_requests = 1000000000" if "keepalive_requests" in schema else ""


def nginx(program: str, folder: Path, port: int, origin: int, setup: Setup) -> list[str]:
    """nginx."""
    types = "application/json" + (" text/event-stream" if setup.events else "")
    gzip = f"""
    gzip on; gzip_comp_level 6; gzip_min_length 1024; gzip_types {types};
    gzip_vary on; gzip_proxied any;"""
    log = f"access_log {folder}/access.log combined;"
    listen = f"127.0.0.1:{port}" + (" ssl" if setup.tls else "")
    tls = f"""ssl_certificate {setup.tls}; ssl_certificate_key {setup.tls};
    ssl_protocols TLSv1.2 TLSv1.3;"""
    others = "".join(
        _nginx_site(f"site{number}.example.com", listen, 0) + "}\n" for number in range(setup.sites)
    )
    (folder / "nginx.conf").write_text(f"""
{nginx_process(folder)}
http {{
    {nginx_folders(folder)}
    {log if setup.log else "access_log off;"}
    {gzip if setup.gzip else ""}
    keepalive_requests 1000000000;
    {"http2 on;" if setup.http2 else ""}
    {tls if setup.tls else ""}
    upstream origin {{
        server 127.0.0.1:{origin};
        keepalive {KEEPALIVE};
        keepalive_requests 1000000000;
    }}
    server_names_hash_max_size 65536;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    {others}
    {_nginx_site("127.0.0.1", f"127.0.0.1:{port}", 1) if setup.sites else f"server {{ listen {listen};"}
        location / {{
            proxy_pass http://origin;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_buffers 16 8k;
            {"proxy_buffering off;" if setup.events else ""}
            {"" if setup.spool else "proxy_max_temp_file_size 0;"}
        }}
    }}
}}
""")
    return nginx_command(program, folder)


def nginx_process(folder: Path) -> str:
    """What every nginx here has in common: one worker, everything it writes in its folder."""
    return f"""
daemon off;
worker_processes 1;
worker_rlimit_nofile 65536;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 32768; }}"""


def nginx_folders(folder: Path) -> str:
    """Where nginx may put what does not fit its buffers."""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return "\n    ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)


def nginx_command(program: str, folder: Path) -> list[str]:
    """How nginx is started."""
    return [program, "-p", str(folder), "-e", "stderr", "-c", f"{folder}/nginx.conf"]


def haproxy(program: str, folder: Path, port: int, origin: int, setup: Setup) -> list[str]:
    """HAProxy."""
    gzip = "compression algo gzip\n    compression type application/json"
    log = "log global\n    option httplog"
    tls = f" ssl crt {setup.tls} alpn {'h2,' if setup.http2 else ''}http/1.1"
    (folder / "haproxy.cfg").write_text(f"""
global
    nbthread 1
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


KINDS = {"edge": edge, "nginx": nginx, "haproxy": haproxy}
