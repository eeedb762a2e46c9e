"""nginx."""

from pathlib import Path

from contenders.setup import KEYS, MARK, ROUTES, Setup

VERSION = "-v"


def can(_: Setup) -> bool:
    return True


def command(program: str, folder: Path, port: int, origin: int, setup: Setup) -> list[str]:
    types = "application/json" + (" text/event-stream" if setup.events else "")
    gzip = f"""
    gzip on; gzip_comp_level 6; gzip_min_length 1024; gzip_types {types};
    gzip_vary on; gzip_proxied any;"""
    log = f"access_log {folder}/access.log combined;"
    # With `reuseport` connections are spread over the workers as they are over those of the others.
    listen = f"127.0.0.1:{port}" + (" ssl" if setup.tls else "")
    listen += " reuseport" if setup.workers > 1 else ""
    tls = f"""ssl_certificate {setup.tls}; ssl_certificate_key {setup.tls};
    ssl_protocols TLSv1.2 TLSv1.3;"""
    others = "".join(
        _site(f"site{number}.example.com", listen, 0) + "}\n" for number in range(setup.sites)
    )
    (folder / "nginx.conf").write_text(f"""
{process(folder, setup.workers)}
http {{
    {folders(folder)}
    {log if setup.log else "access_log off;"}
    {gzip if setup.gzip else ""}
    keepalive_requests 1000000000;
    {"http2 on;" if setup.http2 or setup.grpc else ""}
    {tls if setup.tls else ""}
    upstream origin {{
        {"least_conn;" if setup.least_conn else ""}
        {" ".join(f"server {address};" for address in setup.addresses(origin))}
        keepalive {setup.keepalive()};
        keepalive_requests 1000000000;
    }}
    server_names_hash_max_size 65536;
    {_limit() if setup.limit else ""}
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    {others}
    {_site("127.0.0.1", f"127.0.0.1:{port}", 1) if setup.sites else f"server {{ listen {listen};"}
        {f'add_header {MARK.replace(": ", " ")};' if setup.marked else ""}
        {"limit_req zone=keys burst=1000000 nodelay;" if setup.limit else ""}
        {"location = /limited { empty_gif; }" if setup.limit else ""}
        {_grpc() if setup.grpc else ""}
        location / {{
            proxy_pass http://origin;
            proxy_http_version 1.1;
            proxy_set_header Connection {"upgrade" if setup.upgrade else '""'};
            {"proxy_set_header Upgrade $http_upgrade;" if setup.upgrade else ""}
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
    return start(program, folder)


def _limit() -> str:
    """A limit that nobody reaches; its node of 128 bytes for each key."""
    return f"limit_req_zone $http_x_api_key zone=keys:{KEYS * 160 // 2**20}m rate=1r/m;"


def _grpc() -> str:
    return """location /load.Calls/ {
            grpc_pass grpc://origin;
            grpc_set_header Host $http_host;
            grpc_set_header X-Real-IP $remote_addr;
            grpc_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            grpc_set_header X-Forwarded-Proto $scheme;
        }"""


def _site(names: str, listen: str, first: int) -> str:
    """One of many servers."""
    kinds = ("/part{}/", "= /page{}", "/area{}/", "~ ^/item{}/[0-9]+$")
    routes = "".join(
        f"location {kinds[number % 4].format(number)} {{ proxy_pass http://origin; }}\n"
        for number in range(first, ROUTES)
    )
    return f"server {{ listen {listen}; server_name {names};\n{routes}\n"


def process(folder: Path, workers: int = 1) -> str:
    """What every nginx here has in common: everything it writes in its folder."""
    return f"""
daemon off;
worker_processes {workers};
worker_rlimit_nofile 65536;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 32768; }}"""


def folders(folder: Path) -> str:
    """Where nginx may put what does not fit its buffers."""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return "\n    ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)


def start(program: str, folder: Path) -> list[str]:
    """How nginx is started."""
    return [program, "-p", str(folder), "-e", "stderr", "-c", f"{folder}/nginx.conf"]
