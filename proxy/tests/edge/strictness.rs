//! What passes the gate, proved on real sockets, and random mutations of requests.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use edge_core::http::{BodyLength, HeadEnd, RequestHead, find_head_end};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::http::Connection;
use crate::origin::{Origin, answer};
use crate::process::{Edge, proxy_to, raw, server};

#[test]
fn http_1_0_is_served_and_gets_a_host() {
    let origin = Origin::start(|request, stream| {
        let host = request.header("host").unwrap_or("none").to_owned();
        answer(stream, &host)
    });
    let edge = Edge::start(&proxy_to(&[server(origin.address, "")]));
    // 18 bytes: shorter than the preface for which pingora waits for ever.
    let answer = raw(edge.http, b"GET / HTTP/1.0\r\n\r\n");
    assert!(
        answer.contains("Connection: close\r\n") && answer.ends_with("web"),
        "{answer}"
    );
    let mut client = Connection::new(edge.http);
    for _ in 0..2 {
        client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        let reply = client.reply().unwrap();
        assert_eq!(reply.header("connection"), Some("keep-alive"));
    }
}

#[test]
fn q3_forwarding_headers_are_the_edge_s_own() {
    let origin = Origin::start(|request, stream| {
        let head = request.head.clone();
        answer(stream, &head)
    });
    let edge = Edge::start(&proxy_to(&[server(origin.address, "")]));
    let asked = "GET /a?b HTTP/1.1\r\nHost: Site.com:81\r\nX-Real-IP: 9.9.9.9\r\nX_Real_IP: 8\r\n\
                 X-Forwarded-For: 7.7.7.7\r\nConnection: close, X-Secret\r\nX-Secret: 1\r\n\
                 Upgrade: websocket\r\nAccept: a\r\n\r\n";
    let mut client = Connection::new(edge.http);
    let reply = client.send(asked).reply().unwrap();
    // Differs each time; proxy/tests/edge/trace.rs looks at it.
    let is_random =
        |line: &&str| line.starts_with("X-Request-ID") || line.starts_with("traceparent");
    assert_eq!(
        reply
            .text()
            .lines()
            .filter(|line| !is_random(line))
            .collect::<Vec<_>>(),
        [
            "GET /a?b HTTP/1.1",
            "Host: Site.com:81",
            "X-Real-IP: 127.0.0.1",
            "X-Forwarded-For: 7.7.7.7, 127.0.0.1",
            "X-Forwarded-Proto: http",
            "Accept: a",
        ]
    );
}

/// nginx serves both, pingora closes after the first, and so do we (EDGE §3.4): whether what follows the
/// offer is HTTP, nobody has agreed upon.
#[test]
fn e4_an_upgrade_that_nobody_answers_is_an_ordinary_request() {
    let origin = Origin::start(|request, stream| {
        let path = request.path().to_owned();
        answer(stream, &path)
    });
    let edge = Edge::start(&proxy_to(&[server(origin.address, "")]));
    let mut client = Connection::new(edge.http);
    client.send(
        "GET /1 HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n\
         GET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    let reply = client.reply().unwrap();
    assert_eq!(reply.text(), "/1");
    assert_eq!(reply.header("connection"), Some("close"));
    assert!(client.is_closed());
    let seen = origin.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].header("upgrade"), Some("foo"));
}

#[test]
fn empty_lines_before_a_request_are_passed_over() {
    let origin = Origin::saying("page");
    let edge = Edge::start(&proxy_to(&[server(origin.address, "")]));
    let mut client = Connection::new(edge.http);
    client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.reply().unwrap().text(), "page");
    // However they arrive.
    for byte in b"\r\n\r\n" {
        client.send([*byte]);
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    client.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.reply().unwrap().text(), "page");
    assert_eq!(origin.seen().len(), 2);
}

#[test]
fn e4_what_has_one_meaning_is_served() {
    let origin = Origin::start(|request, stream| {
        let body = String::from_utf8_lossy(&request.body);
        answer(stream, &format!("{} {body}", request.path()))
    });
    let edge = Edge::start(&proxy_to(&[server(origin.address, "")]));
    for (request, expected) in [
        (
            "GET http://a/absolute HTTP/1.1\r\nHost: a\r\n\r\n",
            "/absolute ",
        ),
        (
            "POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\nx\r\n0\r\n\r\n",
            "/1 x",
        ),
        (
            "POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\nX: y\r\n\r\n",
            "/2 ",
        ),
        ("\r\nGET /3 HTTP/1.1\r\nhost:a\r\n\r\n", "/3 "),
        (
            "GET /a%2Fb?c=%00 HTTP/1.1\r\nHost: a\r\n\r\n",
            "/a%2Fb?c=%00 ",
        ),
    ] {
        let mut client = Connection::new(edge.http);
        let reply = client.send(request).reply().unwrap();
        assert_eq!((reply.status, reply.text()), (200, expected), "{request}");
    }
}

