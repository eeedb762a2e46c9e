//! Who the client is: the PROXY protocol, and headers of trusted proxies.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use edge_core::proxy_protocol::{Ends, Version, write};

use crate::http::Connection;
use crate::origin::{Origin, answer};
use crate::process::{Edge, free_address, proxy_to, raw, server};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// An origin that answers with the forwarding headers it got.
fn mirror() -> Origin {
    Origin::start(|request, stream| {
        let headers = ["x-real-ip", "x-forwarded-for", "x-forwarded-proto"]
            .map(|name| request.header(name).unwrap_or("none"));
        answer(stream, &headers.join(" | "))
    })
}

/// An edge with a second listener that expects the PROXY protocol.
fn proxied(origin: &Origin, from: &str, client: &str) -> (Edge, SocketAddr) {
    let address = free_address();
    let edge = Edge::start(&format!(
        "[[listener]]\naddress = \"{address}\"\n\
         proxy_protocol = {{ from = [\"{from}\"], timeout = \"300ms\" }}\n\
         [client]\n{client}\n{}",
        proxy_to(&[server(origin.address, "")])
    ));
    (edge, address)
}

fn header(version: Version, client: &str) -> Vec<u8> {
    let destination = "203.0.113.1:80".parse().unwrap();
    let mut header = Vec::new();
    let ends = Ends::new(client.parse().unwrap(), destination);
    write(&mut header, version, Some(&ends));
    header
}

#[test]
fn the_proxy_protocol_names_the_client() {
    let origin = mirror();
    let (edge, address) = proxied(&origin, "127.0.0.0/8", "");
    for version in [Version::V1, Version::V2] {
        for (client, shown) in [
            ("192.0.2.7:1234", "192.0.2.7"),
            ("[2001:db8::7]:1", "2001:db8::7"),
        ] {
            let mut connection = Connection::new(address);
            connection.send([header(version, client).as_slice(), GET.as_bytes()].concat());
            for _ in 0..2 {
                let reply = connection.reply().unwrap();
                assert_eq!(reply.text(), format!("{shown} | {shown} | http"));
                connection.send(GET);
            }
        }
    }
    // A load balancer's own check, and a header that comes byte by byte.
    let mut unknown = Vec::new();
    write(&mut unknown, Version::V2, None);
    let mut connection = Connection::new(address);
    for byte in &unknown {
        connection.send([*byte]);
        std::thread::sleep(Duration::from_millis(1));
    }
    let reply = connection.send(GET).reply().unwrap();
    assert_eq!(reply.text(), "127.0.0.1 | 127.0.0.1 | http");
    assert_eq!(edge.get("/").text(), "127.0.0.1 | 127.0.0.1 | http");
}

#[test]
fn connections_without_a_header_or_a_right_to_it_are_closed_and_counted() {
    let origin = mirror();
    let (edge, address) = proxied(&origin, "127.0.0.1", "");
    let refused = "edge_connections_refused_total";
    assert_eq!(raw(address, GET.as_bytes()), "");
    assert_eq!(raw(address, b"PROXY TCP4 nonsense\r\n"), "");
    edge.counts(refused, &["reason=\"proxy_protocol_header\""], 2);
    // Bytes that keep coming do not move the deadline.
    let mut slow = TcpStream::connect(address).unwrap();
    for byte in header(Version::V1, "192.0.2.7:1234") {
        drop(slow.write_all(&[byte]));
        std::thread::sleep(Duration::from_millis(20));
    }
    slow.set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    assert!(matches!(slow.read(&mut [0]), Ok(0) | Err(_)));
    assert_eq!(raw(address, b""), "");
    edge.counts(refused, &["reason=\"proxy_protocol_timeout\""], 2);
    drop(edge);
    let (edge, address) = proxied(&origin, "192.0.2.0/24", "");
    let sent = [
        header(Version::V1, "192.0.2.7:1").as_slice(),
        GET.as_bytes(),
    ]
    .concat();
    assert_eq!(raw(address, &sent), "");
    edge.counts(refused, &["reason=\"proxy_protocol_untrusted\""], 1);
    // A header where none is expected is a request that cannot be read.
    let answer = raw(edge.http, &sent);
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert_eq!(origin.connections(), 0);
}

