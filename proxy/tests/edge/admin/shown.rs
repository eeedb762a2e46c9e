//! Connections, certificates, statistics, and what the VIP daemon says.

use std::fs;

use super::{ask, read};
use crate::http::Connection;
use crate::origin::{Origin, answer};
use crate::process::{Edge, free_address, proxy_to, server};

#[test]
fn connections_are_counted_by_listener() {
    let one = Origin::saying("one");
    let other = free_address();
    let config =
        format!("[[listener]]\naddress = \"{other}\"\n") + &proxy_to(&[server(one.address, "")]);
    let edge = Edge::start(&config);
    let mut clients: Vec<Connection> = (0..3).map(|_| Connection::new(other)).collect();
    for client in &mut clients {
        client
            .send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            .reply()
            .unwrap();
    }
    edge.eventually("all are idle", || {
        let shown = read(&edge, "/api/v1/connections");
        shown["listeners"][0]["idle"] == 0
            && shown["listeners"][1]["idle"] == 3
            && shown["idle"] == 3
            && shown["requests"] == 3
    });
    clients[0].send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n");
    edge.eventually("one is active", || {
        let shown = read(&edge, "/api/v1/connections");
        shown["listeners"][1]["idle"] == 2 && shown["listeners"][1]["active"] == 1
    });
    drop(clients);
    edge.eventually("all are gone", || {
        let shown = read(&edge, "/api/v1/connections");
        shown["listeners"][1]["idle"] == 0 && shown["listeners"][1]["active"] == 0
    });
}

#[test]
fn statistics_are_of_what_was_answered() {
    let origin =
        Origin::start(|request, stream| request.path() != "/broken" && answer(stream, "x"));
    let edge = Edge::start(&proxy_to(&[server(origin.address, "")]));
    edge.eventually("there is a first sample", || {
        !read(&edge, "/api/v1/stats")["seconds"]
            .as_array()
            .unwrap()
            .is_empty()
    });
    for _ in 0..6 {
        assert_eq!(edge.get("/").status, 200);
        assert_eq!(edge.get("/broken").status, 502);
    }
    edge.eventually("they are in the statistics", || {
        let stats = read(&edge, "/api/v1/stats");
        let last = &stats["last_5m"];
        let (p50, p99) = (last["p50"].as_f64(), last["p99"].as_f64());
        last["errors"] == 0.5 && last["rate"].as_f64() > Some(0.0) && p50 > Some(0.0) && p99 >= p50
    });
}

#[test]
fn certificates_are_shown_with_their_days() {
    let dir = tempfile::tempdir().unwrap();
    let mut wanted =
        rcgen::CertificateParams::new(vec!["shop.test".to_owned(), "www.shop.test".to_owned()])
            .unwrap();
    wanted.not_after = rcgen::date_time_ymd(2100, 1, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = wanted.self_signed(&key).unwrap();
    let (cert, private) = (dir.path().join("c.pem"), dir.path().join("k.pem"));
    fs::write(&cert, certificate.pem()).unwrap();
    fs::write(&private, key.serialize_pem()).unwrap();
    let (one, secure) = (Origin::saying("one"), free_address());
    let config = format!(
        "[[listener]]\naddress = \"{secure}\"\n[listener.tls]\ncertificates = [{{ cert = \"{}\", key = \"{}\" }}]\n",
        cert.display(),
        private.display()
    ) + &proxy_to(&[server(one.address, "")]);
    let edge = Edge::start(&config);
    let shown = read(&edge, "/api/v1/certificates");
    assert_eq!(shown.as_array().unwrap().len(), 1);
    assert_eq!(
        shown[0]["names"],
        serde_json::json!(["shop.test", "www.shop.test"])
    );
    assert_eq!(shown[0]["listener"], secure.to_string());
    assert_eq!(shown[0]["not_after"], 4_102_444_800_i64);
    assert!(shown[0]["days_left"].as_i64() > Some(20_000), "{shown}");
    assert_eq!(shown[0]["valid"], true);
    let table = String::from_utf8(edge.command("status").stdout).unwrap();
    assert!(table.contains("shop.test"), "{table}");
}

#[test]
fn the_vip_daemon_is_asked() {
    let vip = Origin::start(|request, stream| {
        let text = if request.path() == "/api/v1/status" {
            "{\"instances\": [{\"name\": \"VI_1\", \"state\": \"master\"}]}"
        } else {
            ""
        };
        // Says no more, and so closes, as is usual with HTTP/1.0.
        answer(stream, text);
        false
    });
    let one = Origin::saying("one");
    let with =
        |address| format!("[admin]\nvip = \"{address}\"\n") + &proxy_to(&[server(one.address, "")]);
    let edge = Edge::start(&with(vip.address));
    assert_eq!(
        read(&edge, "/api/v1/vip")["instances"][0]["state"],
        "master"
    );
    let edge = Edge::start(&with(free_address()));
    assert_eq!(ask(&edge, "GET /api/v1/vip", "", "").status, 204);
}
