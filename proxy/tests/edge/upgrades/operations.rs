//! What operators see of tunnels, and what reloads and stops do to them.

use std::io::Write as _;
use std::net::Shutdown;
use std::time::Duration;

use super::{ASK, echo, edge_before, hears, rest, switched};
use crate::http::{get, request};
use crate::origin::Origin;
use crate::process::{Edge, proxy_to, server};

#[test]
fn a_tunnel_is_a_request_under_way() {
    let origin = echo();
    let edge = edge_before(&origin, "");
    let mut client = switched(&edge);
    hears(&mut client, "hello");
    edge.counts("edge_tunnels", &[], 1);
    edge.counts("edge_connections", &["state=\"active\""], 1);
    edge.counts("edge_upstream_active", &["upstream=\"web\""], 1);
    edge.counts("edge_upstream_requests_total", &["code=\"101\""], 1);
    edge.counts("edge_tunnel_bytes_total", &["to=\"server\""], 5);
    edge.counts("edge_tunnel_bytes_total", &["to=\"client\""], 5);
    edge.counts("edge_requests_total", &["code=\"101\""], 0);
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(rest(&mut client), "");
    edge.counts(
        "edge_requests_total",
        &["code=\"101\"", "method=\"GET\""],
        1,
    );
    edge.counts("edge_request_duration_seconds_count", &["site="], 1);
    for gone in ["edge_tunnels", "edge_upstream_active", "edge_connections"] {
        edge.counts(gone, &[], 0);
    }
}

#[test]
fn the_log_line_comes_with_the_end_and_tells_of_both_directions() {
    let origin = echo();
    let format = "$request|$status|$body_bytes_sent|$upstream_bytes_sent|\
                  $upstream_bytes_received|$upstream_status|$request_completion|$sent_http_x_app";
    let log = format!("access_log = {{ path = \"access.log\", format = \"{format}\" }}\n");
    let config = proxy_to(&[server(origin.address, "")]);
    let edge = Edge::start(&config.replace("[[site]]\n", &format!("[[site]]\n{log}")));
    let mut client = switched(&edge);
    hears(&mut client, "hello, there");
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(rest(&mut client), "");
    let read = || std::fs::read_to_string(edge.path("access.log")).unwrap_or_default();
    edge.eventually("the line", || !read().is_empty());
    let sent = origin.seen()[0].head.len() + 2 + 12;
    let received = super::SWITCH.len() + 12;
    assert_eq!(
        read(),
        format!("GET /chat HTTP/1.1|101|12|{sent}|{received}|101|OK|yes\n")
    );
}

#[test]
fn a_server_is_busy_with_its_tunnels() {
    let origin = echo();
    let edge = Edge::start(&proxy_to(&[server(origin.address, ", max_conns = 1")]));
    let mut client = switched(&edge);
    let refused = get(edge.http, "/");
    assert_eq!(refused.header("edge-reason"), Some("busy"));
    hears(&mut client, "hello");
    drop(client);
    edge.counts("edge_tunnels", &[], 0);
    hears(&mut switched(&edge), "hello");
}

#[test]
fn c2_reloads_leave_tunnels_alone() {
    let (origin, other) = (echo(), Origin::saying("another"));
    let edge = edge_before(&origin, "");
    let mut clients: Vec<_> = (0..20).map(|_| switched(&edge)).collect();
    for round in 0..10 {
        edge.configure(&proxy_to(&[server(other.address, "")]));
        assert!(edge.reload().status.success());
        for client in &mut clients {
            hears(client, &format!("round {round}"));
        }
    }
    assert_eq!(edge.get("/").text(), "another");
    edge.counts("edge_tunnels", &[], 20);
    drop(clients);
    edge.counts("edge_tunnels", &[], 0);
    // Counted where they belong, whatever the configuration is now.
    edge.counts("edge_requests_total", &["code=\"101\""], 20);
}

/// A stop that waits for tunnels for as long as it waits for anything.
#[test]
fn c3_quit_waits_for_tunnels() {
    let origin = echo();
    let mut edge = edge_before(&origin, "");
    let mut client = switched(&edge);
    edge.signal("QUIT");
    edge.eventually("no new connection", || {
        std::net::TcpStream::connect(edge.http).is_err()
    });
    hears(&mut client, "still there");
    drop(client);
    assert_eq!(edge.wait(Duration::from_secs(5)), Some(0));
}

#[test]
fn c3_quit_ends_tunnels_in_good_order_when_it_has_waited() {
    let origin = echo();
    let config = proxy_to(&[server(origin.address, "")]);
    let config = config.replace(
        "[[site]]\n",
        "[[site]]\naccess_log = { path = \"access.log\", format = \"$status $reason\" }\n",
    );
    let mut edge = Edge::start(&format!("[server]\ngraceful_timeout = \"1s\"\n{config}"));
    let mut client = switched(&edge);
    edge.signal("QUIT");
    hears(&mut client, "still there");
    assert_eq!(rest(&mut client), "", "an end, and no break");
    assert_eq!(edge.wait(Duration::from_secs(5)), Some(0));
    let log = std::fs::read_to_string(edge.path("access.log")).unwrap();
    assert_eq!(log, "101 stopped\n");
}

#[test]
fn a_rate_limit_counts_the_request_and_not_what_passes() {
    let origin = echo();
    let config = proxy_to(&[server(origin.address, "")]);
    let config = config.replace("[[site]]\n", "[[site]]\nlimits = [\"few\"]\n");
    let edge = Edge::start(&format!("[rate_limit.few]\nrate = \"1/m\"\n{config}"));
    let mut client = switched(&edge);
    for _ in 0..5 {
        hears(&mut client, "hello");
    }
    assert_eq!(request(edge.http, ASK).status, 429);
    client.write_all(b"x").unwrap();
}