/// Whom to believe is no matter of the socket, which stays.
#[test]
fn a_reload_changes_who_may_speak_for_others() {
    let origin = mirror();
    let edge = Edge::start(&proxy_to(&[server(origin.address, "")]));
    let address = free_address();
    let sent = [
        header(Version::V1, "192.0.2.7:1").as_slice(),
        GET.as_bytes(),
    ]
    .concat();
    let trusting = |from: &str| {
        edge.configure(&format!(
            "[[listener]]\naddress = \"{address}\"\nproxy_protocol = {{ from = [\"{from}\"] }}\n{}",
            proxy_to(&[server(origin.address, "")])
        ));
        assert!(edge.reload().status.success());
    };
    let served = || {
        let mut connection = Connection::new(address);
        drop(connection.stream.write_all(&sent));
        connection.reply().is_ok()
    };
    trusting("192.0.2.0/24");
    assert!(!served());
    trusting("127.0.0.1");
    // The workers hear of it in their own time.
    edge.eventually("it is served", served);
    trusting("192.0.2.0/24");
    edge.eventually("it is not", || !served());
    let listened = format!("listening address={address}");
    assert_eq!(edge.log().matches(&listened).count(), 1, "{}", edge.log());
}

#[test]
fn limits_per_address_are_of_the_client_that_the_proxy_names() {
    let origin = mirror();
    let (_edge, address) = proxied(&origin, "127.0.0.1", "max_connections_per_address = 1");
    let served = |client: &str| {
        let mut connection = Connection::new(address);
        let sent = [header(Version::V2, client).as_slice(), GET.as_bytes()].concat();
        drop(connection.stream.write_all(&sent));
        connection.reply().is_ok().then_some(connection)
    };
    let _one = served("192.0.2.1:1").unwrap();
    let _other = served("192.0.2.2:1").unwrap();
    assert!(served("192.0.2.1:2").is_none());
    let _network = served("[2001:db8::1]:1").unwrap();
    assert!(served("[2001:db8::2]:1").is_none());
}

fn trusting(origin: &Origin, trusted: &str) -> Edge {
    let site = proxy_to(&[server(origin.address, "")]).replace(
        "[[site]]\n",
        "[[site]]\naccess_log = { path = \"access.log\", format = '$remote_addr $realip_remote_addr' }\n",
    );
    Edge::start(&format!(
        "[server]\nthreads = 1\n[client]\ntrusted = [\"{trusted}\"]\n{site}"
    ))
}

/// nginx's realip module with `real_ip_recursive on`.
#[test]
fn q3_a_trusted_proxy_names_the_client() {
    let origin = mirror();
    let edge = trusting(&origin, "127.0.0.0/8");
    let mut client = Connection::new(edge.http);
    // One connection of a proxy carries the requests of many clients.
    for (headers, expected) in [
        ("", "127.0.0.1 | 127.0.0.1 | http"),
        (
            "X-Forwarded-For: 6.6.6.6, 9.9.9.9\r\nX-Forwarded-Proto: https\r\nX-Real-IP: 6.6.6.6\r\n",
            // What nginx sends: `$proxy_add_x_forwarded_for` appends `$remote_addr`.
            "9.9.9.9 | 6.6.6.6, 9.9.9.9, 9.9.9.9 | https",
        ),
        (
            "X-Forwarded-For: nonsense\r\n",
            "127.0.0.1 | nonsense, 127.0.0.1 | http",
        ),
        (
            "X-Forwarded-For: 8.8.8.8, 127.0.0.9\r\n",
            "8.8.8.8 | 8.8.8.8, 127.0.0.9, 8.8.8.8 | http",
        ),
        ("", "127.0.0.1 | 127.0.0.1 | http"),
    ] {
        client.send(format!("GET / HTTP/1.1\r\nHost: a\r\n{headers}\r\n"));
        assert_eq!(client.reply().unwrap().text(), expected);
    }
    let log = || std::fs::read_to_string(edge.path("access.log")).unwrap_or_default();
    edge.eventually("all are logged", || log().lines().count() == 5);
    let log = log();
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines[..2], ["127.0.0.1 127.0.0.1", "9.9.9.9 127.0.0.1"]);
}

