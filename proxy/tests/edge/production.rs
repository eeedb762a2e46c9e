//! The configuration that is shipped, in front of two nodes.

use crate::origin::{Origin, answer};
use crate::process::Edge;

/// What `conf/edge.toml` says of upstreams and sites; the rest names places of a real machine.
fn shipped(nodes: &[&Origin; 2], logs: &str, www: &str) -> String {
    let config = include_str!("../../../conf/edge.toml");
    let start = config.find("[upstream.web_app]").unwrap();
    config[start..]
        .replace("${MASTER_NODE_IP}:8001", &nodes[0].address.to_string())
        .replace("${SLAVE_NODE_IP}:8001", &nodes[1].address.to_string())
        .replace("/var/log/hifate", logs)
        .replace("/srv/hifate/www", www)
}

#[test]
fn the_configuration_that_is_shipped_does_what_nginx_did() {
    let node = |name: &'static str| {
        Origin::start(move |request, stream| answer(stream, &format!("{name} {}", request.head)))
    };
    let (first, second) = (node("node 1"), node("node 2"));
    let logs = tempfile::tempdir().unwrap();
    let www = front_end();
    let edge = Edge::start(&shipped(
        &[&first, &second],
        logs.path().to_str().unwrap(),
        www.path().to_str().unwrap(),
    ));
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
    serves_the_front_end(&edge);
    first.stop();
    assert!(edge.get("/").text().starts_with("node 2 "));
    let log = logs.path().join("access.log");
    edge.eventually("all but the health checks are logged", || {
        let lines = std::fs::read_to_string(&log).unwrap_or_default();
        lines.lines().count() == 15 && !lines.contains("GET /health ")
    });
}

/// A page and one of its parts.
fn front_end() -> tempfile::TempDir {
    let www = tempfile::tempdir().unwrap();
    let app = www.path().join("app");
    std::fs::create_dir(&app).unwrap();
    for (name, content) in [
        ("index.html", "page"),
        ("main.js", "part"),
        ("main.js.gz", "small"),
    ] {
        std::fs::write(app.join(name), content).unwrap();
    }
    www
}

fn serves_the_front_end(edge: &Edge) {
    for path in ["/app/", "/app/charts/7", "/app/index.html"] {
        let page = edge.get(path);
        assert_eq!(page.text(), "page", "{path}");
        assert_eq!(page.header("cache-control"), Some("no-cache"), "{path}");
        assert_eq!(page.header("x-frame-options"), Some("SAMEORIGIN"));
    }
    let part = "GET /app/main.js HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n";
    let part = crate::http::request(edge.http, part);
    assert_eq!(part.body, b"small");
    let kept = part
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("cache-control"));
    let kept: Vec<_> = kept.map(|(_, value)| value.as_str()).collect();
    assert_eq!(kept, ["max-age=2592000", "public, immutable"]);
    assert_eq!(edge.get("/app/missing.js").status, 404);
}
