//! Sessions that clients resume: after a reload, at another node, and where they may not.

use std::fs;

use rustls::crypto::aws_lc_rs;
use rustls::version::{TLS12, TLS13};

use super::client::Client;
use super::{SITE, listener, simple};
use crate::process::{Edge, free_address};
use crate::upstream_tls::Authority;

fn clients(authority: &Authority) -> [Client; 2] {
    [&TLS12, &TLS13]
        .map(|version| Client::with(authority, aws_lc_rs::default_provider(), &[version], None))
}

#[test]
fn a_session_is_resumed_at_another_node_with_the_same_secret() {
    let authority = Authority::new();
    authority.sign("a", "a.test");
    let secret = authority.path("tickets");
    fs::write(&secret, format!("# old\n{}\n", "1".repeat(64))).unwrap();
    let tickets = format!(", tickets = {{ secret_file = {secret:?} }}");
    let config = listener(&authority, &["a"], &tickets, SITE);
    for client in clients(&authority) {
        let one = Edge::start(&config);
        assert!(!client.get(one.http, "a.test").is_resumed());
        assert!(client.get(one.http, "a.test").is_resumed());
        // The node fails, and the other one takes its address.
        drop(one);
        let other = Edge::start(&config);
        assert!(client.get(other.http, "a.test").is_resumed());
        other.counts("edge_tls_handshakes_total", &["resumed=\"true\""], 1);
    }
}

#[test]
fn secrets_change_without_a_handshake_lost() {
    let authority = Authority::new();
    authority.sign("a", "a.test");
    let secret = authority.path("tickets");
    let (old, new) = ("1".repeat(64), "2".repeat(64));
    fs::write(&secret, &old).unwrap();
    let tickets = format!(", tickets = {{ secret_file = {secret:?} }}");
    let edge = Edge::start(&listener(&authority, &["a"], &tickets, SITE));
    let [_, client] = clients(&authority);
    let read = |text: &str, times: usize| {
        fs::write(&secret, text).unwrap();
        edge.eventually("the secrets are read again", || {
            edge.log().matches("secrets of tickets read again").count() == times
        });
    };
    client.get(edge.http, "a.test");
    read(&format!("{new}\n{old}\n"), 1);
    assert!(
        client.get(edge.http, "a.test").is_resumed(),
        "by the old one"
    );
    read(&new, 2);
    assert!(
        client.get(edge.http, "a.test").is_resumed(),
        "by the new one"
    );
    read(&"3".repeat(64), 3);
    assert!(!client.get(edge.http, "a.test").is_resumed());
}

#[test]
fn without_a_secret_a_session_outlives_a_reload_and_not_the_process() {
    let (edge, client, authority) = simple("");
    client.get(edge.http, "a.test");
    assert!(edge.reload().status.success());
    assert!(client.get(edge.http, "a.test").is_resumed());
    drop(edge);
    let edge = Edge::start(&listener(&authority, &["a"], "", SITE));
    assert!(!client.get(edge.http, "a.test").is_resumed());
    edge.configure(&listener(&authority, &["a"], ", tickets = false", SITE));
    assert!(edge.reload().status.success());
    client.get(edge.http, "a.test");
    assert!(!client.get(edge.http, "a.test").is_resumed());
}

/// Where that was possible, a session from the open door opened the closed one (CVE-2025-23419).
#[test]
fn a_session_introduces_nobody_where_certificates_are_asked_for() {
    let authority = Authority::new();
    authority.sign("a", "a.test");
    let strict = free_address();
    let auth = format!(
        ", client_auth = {{ ca = {:?}, required = false }}",
        authority.path("ca.pem")
    );
    let second = listener(&authority, &["a"], &auth, SITE);
    let second = format!("[[listener]]\naddress = '{strict}'\n{second}");
    let edge = Edge::start(&listener(&authority, &["a"], "", &second));
    for client in clients(&authority) {
        client.get(edge.http, "a.test");
        assert!(client.get(edge.http, "a.test").is_resumed());
        assert!(!client.get(strict, "a.test").is_resumed());
        assert!(client.get(strict, "a.test").is_resumed());
    }
}
