"""The edge."""

import json
import subprocess
from pathlib import Path

from contenders.setup import KEEPALIVE, KEYS, MARK, ROUTES, Setup
from process import free_port

VERSION = "--version"


def can(_: Setup) -> bool:
    return True


def command(program: str, folder: Path, port: int, origin: int, setup: Setup) -> list[str]:
    types = '"application/json"' + (', "text/event-stream"' if setup.events else "")
    gzip = f'gzip = {{ level = 6, min_length = "1k", types = [{types}] }}'
    log = f'access_log = {{ path = "{folder}/access.log", format = "combined" }}'
    (folder / "edge.toml").write_text(f"""
[server]
threads = {setup.workers}
[admin]
listen = "127.0.0.1:{free_port()}"
[[listener]]
address = "127.0.0.1:{port}"
{f'tls = {{ certificates = [{{ cert = "{setup.tls}", key = "{setup.tls}" }}] }}' if setup.tls else ""}
{_client(program)}
[upstream.origin]
keepalive = {KEEPALIVE}
{'balance = "least_conn"' if setup.least_conn else ""}
{'http = "2"' if setup.grpc else ""}
{_upstream(program)}
{"".join(_server(address) for address in setup.addresses(origin))}
{_limit() if setup.limit else ""}
{"".join(_site(number) for number in range(setup.sites))}
[[site]]
names = {'["_"]' if not setup.sites else '["127.0.0.1"]'}
{gzip if setup.gzip else ""}
{log if setup.log else "access_log = false"}
{'limits = ["keys"]' if setup.limit else ""}
{_mark() if setup.marked else ""}
[[site.route]]
path = "/"
proxy = {{ to = "origin" }}
{_answer() if setup.limit else ""}
{"".join(_route(number) for number in range(1, ROUTES if setup.sites else 1))}
""")
    return [program, "run", "--config", f"{folder}/edge.toml"]


def _server(address: str) -> str:
    return f'[[upstream.origin.server]]\naddress = "{address}"\n'


def _limit() -> str:
    """A limit that forgets no key during a measurement, and that nobody reaches."""
    return f'''
[rate_limit.keys]
key = "$http_x_api_key"
rate = "1/m"
burst = 1000000
nodelay = true
keys = {KEYS}'''


def _answer() -> str:
    """A path that is limited, too, and asks no server."""
    return '[[site.route]]\npath = { exact = "/limited" }\nrespond = { status = 204 }\n'


def _mark() -> str:
    name, value = MARK.split(": ")
    return f'response_headers.set = {{ {name} = "{value}" }} # {MARK}'


def _site(number: int) -> str:
    """One of many sites."""
    routes = "".join(_route(route) for route in range(ROUTES))
    return f'[[site]]\nnames = ["site{number}.example.com"]\naccess_log = false\n{routes}'


def _route(number: int) -> str:
    """One of many routes: half of them prefixes, the others exact and by expression."""
    paths = (f'"/part{number}/"', f'{{ exact = "/page{number}" }}', f'"/area{number}/"',
             f"{{ regex = '^/item{number}/[0-9]+$' }}")
    return f'[[site.route]]\npath = {paths[number % 4]}\nproxy = {{ to = "origin" }}\n'


def _client(program: str) -> str:
    """Connections that are never too old; older edges have no such limit."""
    limited = "keepalive_requests" in _keys(program, "Client")
    return "[client]\nkeepalive_requests = 1000000000" if limited else ""


def _upstream(program: str) -> str:
    return "keepalive_requests = 0" if "keepalive_requests" in _keys(program, "Upstream") else ""


def _keys(program: str, block: str) -> dict:
    schema = subprocess.run([program, "schema"], capture_output=True, text=True, check=True).stdout
    return json.loads(schema)["$defs"].get(block, {}).get("properties", {})
