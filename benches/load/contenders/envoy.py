"""Envoy. It passes requests on while they come, as HAProxy does. It has no limit of idle connections
to the origin but one of all, which is far, and so keeps as many as it opened."""

import json
from pathlib import Path

from contenders.setup import Setup

VERSION = "--version"
PACKAGE = "envoy.extensions"
EXTENSIONS = f"type.googleapis.com/{PACKAGE}"
OPTIONS = "upstreams.http.v3.HttpProtocolOptions"
HTTP = f"{EXTENSIONS}.filters.network.http_connection_manager.v3"
MANY = 100_000  # of what its circuit breakers count, so that they stay closed


def can(setup: Setup) -> bool:
    return setup.asks() <= {"gzip", "log", "http2", "tls", "workers"}


def command(program: str, folder: Path, port: int, origin: int, setup: Setup) -> list[str]:
    filters = [_typed("envoy.filters.network.http_connection_manager", _http(folder, setup))]
    chain = {"filters": filters} | ({"transport_socket": _tls(setup)} if setup.tls else {})
    listener = {"name": "clients", "address": _address(port), "filter_chains": [chain]}
    said = {"static_resources": {"listeners": [listener], "clusters": [_cluster(origin)]}}
    (folder / "envoy.json").write_text(json.dumps(said, indent=1))
    options = ["--concurrency", str(setup.workers), "--disable-hot-restart", "--log-level", "error"]
    return [program, "--config-path", f"{folder}/envoy.json", *options]


def _http(folder: Path, setup: Setup) -> dict:
    """How requests are handled."""
    real = {"key": "x-real-ip", "value": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%"}
    site = {
        "name": "all",
        "domains": ["*"],
        "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "origin", "timeout": "60s"}}],
        "request_headers_to_add": [
            {"header": real, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
        ],
    }
    router = {
        "@type": f"{EXTENSIONS}.filters.http.router.v3.Router",
        "suppress_envoy_headers": True,
    }
    return {
        "@type": f"{HTTP}.HttpConnectionManager",
        "stat_prefix": "clients",
        "use_remote_address": True,  # it stands in front: X-Forwarded-For is appended to
        "generate_request_id": False,
        "route_config": {"virtual_hosts": [site]},
        "http_filters": [
            *([_typed("envoy.filters.http.compressor", _gzip())] if setup.gzip else []),
            _typed("envoy.filters.http.router", router),
        ],
        **({"access_log": [_typed("envoy.access_loggers.file", _log(folder))]} if setup.log else {}),
    }


def _gzip() -> dict:
    """As nginx: level 6, the whole window."""
    zlib = {
        "@type": f"{EXTENSIONS}.compression.gzip.compressor.v3.Gzip",
        "compression_level": "COMPRESSION_LEVEL_6",
        "window_bits": 15,
        "memory_level": 8,
    }
    usual = {"min_content_length": 1024, "content_type": ["application/json"]}
    return {
        "@type": f"{EXTENSIONS}.filters.http.compressor.v3.Compressor",
        "response_direction_config": {"common_config": usual},
        "compressor_library": _typed("gzip", zlib),
    }


def _log(folder: Path) -> dict:
    """nginx's `combined`."""
    line = (
        '%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT% - - [%START_TIME(%d/%b/%Y:%H:%M:%S %z)%] '
        '"%REQ(:METHOD)% %REQ(:PATH)% %PROTOCOL%" %RESPONSE_CODE% %BYTES_SENT% '
        '"%REQ(REFERER)%" "%REQ(USER-AGENT)%"\n'
    )
    return {
        "@type": f"{EXTENSIONS}.access_loggers.file.v3.FileAccessLog",
        "path": f"{folder}/access.log",
        "log_format": {"text_format_source": {"inline_string": line}},
    }


def _tls(setup: Setup) -> dict:
    """How clients are received."""
    file = {"filename": str(setup.tls)}
    usual = {
        "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
        "tls_certificates": [{"certificate_chain": file, "private_key": file}],
        "alpn_protocols": [*(["h2"] if setup.http2 else []), "http/1.1"],
    }
    said = {
        "@type": f"{EXTENSIONS}.transport_sockets.tls.v3.DownstreamTlsContext",
        "common_tls_context": usual,
    }
    return _typed("envoy.transport_sockets.tls", said)


def _cluster(origin: int) -> dict:
    """The server behind it."""
    options = {
        "@type": f"{EXTENSIONS}.{OPTIONS}",
        "common_http_protocol_options": {"idle_timeout": "60s"},
        "explicit_http_config": {"http_protocol_options": {}},
    }
    most = {"max_connections": MANY, "max_pending_requests": MANY, "max_requests": MANY}
    server = {"endpoint": {"address": _address(origin)}}
    return {
        "name": "origin",
        "type": "STATIC",
        "connect_timeout": "60s",
        "circuit_breakers": {"thresholds": [most]},
        "load_assignment": {"cluster_name": "origin", "endpoints": [{"lb_endpoints": [server]}]},
        "typed_extension_protocol_options": {f"{PACKAGE}.{OPTIONS}": options},
    }


def _address(port: int) -> dict:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _typed(name: str, config: dict) -> dict:
    """An extension, as Envoy names them."""
    return {"name": name, "typed_config": config}