/// nginx drops them as well (`ignore_invalid_headers`, `underscores_in_headers off`).
#[test]
fn q5_a_name_with_an_underscore_does_not_reach_the_server() {
    let origin = Origin::saying("x");
    let edge = Edge::start(&proxy_to(&[server(origin.address, "")]));
    let mut client = Connection::new(edge.http);
    client.send("GET / HTTP/1.1\r\nHost: a\r\nX_Forwarded_For: 1\r\nX-Kept: 2\r\n\r\n");
    assert_eq!(client.reply().unwrap().status, 200);
    let seen = &origin.seen()[0];
    assert_eq!(seen.header("x_forwarded_for"), None);
    assert_eq!(seen.header("x-kept"), Some("2"));
}

/// An upstream that only records bytes, and closes after each batch.
fn recorder() -> (SocketAddr, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let bytes: Arc<Mutex<Vec<u8>>> = Arc::default();
    let record = Arc::clone(&bytes);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut read = vec![0; 65_536];
            let mut request = Vec::new();
            while !is_whole(&request) {
                match stream.read(&mut read) {
                    Ok(count) if count > 0 => request.extend_from_slice(&read[..count]),
                    _ => break,
                }
            }
            record.lock().unwrap().extend_from_slice(&request);
            drop(
                stream.write_all(
                    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                ),
            );
        }
    });
    (address, bytes)
}

fn is_whole(request: &[u8]) -> bool {
    let HeadEnd::Complete(head) = find_head_end(request, 0) else {
        return false;
    };
    match RequestHead::parse(&request[..head]).map(|head| head.body) {
        Ok(BodyLength::Known(length)) => (request.len() - head) as u64 >= length,
        _ => true,
    }
}

/// The property that smuggling violates: whatever one connection sends, the server's bytes are
/// whole requests, one for each that the client was answered, and nothing else.
#[test]
fn what_reaches_a_server_is_exactly_one_request_or_nothing() {
    let (address, recorded) = recorder();
    let edge = Edge::start(&proxy_to(&[server(address, ", max_fails = 0")]));
    let headers = prop_oneof![
        Just("Content-Length: 4".to_owned()),
        Just("Content-Length: 40".to_owned()),
        Just("Transfer-Encoding: chunked".to_owned()),
        Just("Transfer-Encoding : chunked".to_owned()),
        Just("Transfer-Encoding: x\r\n chunked".to_owned()),
        Just("Connection: Content-Length".to_owned()),
        Just("Content-Length: 0\r\n\r\nGET /smuggled HTTP/1.1".to_owned()),
        "[A-Za-z-]{1,8}: [ -~]{0,8}",
    ];
    let bodies = prop_oneof![
        Just(String::new()),
        Just("body".to_owned()),
        Just("4\r\nbody\r\n0\r\n\r\n".to_owned()),
        Just("0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n".to_owned()),
    ];
    let requests = (
        prop::collection::vec(headers, 0..4),
        bodies,
        0usize..300,
        any::<u8>(),
    );
    let config = Config {
        cases: 300,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&requests, |(headers, body, at, byte)| {
        let headers: Vec<String> = headers.into_iter().map(|line| line + "\r\n").collect();
        let headers = headers.concat();
        let mut request =
            format!("POST /one HTTP/1.1\r\nHost: a\r\n{headers}\r\n{body}").into_bytes();
        if let Some(target) = request.get_mut(at) {
            *target = byte;
        }
        recorded.lock().unwrap().clear();
        let mut stream = std::net::TcpStream::connect(edge.http).unwrap();
        drop(stream.write_all(&request));
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answers = Vec::new();
        drop(stream.read_to_end(&mut answers));
        let answered = answers
            .windows(12)
            .filter(|window| window == b"HTTP/1.1 200")
            .count();
        let bytes = recorded.lock().unwrap().clone();
        let mut rest = bytes.as_slice();
        let mut sent = 0;
        while let HeadEnd::Complete(head) = find_head_end(rest, 0) {
            let parsed = RequestHead::parse(&rest[..head]);
            let parsed = parsed.expect("the edge sent what it would refuse itself");
            let BodyLength::Known(body) = parsed.body else {
                prop_assert_eq!(parsed.body, BodyLength::Empty);
                rest = &rest[head..];
                sent += 1;
                continue;
            };
            rest = &rest[head + usize::try_from(body).unwrap()..];
            sent += 1;
        }
        prop_assert!(rest.is_empty(), "left over: {}", rest.escape_ascii());
        prop_assert!(sent >= answered, "{sent} sent, {answered} answered");
        Ok(())
    });
    outcome.unwrap();
}
