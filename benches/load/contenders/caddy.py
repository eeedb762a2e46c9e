"""Caddy. It passes requests on while they come, as HAProxy does, and logs in JSON, its only format.
Go chooses the cipher of TLS 1.3 itself: AES-128-GCM, where the others take AES-256-GCM."""

from pathlib import Path

from contenders.setup import KEEPALIVE, Setup

VERSION = "version"


def can(setup: Setup) -> bool:
    return setup.asks() <= {"gzip", "log", "http2", "tls", "workers"}


def command(program: str, folder: Path, port: int, origin: int, setup: Setup) -> list[str]:
    protocols = "h1 h2 h2c" if setup.http2 else "h1"
    log = f"log {{\n output file {folder}/access.log {{\n roll_disabled\n }}\n format json\n }}"
    gzip = """encode {
        gzip 6
        minimum_length 1024
        match header Content-Type application/json*
    }"""
    (folder / "Caddyfile").write_text(f"""
{{
    admin off
    auto_https off
    persist_config off
    storage file_system {folder}/storage
    log {{
        output stderr
        level WARN
    }}
    servers {{
        protocols {protocols}
        trusted_proxies static 127.0.0.0/8
    }}
}}
:{port} {{
    bind 127.0.0.1
    {f"tls {setup.tls} {setup.tls}" if setup.tls else ""}
    {log if setup.log else ""}
    {gzip if setup.gzip else ""}
    reverse_proxy 127.0.0.1:{origin} {{
        header_up X-Real-IP {{remote_host}}
        transport http {{
            keepalive 60s
            keepalive_idle_conns_per_host {KEEPALIVE}
            compression off
            versions 1.1
        }}
    }}
}}
""")
    # It has no workers; that many of its threads run at a time.
    alone = ["env", f"GOMAXPROCS={setup.workers}", f"HOME={folder}"]
    return [*alone, program, "run", "--config", f"{folder}/Caddyfile", "--adapter", "caddyfile"]
