//! What is compressed, for whom, and what the head says then (G1 to G4).

use std::io::Write as _;

use super::Pair;
use crate::origin::Origin;

/// The head of the server's answer to each path, but for its length.
const ANSWERS: &[(&str, &str)] = &[
    ("/json", "200 OK\r\nContent-Type: application/json\r\n"),
    (
        "/parameter",
        "200 OK\r\nContent-Type: application/json; charset=utf-8\r\n",
    ),
    ("/upper", "200 OK\r\nContent-Type: APPLICATION/JSON\r\n"),
    ("/html", "200 OK\r\nContent-Type: text/html\r\n"),
    ("/plain", "200 OK\r\nContent-Type: text/plain\r\n"),
    ("/untyped", "200 OK\r\n"),
    (
        "/created",
        "201 Created\r\nContent-Type: application/json\r\n",
    ),
    (
        "/forbidden",
        "403 Forbidden\r\nContent-Type: application/json\r\n",
    ),
    (
        "/missing",
        "404 Not Found\r\nContent-Type: application/json\r\n",
    ),
    (
        "/part",
        "206 Partial Content\r\nContent-Type: application/json\r\n",
    ),
    ("/error", "500 Sorry\r\nContent-Type: application/json\r\n"),
    (
        "/coded",
        "200 OK\r\nContent-Type: application/json\r\nContent-Encoding: br\r\n",
    ),
    (
        "/strong",
        "200 OK\r\nContent-Type: application/json\r\nETag: \"a\"\r\nAccept-Ranges: bytes\r\n",
    ),
    (
        "/weak",
        "200 OK\r\nContent-Type: application/json\r\nETag: W/\"a\"\r\n",
    ),
    (
        "/no-tag",
        "200 OK\r\nContent-Type: application/json\r\nETag: a\r\n",
    ),
    (
        "/varies",
        "200 OK\r\nContent-Type: application/json\r\nVary: Origin\r\n",
    ),
    (
        "/fixed",
        "200 OK\r\nContent-Type: application/json\r\nCache-Control: no-transform\r\n",
    ),
];

fn pair() -> Pair {
    let origin = Origin::start(|request, stream| {
        let path = request.path();
        let (path, body) = match path.split_once('?') {
            Some((path, "short")) => (path, "x".repeat(99)),
            Some((path, _)) => (path, String::new()),
            None => (path, "x".repeat(100)),
        };
        let (_, head) = ANSWERS.iter().find(|answer| answer.0 == path).unwrap();
        let framing = if request.path().ends_with("?chunked") {
            "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n".to_owned()
        } else {
            let body = if request.head.starts_with("HEAD") {
                ""
            } else {
                &body
            };
            format!("Content-Length: 100\r\n\r\n{body}").replace("100", &body.len().to_string())
        };
        stream
            .write_all(format!("HTTP/1.1 {head}{framing}").as_bytes())
            .is_ok()
    });
    let address = origin.address;
    let nginx = format!(
        "gzip on; gzip_vary on; gzip_min_length 100; gzip_types application/json;
         server {{ listen LISTEN; location / {{ proxy_pass http://{address}; }} }}"
    );
    let edge = format!(
        "[upstream.web]\nserver = [{{ address = \"{address}\" }}]\n[[site]]\n\
         gzip = {{ level = 1, min_length = \"100\", types = [\"application/json\", \"text/html\"] }}\n\
         [[site.route]]\npath = \"/\"\nproxy = {{ to = \"web\" }}\n"
    );
    Pair::start(vec![origin], &nginx, &edge)
}

fn compare(cases: &[(String, &[&str])]) {
    let cases: Vec<_> = cases
        .iter()
        .map(|(request, unlike)| (request.as_str(), *unlike))
        .collect();
    pair().compare(&cases);
}

#[test]
fn g1_g4_what_is_compressed() {
    // Who says so wants the bytes as they are (RFC 9111 §5.2.2.6).
    const AS_IT_IS: &[&str] = &[
        "- content-encoding: gzip",
        "- transfer-encoding: chunked",
        "- vary: Accept-Encoding",
        "+ content-length: 100",
    ];
    let cases = ANSWERS.iter().map(|(path, _)| {
        let accept = "Accept-Encoding: gzip";
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n{accept}\r\n\r\n");
        (request, if *path == "/fixed" { AS_IT_IS } else { &[] })
    });
    let cases: Vec<_> = cases.collect();
    compare(&cases);
}

#[test]
fn g1_to_g3_for_whom() {
    const COMPRESSED: &[&str] = &[
        "- content-length: 100",
        "+ content-encoding: gzip",
        "+ transfer-encoding: chunked",
    ];
    let get = |target: &str, version: &str, more: &str| {
        format!("GET {target} {version}\r\nHost: a\r\n{more}\r\n")
    };
    let accept = |value: &str| {
        get(
            "/json",
            "HTTP/1.1",
            &format!("Accept-Encoding: {value}\r\n"),
        )
    };
    let gzip = "Accept-Encoding: gzip\r\n";
    compare(&[
        (get("/json", "HTTP/1.1", ""), &[]),
        (accept("br, gzip;q=0.5"), &[]),
        (accept("gzip;q=0"), &[]),
        (accept("gzip;q=0.000, br"), &[]),
        (accept("GZIP"), &[]),
        (accept("*"), &[]),
        (accept("x-gzip"), &[]),
        (accept("br"), &[]),
        // Lines of one name are one list (RFC 9110 §5.3); nginx reads the first.
        (
            get(
                "/json",
                "HTTP/1.1",
                "Accept-Encoding: br\r\nAccept-Encoding: gzip\r\n",
            ),
            COMPRESSED,
        ),
        (get("/json?short", "HTTP/1.1", gzip), &[]),
        (get("/json?chunked", "HTTP/1.1", gzip), &[]),
        (get("/json?chunked", "HTTP/1.1", ""), &[]),
        (get("/json?empty", "HTTP/1.1", gzip), &[]),
        (get("/json", "HTTP/1.0", gzip), &[]),
        // As with `gzip_proxied any`: a proxy that asks for it can have it, and Vary says so.
        (
            get("/json", "HTTP/1.1", &format!("{gzip}Via: 1.1 x\r\n")),
            COMPRESSED,
        ),
        (
            get("/json", "HTTP/1.1", &format!("{gzip}Range: bytes=0-1\r\n")),
            &[],
        ),
        (get("/json", "HTTP/1.1", gzip).replace("GET", "HEAD"), &[]),
    ]);
}
