//! What `/metrics` says.

use std::collections::{HashMap, HashSet};

use crate::http::{get, request};
use crate::origin::Origin;
use crate::process::{Edge, free_address, proxy_to, server};

/// The contract's names, and nothing a client sends becomes a label.
#[test]
fn metrics_are_complete_and_bounded() {
    let origin = Origin::saying("x");
    let edge = Edge::start(&proxy_to(&[server(origin.address, "")]));
    for method in ["GET", "BREW", "PROPFIND", "X-ANY"] {
        request(
            edge.http,
            &format!("{method} /some/path HTTP/1.1\r\nHost: evil\r\n\r\n"),
        );
    }
    // A request is counted when its last byte is out, which the client may see first.
    edge.eventually("all are counted", || {
        edge.metric("edge_requests_total", &["code=\"200\""]) == 4
    });
    let metrics = edge.metrics();
    for name in [
        "edge_requests_total",
        "edge_request_duration_seconds_bucket",
        "edge_request_size_bytes_sum",
        "edge_response_size_bytes_sum",
        "edge_connections",
        "edge_tunnels",
        "edge_tunnel_bytes_total",
        "edge_upstream_requests_total",
        "edge_upstream_response_seconds_count",
        "edge_upstream_up",
        "edge_upstream_active",
        "edge_config_generation",
        "edge_config_last_reload_timestamp_seconds",
        "process_resident_memory_bytes",
    ] {
        let sample =
            |line: &str| line.starts_with(name) && line[name.len()..].starts_with(['{', ' ']);
        assert!(metrics.lines().any(sample), "{name} is missing\n{metrics}");
    }
    edge.counts(
        "edge_requests_total",
        &["method=\"OTHER\"", "code=\"200\""],
        3,
    );
    assert!(
        !metrics.contains("evil") && !metrics.contains("some/path") && !metrics.contains("BREW")
    );
    assert_eq!(get(edge.admin, "/ready").text(), "ready\n");
}

/// An edge that has met what makes each of its metrics appear.
fn experienced() -> (Origin, Edge) {
    let origin = Origin::saying("x");
    let dead = free_address();
    let edge = Edge::start(&proxy_to(&[
        server(dead, ""),
        server(origin.address, ", backup = true"),
    ]));
    edge.get("/");
    request(edge.http, "GET / HTTP/1.1\r\n\r\n");
    edge.reload();
    edge.eventually("all is counted", || {
        edge.metric("edge_failures_total", &[]) == 1
            && edge.metric("edge_requests_total", &["code=\"200\""]) == 1
    });
    (origin, edge)
}

/// The rules of `promtool check metrics`.
#[test]
fn metrics_are_named_as_prometheus_asks() {
    let (_origin, edge) = experienced();
    let metrics = edge.metrics();
    let described = |kind: &str| -> HashMap<String, String> {
        let lines = metrics.lines().filter_map(|line| line.strip_prefix(kind));
        lines
            .filter_map(|line| line.split_once(' '))
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .collect()
    };
    let (helps, kinds) = (described("# HELP "), described("# TYPE "));
    assert!(kinds.len() > 20, "{metrics}");
    for (name, kind) in &kinds {
        assert!(
            helps.get(name).is_some_and(|help| help.ends_with('.')),
            "{name}"
        );
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(name.chars().all(is_word), "{name}");
        assert_eq!(name.ends_with("_total"), kind == "counter", "{name}");
        let reserved = ["_count", "_sum", "_bucket", "_info"];
        assert!(!reserved.iter().any(|end| name.ends_with(end)), "{name}");
        let units = ["milli", "micro", "minutes", "kilo", "kb", "percent"];
        assert!(!units.iter().any(|unit| name.contains(unit)), "{name}");
        assert!(!name.contains(&format!("_{kind}")), "{name}");
    }
    let mut seen = HashSet::new();
    for sample in metrics.lines().filter(|line| !line.starts_with('#')) {
        let (series, _) = sample.rsplit_once(' ').unwrap();
        assert!(seen.insert(series), "twice: {series}");
    }
}

/// What docs and dashboards may rely on (the contract's list, less what needs TLS).
#[test]
fn metrics_have_their_labels() {
    let (_origin, edge) = experienced();
    let metrics = edge.metrics();
    for (name, labels) in [
        ("edge_access_log_lost_total", &[] as &[&str]),
        ("edge_config_generation", &[]),
        ("edge_config_last_reload_timestamp_seconds", &[]),
        ("edge_config_reload_total", &["result"]),
        ("edge_connections", &["state"]),
        ("edge_failures_total", &["reason", "route", "site"]),
        ("edge_panics_total", &[]),
        (
            "edge_request_duration_seconds_bucket",
            &["le", "route", "site"],
        ),
        ("edge_request_size_bytes_bucket", &["le", "route", "site"]),
        ("edge_requests_total", &["code", "method", "route", "site"]),
        ("edge_response_size_bytes_bucket", &["le", "route", "site"]),
        ("edge_upstream_active", &["server", "upstream"]),
        (
            "edge_upstream_requests_total",
            &["code", "server", "upstream"],
        ),
        (
            "edge_upstream_response_seconds_bucket",
            &["le", "server", "upstream"],
        ),
        ("edge_upstream_retries_total", &["reason", "upstream"]),
        ("edge_upstream_up", &["server", "upstream"]),
    ] {
        let sample = metrics.lines().find(|line| {
            line.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(['{', ' ']))
        });
        let sample = sample.unwrap_or_else(|| panic!("{name} is missing\n{metrics}"));
        let mut found: Vec<&str> = sample
            .split(['{', ','])
            .filter_map(|part| part.split_once("=\"").map(|(label, _)| label))
            .collect();
        found.sort_unstable();
        assert_eq!(found, labels, "{name}");
    }
}

/// However odd the requests are, the number of series stays what the configuration makes it.
#[test]
fn clients_cannot_make_series() {
    let (_origin, edge) = experienced();
    let storm = || {
        for number in 0..30 {
            let request_line = format!("X{number} /p{number}?q HTTP/1.1");
            request(
                edge.http,
                &format!("{request_line}\r\nHost: h{number}\r\nX-Request-Id: {number}\r\n\r\n"),
            );
            request(
                edge.http,
                &format!("GET /%0{number} HTTP/1.{number}\r\n\r\n"),
            );
        }
    };
    let series = || {
        edge.metrics()
            .lines()
            .filter(|line| line.starts_with("edge_"))
            .count()
    };
    storm();
    edge.eventually("the first storm is counted", || {
        edge.metric("edge_requests_total", &[]) == 62
    });
    let before = series();
    storm();
    edge.eventually("the second storm is counted", || {
        edge.metric("edge_requests_total", &[]) == 122
    });
    assert_eq!(series(), before);
}
