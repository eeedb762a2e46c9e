//! What is refused before any server is asked: the vectors on which nginx and pingora differ.

use std::io::Write as _;

use crate::http::Connection;
use crate::nginx::Nginx;
use crate::origin::Origin;
use crate::process::{Edge, proxy_to, raw, server};

fn status(answer: &str) -> u16 {
    answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0)
}

#[test]
fn e4_ambiguous_requests_are_refused_before_any_server_is_asked() {
    let (origin, reached) = (Origin::saying("reached"), Origin::saying("reached"));
    let edge = Edge::start(&proxy_to(&[server(origin.address, "")]));
    let nginx = Nginx::start(&format!(
        "server {{ listen LISTEN; location / {{ proxy_pass http://{}; }} }}",
        reached.address
    ));
    let long = "a".repeat(20_000);
    let many: String = (0..300)
        .map(|number| format!("X-{number}: 1\r\n"))
        .collect();
    // A request, and the edge's and nginx's status.
    for (request, expected, theirs) in [
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            400,
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
            400,
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx",
            400,
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            501,
            501,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\tchunked\r\n\r\n",
            400,
            501,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n",
            400,
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxx0\r\n\r\n",
            400,
            400,
        ),
        ("GET / HTTP/1.1\r\n\r\n", 400, 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, 400),
        ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400, 400),
        ("GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400, 400),
        ("GET /../a HTTP/1.1\r\nHost: a\r\n\r\n", 400, 400),
        ("GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400, 400),
        ("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400, 400),
        ("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405, 405),
        ("get / HTTP/1.1\r\nHost: a\r\n\r\n", 400, 400),
        ("GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505, 200),
        ("GET / HTTP/1.1\nHost: a\n\n", 400, 200),
        ("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, 200),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            400,
            400,
        ),
        (
            "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx",
            400,
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\nx",
            400,
            400,
        ),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400, 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n", 400, 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 400, 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400, 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\nY: b\r\n\r\n", 400, 200),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: X-Real-IP\r\n\r\n",
            400,
            200,
        ),
        ("GET /a HTTP/1.1\r\nHost: a b\r\n\r\n", 400, 400),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, 505),
        ("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 405, 400),
        (
            &format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n"),
            414,
            414,
        ),
        (
            &format!("GET / HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n"),
            431,
            400,
        ),
        (
            &format!(
                "GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n",
                long.repeat(15)
            ),
            431,
            400,
        ),
        (
            &format!("GET / HTTP/1.1\r\nHost: a\r\nX: {long}{long}\r\n\r\n"),
            431,
            400,
        ),
        (
            &format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n"),
            400,
            200,
        ),
    ] {
        let answer = raw(edge.http, request.as_bytes());
        let shown: String = request.escape_debug().take(90).collect();
        assert_eq!(status(&answer), expected, "{shown}\n{answer}");
        assert!(answer.contains("Connection: close\r\n"), "{shown}");
        let mut client = Connection::new(nginx.http);
        // It may answer and close before it has read everything.
        drop(client.stream.write_all(request.as_bytes()));
        assert_eq!(client.reply().unwrap().status, theirs, "nginx to {shown}");
    }
    assert_eq!(origin.connections(), 0);
    assert_eq!(edge.get("/").text(), "reached");
}
