//! The configuration that is shipped, in front of two nodes.

use crate::origin::{Origin, answer};
use crate::process::Edge;

/// What `conf/edge.toml` says of upstreams and sites; the rest names places of a real machine.
fn shipped(nodes: &[&Origin; 2], logs: &str) -> String {
    let config = include_str!("../../../conf/edge.toml");
    let start = config.find("[upstream.web_app]").unwrap();
    config[start..]
        .replace("${MASTER_NODE_IP}:8001", &nodes[0].address.to_string())
        .replace("${SLAVE_NODE_IP}:8001", &nodes[1].address.to_string())
        .replace("/var/log/hifate", logs)
}

#[test]
fn the_configuration_that_is_shipped_does_what_nginx_did() {
    let node = |name: &'static str| {
        Origin::start(move |request, stream| answer(stream, &format!("{name} {}", request.head)))
    };
    let (first, second) = (node("node 1"), node("node 2"));
    let logs = tempfile::tempdir().unwrap();
    let edge = Edge::start(&shipped(&[&first, &second], logs.path().to_str().unwrap()));
    for (path, asked) in [
        ("/", "/"),
        ("/api/v1/bazi/calculate?a=b", "/api/v1/bazi/calculate?a=b"),
        ("/health", "/health"),
        ("/healthz", "/healthz"),
        ("/docs", "/docs"),
        ("/docs-private", "/docs-private"),
        (
            "/api/v1/smart-fortune/stream",
            "/api/v1/smart-fortune/stream",
        ),
        (
            "/frontend.gateway.FrontendGateway/Call",
            "/frontend.gateway.FrontendGateway/Call",
        ),
    ] {
        let reply = edge.get(path);
        let expected = format!("node 1 GET {asked} HTTP/1.1\r\nHost: test\r\n");
        assert!(reply.text().starts_with(&expected), "{}", reply.text());
        assert_eq!(reply.header("x-frame-options"), Some("SAMEORIGIN"));
    }
    for path in ["/.env", "/a/.git/config", "/dump.SQL", "/%2eenv"] {
        let reply = edge.get(path);
        assert_eq!(reply.status, 403, "{path}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    }
    first.stop();
    assert!(edge.get("/").text().starts_with("node 2 "));
    let log = logs.path().join("access.log");
    edge.eventually("all but the health checks are logged", || {
        let lines = std::fs::read_to_string(&log).unwrap_or_default();
        lines.lines().count() == 11 && !lines.contains("GET /health")
    });
}
