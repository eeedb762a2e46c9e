//! Patience and limits with clients: timeouts, persistence, sizes of heads, numbers of connections.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::http::{Connection, get, request};
use crate::origin::{Origin, answer};
use crate::process::{Edge, proxy_to, raw, server};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

fn edge_with(client: &str, origin: &Origin) -> Edge {
    Edge::start(&format!(
        "[client]\n{client}\n{}",
        proxy_to(&[server(origin.address, "")])
    ))
}

/// The deadline is of the whole head: bytes that keep coming do not move it.
#[test]
fn t4_a_head_that_takes_too_long_is_408() {
    let origin = Origin::saying("x");
    let edge = edge_with("header_timeout = \"300ms\"", &origin);
    let mut client = Connection::new(edge.http);
    let mut stream = client.stream.try_clone().unwrap();
    let dribble = std::thread::spawn(move || {
        // Bounded, and far longer than the edge should listen.
        for _ in 0..200 {
            if stream.write_all(b"GET / HTTP/1.1\r\nX: ").is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
    });
    let reply = client.reply().unwrap();
    assert_eq!(reply.status, 408);
    assert_eq!(reply.header("connection"), Some("close"));
    assert!(client.is_closed());
    drop(client);
    dribble.join().unwrap();
    // A connection that says nothing at all is closed without a word.
    assert_eq!(raw(edge.http, b""), "");
    assert_eq!(edge.get("/").status, 200);
    assert_eq!(origin.seen().len(), 1);
}

#[test]
fn t4_a_body_that_stops_coming_is_408() {
    let origin = Origin::saying("x");
    let edge = edge_with("body_timeout = \"200ms\"", &origin);
    let mut client = Connection::new(edge.http);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    assert_eq!(client.reply().unwrap().status, 408);
    assert!(client.is_closed());
    assert_eq!(origin.connections(), 0);
}

#[test]
fn t4_a_client_that_does_not_read_is_cut_off() {
    let origin = Origin::start(|_, stream| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n";
        let piece = vec![b'x'; 1_000_000];
        stream.write_all(head).is_ok() && (0..50).all(|_| stream.write_all(&piece).is_ok())
    });
    let edge = edge_with("send_timeout = \"200ms\"", &origin);
    let mut client = Connection::new(edge.http);
    client.send(GET);
    edge.eventually("the request arrives", || origin.seen().len() == 1);
    edge.eventually("it is given up", || {
        edge.metric("edge_connections", &["state=\"active\""]) == 0
    });
    let mut rest = Vec::new();
    drop(client.stream.read_to_end(&mut rest));
    assert!(rest.len() < 50_000_000);
}

#[test]
fn t4_idle_connections_are_closed() {
    let origin = Origin::saying("x");
    let edge = edge_with("keepalive_timeout = \"200ms\"", &origin);
    let mut client = Connection::new(edge.http);
    for _ in 0..2 {
        client.send(GET);
        assert_eq!(client.reply().unwrap().header("connection"), None);
    }
    assert!(client.is_closed());
}

#[test]
fn t4_a_connection_serves_so_many_requests() {
    let origin = Origin::saying("x");
    let edge = edge_with("keepalive_requests = 3", &origin);
    let mut client = Connection::new(edge.http);
    client.send(GET.repeat(4));
    for expected in [None, None, Some("close")] {
        assert_eq!(client.reply().unwrap().header("connection"), expected);
    }
    assert!(client.is_closed(), "the fourth is not served");
    assert_eq!(origin.seen().len(), 3);
}

#[test]
fn t4_a_connection_grows_only_so_old() {
    let origin = Origin::start(|_, stream| {
        std::thread::sleep(Duration::from_millis(20));
        answer(stream, "x")
    });
    let edge = edge_with("keepalive_time = \"1ms\"", &origin);
    let mut client = Connection::new(edge.http);
    client.send(GET);
    client.reply().unwrap();
    std::thread::sleep(Duration::from_millis(20));
    // The first may have been received within its first millisecond, the second was not.
    drop(client.stream.write_all(GET.as_bytes()));
    if let Ok(reply) = client.reply() {
        assert_eq!(reply.header("connection"), Some("close"));
    }
    assert!(client.is_closed());
}

