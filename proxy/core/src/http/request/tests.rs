use proptest::prelude::*;

use super::{BodyLength, Method, RequestHead};

fn status(head: &str) -> u16 {
    RequestHead::parse(head.as_bytes()).map_or_else(|reason| reason.status, |_| 200)
}

/// A GET of `/` with these header lines after Host.
fn with(lines: &str) -> String {
    format!("POST / HTTP/1.1\r\nHost: a\r\n{lines}\r\n\r\n")
}

#[test]
fn reads_a_browser_request() {
    let head = RequestHead::parse(
        b"GET /a?b=1 HTTP/1.1\r\nHost: Example.com:8080\r\nX_Real_IP: 9\r\nAccept: */*\r\n\r\n",
    )
    .unwrap();
    assert_eq!(head.method, Method::Get);
    assert_eq!((head.target, head.path()), ("/a?b=1", "/a"));
    assert_eq!(
        (head.host, head.authority),
        ("Example.com", "Example.com:8080")
    );
    assert_eq!(head.body, BodyLength::Empty);
    assert!(head.keep_alive);
    assert_eq!(head.header("accept"), Some("*/*"));
    assert_eq!(
        head.header("x_real_ip"),
        None,
        "a name with an underscore is dropped"
    );
}

/// The vectors on which nginx and pingora differ, with our answer.
#[test]
fn strictness() {
    let long = "a".repeat(9000);
    for (head, expected) in [
        (with("Content-Length: 1\r\nTransfer-Encoding: chunked"), 400),
        (with("Content-Length: 1\r\nContent-Length: 1"), 400),
        (with("Content-Length: 1, 1"), 400),
        (with("Content-Length: +1"), 400),
        (with("Content-Length: 0x1"), 400),
        (with("Content-Length: 99999999999999999999"), 400),
        (
            with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
            400,
        ),
        (with("Transfer-Encoding: gzip, chunked"), 501),
        (with("Transfer-Encoding:\tchunked"), 400),
        (with("Transfer-Encoding: xchunked"), 501),
        (with("Host: b"), 400),
        (with("Connection: close, X-Forwarded-For"), 400),
        (with("Connection: Host"), 400),
        (with("Expect: 200-ok"), 417),
        (with("X : 1"), 400),
        (with("X: a\0b"), 400),
        (with("X: a\r\n folded"), 400),
        (with("X: a\rb"), 400),
        ("GET / HTTP/1.1\r\n\r\n".into(), 400),
        ("GET / HTTP/1.1\r\nHost:\r\n\r\n".into(), 400),
        ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n".into(), 400),
        ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n".into(), 400),
        ("GET / HTTP/1.0\r\n\r\n".into(), 200),
        (
            "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n".into(),
            400,
        ),
        ("GET * HTTP/1.1\r\nHost: a\r\n\r\n".into(), 400),
        ("GET a HTTP/1.1\r\nHost: a\r\n\r\n".into(), 400),
        ("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n".into(), 400),
        ("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n".into(), 405),
        ("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n".into(), 405),
        ("get / HTTP/1.1\r\nHost: a\r\n\r\n".into(), 400),
        ("GET / HTTP/1.2\r\nHost: a\r\n\r\n".into(), 505),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n".into(), 505),
        ("GET / HTTX/1.1\r\nHost: a\r\n\r\n".into(), 400),
        ("GET http://a/x HTTP/1.1\r\nHost: b\r\n\r\n".into(), 400),
        ("GET http://a/x HTTP/1.1\r\nHost: a\r\n\r\n".into(), 200),
        (format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n"), 414),
    ] {
        assert_eq!(status(&head), expected, "{}", head.escape_debug());
    }
}

#[test]
fn persistence_follows_version_and_connection() {
    for (head, keep_alive) in [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", true),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: foo, Close\r\n\r\n",
            false,
        ),
        ("GET / HTTP/1.0\r\nHost: a\r\n\r\n", false),
        (
            "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
            true,
        ),
    ] {
        assert_eq!(
            RequestHead::parse(head.as_bytes()).unwrap().keep_alive,
            keep_alive,
            "{head}"
        );
    }
}

#[test]
fn retries_spare_what_changes_things() {
    for (method, idempotent) in [
        ("GET", true),
        ("PUT", true),
        ("DELETE", true),
        ("POST", false),
        ("PATCH", false),
    ] {
        assert_eq!(Method::of(method).is_idempotent(), idempotent, "{method}");
    }
}

proptest! {
    #[test]
    fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _outcome = RequestHead::parse(&bytes);
    }

    #[test]
    fn mutations_of_a_request_parse_or_are_refused(
        cut in 0usize..80, byte in any::<u8>(),
    ) {
        let mut head = b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nX: y\r\n\r\n".to_vec();
        let at = cut % head.len();
        head[at] = byte;
        if let Ok(parsed) = RequestHead::parse(&head) {
            prop_assert!(parsed.target.starts_with('/'));
        }
    }
}
