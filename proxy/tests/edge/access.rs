//! Who may ask for what, by address.

use crate::http::request;
use crate::process::Edge;

const CONFIG: &str = "[client]\ntrusted = [\"127.0.0.1\"]\n[errors]\nreason_to = [\"127.0.0.0/8\", \"10.0.0.0/8\"]\n\
    [[site]]\ndeny = [\"192.0.2.0/24\"]\n\
    [[site.route]]\npath = \"/\"\nrespond = { status = 200, text = \"all\" }\n\
    [[site.route]]\npath = \"/status\"\nallow = [\"10.0.0.0/8\", \"127.0.0.1\"]\ndeny = [\"10.1.0.0/16\"]\n\
    respond = { status = 200, text = \"status\" }\n";

fn ask(edge: &Edge, path: &str, client: &str) -> (u16, Option<String>) {
    let head = format!("GET {path} HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: {client}\r\n\r\n");
    let reply = request(edge.http, &head);
    let reason = reply.header("edge-reason").map(str::to_owned);
    (reply.status, reason)
}

#[test]
fn addresses_are_allowed_and_denied() {
    let edge = Edge::start(CONFIG);
    assert_eq!(edge.get("/status").status, 200);
    assert_eq!(ask(&edge, "/", "192.0.2.9").0, 403);
    assert_eq!(ask(&edge, "/", "198.51.100.1").0, 200);
    assert_eq!(ask(&edge, "/status", "10.2.3.4").0, 200);
    let denied = (403, Some("access_denied".to_owned()));
    assert_eq!(ask(&edge, "/status", "10.1.3.4"), denied);
    // The route's own lists hold instead of the site's.
    assert_eq!(ask(&edge, "/status", "198.51.100.1").0, 403);
    edge.counts(
        "edge_failures_total",
        &["route=\"/status\"", "access_denied"],
        2,
    );
    edge.configure(&CONFIG.replace("192.0.2.0/24", "192.0.2.1/24"));
    let outcome = edge.reload();
    let said = String::from_utf8_lossy(&outcome.stderr).into_owned();
    assert!(
        said.contains("`192.0.2.1/24` has bits after its prefix"),
        "{said}"
    );
    assert_eq!(said.matches("has bits").count(), 1, "{said}");
}
