//! What browsers are told: CORS, HSTS, and what is worth saying anyway.

use crate::http::{Reply, request};
use crate::origin::Origin;
use crate::process::Edge;

/// A server that says things itself.
fn start(site: &str, route: &str) -> (Origin, Edge) {
    let origin = Origin::start(|_, stream| {
        use std::io::Write as _;
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Frame-Options: DENY\r\n\
            Access-Control-Allow-Origin: https://evil.example\r\n\
            Access-Control-Max-Age: 9\r\nVary: Cookie\r\n\
            Strict-Transport-Security: max-age=1\r\n\r\nhi";
        stream.write_all(head).is_ok()
    });
    let config = format!(
        "[client]\ntrusted = [\"127.0.0.1\"]\n\
         [upstream.web]\nserver = [{{ address = \"{}\" }}]\n[[site]]\n{site}\n\
         [[site.route]]\npath = \"/\"\nproxy = {{ to = \"web\" }}\n{route}\n\
         [[site.route]]\npath = \"/plain\"\ncors = false\nhsts = false\nsecurity_headers = false\n\
         proxy = {{ to = \"web\" }}\n",
        origin.address
    );
    let edge = Edge::start(&config);
    (origin, edge)
}

fn ask(edge: &Edge, line: &str, lines: &str) -> Reply {
    request(
        edge.http,
        &format!("{line} HTTP/1.1\r\nHost: a\r\n{lines}\r\n"),
    )
}

fn all<'r>(reply: &'r Reply, name: &str) -> Vec<&'r str> {
    let lines = reply.headers.iter();
    let lines = lines.filter(|(other, _)| other.eq_ignore_ascii_case(name));
    lines.map(|(_, value)| value.as_str()).collect()
}

const CORS: &str = "cors = { origins = [\"https://*.example.com\"], methods = [\"GET\", \"PUT\"], \
    headers = [\"Content-Type\"], expose = [\"X-Total\"], credentials = true, max_age = \"10m\" }";

#[test]
fn preflights_are_answered_before_anybody_is_asked_who_they_are() {
    let auth = "basic_auth = { users_file = \"/dev/null\" }\ndeny = [\"192.0.2.0/24\"]";
    let (origin, edge) = start(CORS, auth);
    let page = "Origin: https://app.example.com\r\n";
    let asks = format!("{page}Access-Control-Request-Method: PUT\r\n");
    let reply = ask(&edge, "OPTIONS /", &asks);
    assert_eq!(reply.status, 204);
    for (name, value) in [
        ("access-control-allow-origin", "https://app.example.com"),
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-methods", "GET, PUT"),
        ("access-control-allow-headers", "Content-Type"),
        ("access-control-max-age", "600"),
        ("vary", "Origin"),
    ] {
        assert_eq!(all(&reply, name), [value], "{name}");
    }
    assert_eq!(reply.header("content-length"), None);
    // Of another page nothing is said.
    let reply = ask(&edge, "OPTIONS /", &asks.replace("app.example", "evil"));
    assert_eq!((reply.status, reply.header("vary")), (204, Some("Origin")));
    assert_eq!(reply.header("access-control-allow-origin"), None);
    // A page learns why it got nothing.
    let reply = ask(&edge, "GET /", page);
    assert_eq!(reply.status, 401);
    assert_eq!(
        all(&reply, "access-control-allow-origin"),
        ["https://app.example.com"]
    );
    // Whom a name would let in may be asked for it.
    let any =
        "basic_auth = { users_file = \"/dev/null\" }\nallow = [\"10.0.0.0/8\"]\nsatisfy = \"any\"";
    let (_other, known) = start(CORS, any);
    assert_eq!(ask(&known, "OPTIONS /", &asks).status, 204);
    let denied = format!("{asks}X-Forwarded-For: 192.0.2.1\r\n");
    assert_eq!(ask(&edge, "OPTIONS /", &denied).status, 403);
    assert!(origin.seen().is_empty());
    // What is not configured here is the server's.
    assert_eq!(ask(&edge, "OPTIONS /plain", &asks).text(), "hi");
}

#[test]
fn answers_say_who_may_read_them_in_the_server_s_place() {
    let (_origin, edge) = start(CORS, "");
    let reply = ask(&edge, "GET /", "Origin: https://a.example.com\r\n");
    assert_eq!(
        all(&reply, "access-control-allow-origin"),
        ["https://a.example.com"]
    );
    assert_eq!(all(&reply, "access-control-expose-headers"), ["X-Total"]);
    assert_eq!(reply.header("access-control-max-age"), None);
    assert_eq!(all(&reply, "vary"), ["Cookie", "Origin"]);
    let reply = ask(&edge, "GET /", "");
    assert_eq!(reply.header("access-control-allow-origin"), None);
    assert_eq!(all(&reply, "vary"), ["Cookie", "Origin"]);
    let reply = ask(&edge, "GET /plain", "");
    assert_eq!(
        all(&reply, "access-control-allow-origin"),
        ["https://evil.example"]
    );
    // What the configuration says of a name holds before all else.
    let own = "[site.route.response_headers.set]\nAccess-Control-Allow-Origin = \"https://b\"";
    let (_origin, edge) = start("cors = { origins = [\"*\"] }", own);
    assert_eq!(
        all(&ask(&edge, "GET /", ""), "access-control-allow-origin"),
        ["https://b"]
    );
}

#[test]
fn hsts_is_said_to_who_came_by_https() {
    let site = "hsts = { max_age = \"365d\", include_subdomains = true }";
    let (_origin, edge) = start(site, "");
    let by = |scheme: &str, path: &str| {
        let reply = ask(&edge, path, &format!("X-Forwarded-Proto: {scheme}\r\n"));
        let values = all(&reply, "strict-transport-security");
        values.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        by("https", "GET /"),
        ["max-age=31536000; includeSubDomains"]
    );
    assert_eq!(
        by("https", "GET /%zz"),
        ["max-age=31536000; includeSubDomains"]
    );
    // What the server said before it is its own.
    assert_eq!(by("http", "GET /"), ["max-age=1"]);
    assert_eq!(by("https", "GET /plain"), ["max-age=1"]);
}

#[test]
fn security_headers_are_there_unless_somebody_says_otherwise() {
    let own = "[site.route.response_headers.set]\nReferrer-Policy = \"no-referrer\"";
    let (_origin, edge) = start("security_headers = true", own);
    let reply = ask(&edge, "GET /", "");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
    ] {
        assert_eq!(all(&reply, name), [value], "{name}");
    }
    let page = ask(&edge, "GET /%zz", "");
    assert_eq!(all(&page, "x-frame-options"), ["SAMEORIGIN"]);
    assert_eq!(
        ask(&edge, "GET /plain", "").header("x-content-type-options"),
        None
    );
}
