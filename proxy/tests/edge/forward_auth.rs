//! Who may ask, by the word of a service.

use std::io::Write as _;
use std::net::TcpListener;

use crate::http::{Reply, request};
use crate::origin::{Origin, Seen, answer};
use crate::process::{Edge, free_address};

/// A service that knows tokens.
fn service() -> Origin {
    Origin::start(|request: &Seen, stream| {
        let head = match request.header("x-token") {
            Some("yes") => {
                "200 OK\r\nX-User: ana\r\nX-Groups: a\r\nX-Groups: b\r\nX-Other: o\r\n\
                 Content-Type: application/json\r\nContent-Length: 6\r\n\r\nsecret"
            }
            Some("empty") => "204 No Content\r\n\r\n",
            Some("no") => "403 Forbidden\r\nX-User: ana\r\nContent-Length: 0\r\n\r\n",
            Some("elsewhere") => {
                "302 Found\r\nLocation: https://sign.in/?a\r\nSet-Cookie: a=1\r\n\
                 Set-Cookie: b=2\r\nContent-Length: 0\r\n\r\n"
            }
            Some("odd") => "404 Not Found\r\nContent-Length: 0\r\n\r\n",
            Some("broken") => "500 Oh\r\nContent-Length: 0\r\n\r\n",
            Some("inward") => "200 OK\r\nX-Accel-Redirect: /open\r\nContent-Length: 0\r\n\r\n",
            Some("garbage") => return stream.write_all(b"what\r\n\r\n").is_err(),
            Some("closed") => return false,
            _ => "401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 0\r\n\r\n",
        };
        stream
            .write_all(format!("HTTP/1.1 {head}").as_bytes())
            .is_ok()
    })
}

struct Test {
    service: Origin,
    origin: Origin,
    edge: Edge,
    _silent: TcpListener,
}

fn start() -> Test {
    let (service, origin) = (service(), Origin::start(|_, stream| answer(stream, "in")));
    let silent = TcpListener::bind(free_address()).unwrap();
    let auth = |to: &str, more: &str| {
        format!("forward_auth = {{ to = \"{to}\", uri = \"/verify?a=b\"{more} }}")
    };
    let copy = ", copy = [\"X-User\", \"X-Groups\"]";
    let config = format!(
        "[server]\nthreads = 1\n[client]\ntrusted = [\"127.0.0.1\"]\n\
         [upstream.web]\nserver = [{{ address = \"{}\" }}]\n\
         [upstream.auth]\nserver = [{{ address = \"{}\" }}]\n\
         [upstream.dead]\nserver = [{{ address = \"{}\" }}]\n\
         [upstream.silent]\nserver = [{{ address = \"{}\" }}]\n\
         [[site]]\ngzip = {{ min_length = \"1\" }}\n{}\n\
         [[site.route]]\npath = \"/\"\nproxy = {{ to = \"web\" }}\n\
         [[site.route]]\npath = \"/elsewhere\"\n{}\nproxy = {{ to = \"web\" }}\n\
         [[site.route]]\npath = \"/dead\"\n{}\nproxy = {{ to = \"web\" }}\n\
         [[site.route]]\npath = \"/silent\"\n{}\nproxy = {{ to = \"web\" }}\n\
         [[site.route]]\npath = \"/any\"\nsatisfy = \"any\"\nallow = [\"10.0.0.0/8\"]\n\
         proxy = {{ to = \"web\" }}\n\
         [[site.route]]\npath = \"/open\"\nforward_auth = false\nproxy = {{ to = \"web\" }}\n",
        origin.address,
        service.address,
        free_address(),
        silent.local_addr().unwrap(),
        auth("auth", copy),
        auth("auth", ", redirects = true"),
        auth("dead", ""),
        auth("silent", ", timeout = \"300ms\""),
    );
    let edge = Edge::start(&config);
    Test {
        service,
        origin,
        edge,
        _silent: silent,
    }
}

impl Test {
    fn ask(&self, path: &str, lines: &str) -> Reply {
        let lines = lines.replace(", ", "\r\n");
        request(
            self.edge.http,
            &format!("GET {path} HTTP/1.1\r\nHost: a\r\n{lines}\r\n\r\n"),
        )
    }
}