#[test]
fn e3_the_sizes_of_heads_are_limited_as_configured() {
    let origin = Origin::saying("x");
    let limits =
        "max_uri = \"1k\"\nmax_header_line = \"2k\"\nmax_header = \"4k\"\nmax_headers = 10";
    let edge = edge_with(limits, &origin);
    let path = |length: usize| format!("GET /{} HTTP/1.1\r\nHost: a\r\n", "a".repeat(length));
    let header = |length: usize| format!("X: {}\r\n", "a".repeat(length));
    let small = path(1);
    for (head, expected) in [
        (path(1000) + "\r\n", 200),
        (path(1020) + "\r\n", 414),
        // Refused before it is complete.
        (path(3000), 414),
        (format!("{small}{}\r\n", header(2000)), 200),
        (format!("{small}{}\r\n", header(2100)), 431),
        (format!("{small}{}{}\r\n", header(1900), header(1900)), 200),
        (format!("{small}{}", header(1900).repeat(3)), 431),
        (format!("{small}{}\r\n", header(1).repeat(9)), 200),
        (format!("{small}{}\r\n", header(1).repeat(10)), 400),
    ] {
        let mut client = Connection::new(edge.http);
        let reply = client.send(&head).reply().unwrap();
        assert_eq!(reply.status, expected, "{} bytes", head.len());
    }
}

#[test]
fn e3_a_head_larger_than_a_buffer_is_served_if_allowed() {
    let origin = Origin::saying("x");
    let edge = edge_with("max_header = \"200k\"\nmax_header_line = \"90k\"", &origin);
    let line = format!("X: {}\r\n", "a".repeat(80_000));
    let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{line}{line}\r\n");
    assert_eq!(request(edge.http, &head).text(), "x");
    assert_eq!(origin.seen()[0].header("x").unwrap().len(), 80_000);
}

/// Whether a connection is served.
fn is_served(edge: &Edge) -> Option<Connection> {
    let mut client = Connection::new(edge.http);
    // The edge may have closed it before this arrives.
    drop(client.stream.write_all(GET.as_bytes()));
    client.reply().ok()?;
    Some(client)
}

#[test]
fn connections_beyond_the_limits_are_closed_at_once_and_counted() {
    let origin = Origin::saying("x");
    for limit in ["max_connections", "max_connections_per_address"] {
        let edge = edge_with(&format!("{limit} = 2"), &origin);
        // The one by which the test saw that the edge is up.
        edge.eventually("nothing is open", || {
            edge.metric("edge_connections", &["state=\"idle\""]) == 0
        });
        let reason = format!("reason=\"{limit}\"");
        let refused = || edge.metric("edge_connections_refused_total", &[&reason]);
        assert!(
            edge.metrics().contains(&reason),
            "it is there from the start"
        );
        let one = is_served(&edge).unwrap();
        let _two = is_served(&edge).unwrap();
        for _ in 0..3 {
            assert!(is_served(&edge).is_none());
        }
        assert_eq!(refused(), 3);
        drop(one);
        edge.eventually("its place is free", || is_served(&edge).is_some());
        assert_eq!(get(edge.admin, "/health").status, 200);
    }
}

#[test]
fn a_reload_changes_patience_for_connections_that_are_open() {
    let origin = Origin::saying("x");
    let site = proxy_to(&[server(origin.address, "")]);
    let edge = Edge::start(&site);
    let mut client = Connection::new(edge.http);
    client.send(GET);
    client.reply().unwrap();
    edge.configure(&format!("[client]\nmax_uri = \"20\"\n{site}"));
    assert!(edge.reload().status.success());
    client.send("GET /much/longer HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.reply().unwrap().status, 414);
}

#[test]
fn a_refused_request_is_read_over_so_that_its_answer_arrives() {
    let origin = Origin::saying("x");
    let edge = edge_with("lingering_time = \"5s\"", &origin);
    let mut client = TcpStream::connect(edge.http).unwrap();
    client
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n";
    client.write_all(head.as_bytes()).unwrap();
    client.write_all(&vec![b'x'; 3_000_000]).unwrap();
    let mut status = [0; 12];
    client.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 413");
}

/// Not even when it comes so fast that the edge need never wait for it.
#[test]
fn t4_a_refused_request_is_not_read_over_for_ever() {
    let origin = Origin::saying("x");
    let edge = edge_with("lingering_time = \"500ms\"", &origin);
    let mut client = Connection::new(edge.http);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000000\r\n\r\n");
    let piece = vec![b'x'; 100_000];
    let end = Instant::now() + Duration::from_secs(20);
    while client.stream.write_all(&piece).is_ok() {
        assert!(Instant::now() < end, "it is still read");
    }
}
