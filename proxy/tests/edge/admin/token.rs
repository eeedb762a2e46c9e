//! Who may ask for what.

use std::fs;

use super::{TOKEN, ask, value};
use crate::http::request;
use crate::origin::Origin;
use crate::process::{Edge, command, proxy_to, server};

fn with_token(more: &str) -> (Origin, Edge) {
    let origin = Origin::saying("x");
    let config = format!("[admin]\ntoken_file = \"token\"\n{more}");
    let config = config + &proxy_to(&[server(origin.address, "")]);
    let edge = Edge::start_with(&config, &[("token", TOKEN)]);
    (origin, edge)
}

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

#[test]
fn changes_ask_for_the_token_and_reading_on_loopback_does_not() {
    let (origin, edge) = with_token("");
    let server = format!("/api/v1/upstreams/web/servers/{}", origin.address);
    let changes = [
        "POST /api/v1/reload".to_owned(),
        format!("PATCH {server}"),
        format!("DELETE {server}"),
        "POST /api/v1/upstreams/web/servers".to_owned(),
    ];
    for change in &changes {
        for wrong in [
            "",
            &bearer("0123456789abcdef"),
            &bearer(&TOKEN[1..]),
            "Authorization: Basic eDp5\r\n",
        ] {
            let reply = ask(&edge, change, wrong, "{}");
            assert_eq!(reply.status, 401, "{change} {wrong}");
            assert!(
                reply
                    .header("www-authenticate")
                    .unwrap()
                    .starts_with("Bearer")
            );
        }
        let reply = ask(&edge, change, &bearer(TOKEN), "{}");
        assert_ne!(reply.status, 401, "{change}");
    }
    for open in [
        "/",
        "/health",
        "/ready",
        "/metrics",
        "/api/v1/status",
        "/api/v1/upstreams",
    ] {
        assert_eq!(
            ask(&edge, &format!("GET {open}"), "", "").status,
            200,
            "{open}"
        );
    }
    assert!(!edge.log().contains(TOKEN), "{}", edge.log());
}

#[test]
fn off_loopback_reading_asks_for_it_as_well() {
    let origin = Origin::saying("x");
    let edge = Edge::start_with(
        &("[admin]\ntoken_file = \"token\"\n".to_owned()
            + &proxy_to(&[server(origin.address, "")])),
        &[("token", TOKEN)],
    );
    // The same port on every address of the machine.
    let config = fs::read_to_string(edge.path("edge.toml")).unwrap();
    let public = config.replace(
        &format!("listen = \"{}\"", edge.admin),
        &format!("listen = \"0.0.0.0:{}\"", edge.admin.port()),
    );
    assert_ne!(config, public);
    fs::write(edge.path("edge.toml"), public).unwrap();
    let mut edge = edge;
    edge.restart();
    for closed in ["/api/v1/status", "/api/v1/upstreams", "/api/v1/events"] {
        let line = format!("GET {closed}");
        assert_eq!(ask(&edge, &line, "", "").status, 401, "{closed}");
    }
    let line = "GET /api/v1/upstreams";
    assert_eq!(ask(&edge, line, &bearer(TOKEN), "").status, 200);
    for open in ["/", "/health", "/ready", "/metrics"] {
        assert_eq!(
            ask(&edge, &format!("GET {open}"), "", "").status,
            200,
            "{open}"
        );
    }
}

#[test]
fn the_file_is_read_again_when_it_changes_and_a_bad_one_changes_nothing() {
    let (_origin, edge) = with_token("");
    let reload = |token: &str| ask(&edge, "POST /api/v1/reload", &bearer(token), "").status;
    let other = "another-token-that-is-long-enough";
    fs::write(edge.path("token"), format!("{other}\n")).unwrap();
    assert_eq!((reload(TOKEN), reload(other)), (401, 200));
    fs::write(edge.path("token"), "short").unwrap();
    assert_eq!((reload("short"), reload(other)), (401, 200));
    fs::remove_file(edge.path("token")).unwrap();
    assert_eq!((reload(""), reload(other)), (401, 200));
    assert!(!edge.log().contains(other), "{}", edge.log());
}

#[test]
fn a_token_that_is_none_is_refused_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("edge.toml");
    let site = "[[listener]]\naddress = \"127.0.0.1:80\"\n[[site]]\n[[site.route]]\npath = \"/\"\nrespond = { status = 204 }\n";
    fs::write(
        &path,
        format!(
            "[admin]\ntoken_file = \"{}/t\"\n{site}",
            dir.path().display()
        ),
    )
    .unwrap();
    let said = || {
        let output = command()
            .arg("check")
            .arg("--config")
            .arg(&path)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(said().contains("admin.token_file"), "{}", said());
    fs::write(dir.path().join("t"), "secret word with spaces").unwrap();
    assert!(
        said().contains("one word of 16 characters or more"),
        "{}",
        said()
    );
    assert!(!said().contains("secret"), "{}", said());
}

#[test]
fn pages_from_elsewhere_get_nothing() {
    let origin = Origin::saying("x");
    let edge = Edge::start(&proxy_to(&[server(origin.address, "")]));
    let asked = |line: &str, headers: &str| {
        request(
            edge.admin,
            &format!("{line} HTTP/1.1\r\n{headers}Content-Length: 0\r\n\r\n"),
        )
    };
    let rebound = asked("GET /api/v1/upstreams", "Host: evil.example:9180\r\n");
    assert_eq!(rebound.status, 403);
    assert!(
        value(&rebound)["error"]
            .as_str()
            .unwrap()
            .contains("admin.names")
    );
    assert_eq!(asked("GET /", "Host: evil.example\r\n").status, 403);
    // Monitors ask by whatever name there is.
    assert_eq!(asked("GET /ready", "Host: evil.example\r\n").status, 200);
    let admin = edge.admin;
    let from = |origin: &str| {
        asked(
            "POST /api/v1/reload",
            &format!("Host: {admin}\r\nOrigin: {origin}\r\n"),
        )
        .status
    };
    assert_eq!(from("http://evil.example"), 403);
    assert_eq!(from("null"), 403);
    assert_eq!(from(&format!("http://{admin}")), 200);
}