#[test]
fn q3_nobody_else_is_believed() {
    let origin = mirror();
    let edge = trusting(&origin, "192.0.2.0/24");
    let mut client = Connection::new(edge.http);
    client.send(
        "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: https\r\n\r\n",
    );
    let expected = "127.0.0.1 | 9.9.9.9, 127.0.0.1 | http";
    assert_eq!(client.reply().unwrap().text(), expected);
}

/// The load balancer that speaks the PROXY protocol names a proxy that is trusted, too.
#[test]
fn q3_headers_are_believed_of_whom_the_proxy_protocol_names() {
    let origin = mirror();
    let (_edge, address) = proxied(&origin, "127.0.0.1", "trusted = [\"192.0.2.7\"]");
    for (peer, expected) in [
        ("192.0.2.7:1", "9.9.9.9 | 9.9.9.9, 9.9.9.9 | http"),
        ("192.0.2.8:1", "192.0.2.8 | 9.9.9.9, 192.0.2.8 | http"),
    ] {
        let mut client = Connection::new(address);
        client.send(header(Version::V2, peer));
        client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 9.9.9.9\r\n\r\n");
        assert_eq!(client.reply().unwrap().text(), expected);
    }
}

/// An origin that tells the first bytes of each connection.
fn introduced() -> (SocketAddr, std::sync::mpsc::Receiver<Vec<u8>>) {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut all = Vec::new();
            let mut read = vec![0; 4096];
            while !all.ends_with(b"\r\n\r\n") {
                match stream.read(&mut read) {
                    Ok(count) if count > 0 => all.extend_from_slice(&read[..count]),
                    _ => break,
                }
            }
            send.send(all).unwrap();
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                .unwrap();
        }
    });
    (address, receive)
}

#[test]
fn servers_are_told_by_the_proxy_protocol_who_the_client_is() {
    let (address, seen) = introduced();
    let config = |version: &str| {
        proxy_to(&[server(address, "")]).replace(
            "[[site]]",
            &format!("proxy_protocol = \"{version}\"\n[[site]]"),
        )
    };
    let trusting = "[client]\ntrusted = [\"127.0.0.1\"]\n";
    let edge = Edge::start(&format!("{trusting}{}", config("v1")));
    let asked = |of: &str| format!("GET / HTTP/1.1\r\nHost: a\r\n{of}\r\n");
    // On one connection of the client each request of another client has its own to the server.
    let mut client = Connection::new(edge.http);
    for (of, expected) in [
        ("", "PROXY TCP4 127.0.0.1 127.0.0.1 "),
        (
            "X-Forwarded-For: 192.0.2.7\r\n",
            "PROXY TCP4 192.0.2.7 127.0.0.1 ",
        ),
    ] {
        client.send(asked(of));
        assert_eq!(client.reply().unwrap().text(), "ok");
        let bytes = seen.recv_timeout(Duration::from_secs(5)).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let (line, request) = text.split_once("\r\n").unwrap();
        assert!(line.starts_with(expected), "{line}");
        assert!(line.ends_with(&format!(" {}", edge.http.port())), "{line}");
        assert!(request.starts_with("GET / HTTP/1.1\r\n"), "{request}");
    }
    edge.configure(&config("v2"));
    assert!(edge.reload().status.success());
    assert_eq!(edge.get("/").text(), "ok");
    let bytes = seen.recv_timeout(Duration::from_secs(5)).unwrap();
    assert!(bytes.starts_with(b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\x01"));
}