#[test]
fn who_is_let_on_is_who_the_service_says() {
    let Test {
        service,
        origin,
        edge,
        ..
    } = start();
    for _ in 0..3 {
        let reply = request(
            edge.http,
            "POST /x?q=1 HTTP/1.1\r\nHost: a\r\nX-Token: yes\r\nX-User: root\r\n\
             x-groups: wheel\r\nAccept-Encoding: gzip\r\nContent-Length: 4\r\n\r\nbody",
        );
        assert_eq!(reply.text(), "in");
        assert_eq!(reply.header("x-user"), None);
    }
    let seen = origin.seen();
    let seen = seen.last().unwrap();
    assert_eq!(
        (seen.path(), seen.body.as_slice()),
        ("/x?q=1", &b"body"[..])
    );
    assert_eq!(seen.header("x-user"), Some("ana"));
    assert_eq!(seen.header("x-groups"), Some("a, b"));
    assert_eq!(seen.header("x-other"), None);
    assert!(!seen.head.contains("root") && !seen.head.contains("wheel"));
    let asked = service.seen();
    let asked = asked.last().unwrap();
    assert!(
        asked.head.starts_with("GET /verify?a=b HTTP/1.1\r\n"),
        "{}",
        asked.head
    );
    for (name, value) in [
        ("x-original-uri", Some("/x?q=1")),
        ("x-original-method", Some("POST")),
        ("x-forwarded-for", Some("127.0.0.1")),
        ("x-token", Some("yes")),
        ("content-length", None),
    ] {
        assert_eq!(asked.header(name), value, "{name}");
    }
    // It is asked in the trace of the request, on a connection that is kept.
    let trace = |seen: &Seen| seen.header("traceparent").unwrap()[3..35].to_owned();
    assert_eq!(trace(asked), trace(seen));
    assert_eq!(service.connections(), 1);
    // What it does not say the client cannot say either.
    let request = "GET / HTTP/1.1\r\nHost: a\r\nX-Token: empty\r\nX-User: root\r\n\r\n";
    assert_eq!(crate::http::request(edge.http, request).text(), "in");
    assert_eq!(origin.seen().last().unwrap().header("x-user"), None);
}

#[test]
fn who_is_not_let_on_clearly_is_refused() {
    let test = start();
    for (path, token, status, reason) in [
        ("/", "no", 403, "auth_refused"),
        ("/", "unknown", 401, "auth_refused"),
        ("/", "elsewhere", 500, "auth_unavailable"),
        ("/", "odd", 500, "auth_unavailable"),
        ("/", "broken", 500, "auth_unavailable"),
        ("/", "inward", 500, "auth_unavailable"),
        ("/", "garbage", 502, "auth_unavailable"),
        ("/", "closed", 502, "auth_unavailable"),
        ("/dead", "yes", 502, "auth_unavailable"),
        ("/silent", "yes", 504, "auth_unavailable"),
        ("/elsewhere", "odd", 500, "auth_unavailable"),
    ] {
        let reply = test.ask(path, &format!("X-Token: {token}"));
        assert_eq!(reply.status, status, "{path} {token}");
        assert_eq!(reply.header("edge-reason"), Some(reason), "{path} {token}");
        let challenge = (status == 401).then_some("Bearer");
        assert_eq!(reply.header("www-authenticate"), challenge);
    }
    let reply = test.ask("/elsewhere", "X-Token: elsewhere");
    assert_eq!(reply.status, 302);
    assert_eq!(reply.header("location"), Some("https://sign.in/?a"));
    let cookies = reply.headers.iter();
    let cookies = cookies.filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    assert_eq!(cookies.count(), 2);
    assert!(test.origin.seen().is_empty());
    test.edge
        .counts("edge_failures_total", &["auth_refused"], 2);
    test.edge
        .counts("edge_failures_total", &["auth_unavailable"], 9);
}

#[test]
fn an_address_can_be_enough_and_says_nothing_of_who_asks() {
    let test = start();
    let inside = "X-Forwarded-For: 10.0.0.1, X-User: root";
    assert_eq!(test.ask("/any", inside).text(), "in");
    assert!(test.service.seen().is_empty());
    assert_eq!(test.origin.seen()[0].header("x-user"), None);
    assert_eq!(test.ask("/any", "X-Token: no").status, 403);
    assert_eq!(test.ask("/any", "X-Token: yes").text(), "in");
    // Where nobody is asked, the header is a header.
    assert_eq!(test.ask("/open", "X-User: root").text(), "in");
    assert_eq!(test.origin.seen()[2].header("x-user"), Some("root"));
}
