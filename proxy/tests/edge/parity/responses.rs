//! Answers as clients get them.

use std::io::Write as _;

use super::Pair;
use crate::origin::Origin;

/// What the server says for each path, and whether the connection stays.
const ANSWERS: &[(&str, &str, bool)] = &[
    (
        "/length",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        true,
    ),
    (
        "/empty",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        true,
    ),
    (
        "/chunked",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
        true,
    ),
    ("/close", "HTTP/1.1 200 OK\r\n\r\nabc", false),
    ("/old", "HTTP/1.0 200 OK\r\n\r\nabc", false),
    ("/none", "HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n", true),
    (
        "/none-with-length",
        "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
        true,
    ),
    (
        "/same",
        "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nLast-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\n\r\n",
        true,
    ),
    (
        "/same-with-length",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n",
        true,
    ),
    (
        "/headers",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nServer: x\r\nDate: y\r\nX-Pad: z\r\n\
         Set-Cookie: a=1\r\nset-cookie: b=2\r\nX-Empty:\r\nContent-Type: text/html\r\n\
         Cache-Control: no-store\r\nExpires: 0\r\nVary: X\r\nETag: \"a\"\r\nAccept-Ranges: bytes\r\n\
         Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\nLink: x\r\nX_Odd: y\r\n\r\nabc",
        true,
    ),
    (
        "/for-the-proxy",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-Accel-Buffering: no\r\nX-Accel-Expires: 0\r\n\
         X-Accel-Limit-Rate: 0\r\nX-Accel-Charset: x\r\nX-Accel-Other: y\r\n\r\nabc",
        true,
    ),
    (
        "/for-one-hop",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: X-Secret\r\nX-Secret: 1\r\n\
         Keep-Alive: timeout=5\r\nProxy-Connection: x\r\nUpgrade: y\r\nTrailer: z\r\n\r\nabc",
        true,
    ),
    (
        "/created",
        "HTTP/1.1 201 Made Of Glass\r\nContent-Length: 0\r\nLocation: /x\r\n\r\n",
        true,
    ),
    (
        "/wordless",
        "HTTP/1.1 200\r\nContent-Length: 3\r\n\r\nabc",
        true,
    ),
    (
        "/unknown",
        "HTTP/1.1 299 Perhaps\r\nContent-Length: 3\r\n\r\nabc",
        true,
    ),
    (
        "/error",
        "HTTP/1.1 500 Sorry\r\nContent-Length: 5\r\n\r\nsorry",
        true,
    ),
    (
        "/away",
        "HTTP/1.1 302 Found\r\nLocation: http://web/x\r\nContent-Length: 0\r\n\r\n",
        true,
    ),
    (
        "/refresh",
        "HTTP/1.1 200 OK\r\nRefresh: 1; url=http://web/x\r\nContent-Length: 0\r\n\r\n",
        true,
    ),
    (
        "/early",
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        true,
    ),
    (
        "/ranges",
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-2/9\r\nContent-Length: 3\r\n\r\nabc",
        true,
    ),
    (
        "/cut",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
        false,
    ),
    (
        "/cut-chunk",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc",
        false,
    ),
    (
        "/long",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef",
        false,
    ),
    (
        "/bad-name",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX Y: z\r\n\r\nabc",
        false,
    ),
    (
        "/bad-length",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nabc",
        false,
    ),
    (
        "/lengths",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        false,
    ),
    (
        "/two-lengths",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        false,
    ),
    (
        "/both",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        false,
    ),
    (
        "/coded",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc",
        false,
    ),
    ("/half", "HTTP/1.1 200 OK\r\nX:", false),
    ("/silence", "", false),
    (
        "/line-feeds",
        "HTTP/1.1 200 OK\nContent-Length: 3\n\nabc",
        false,
    ),
];

fn pair() -> Pair {
    let origin = Origin::start(|request, stream| {
        let (_, answer, stays) = ANSWERS
            .iter()
            .find(|(path, ..)| *path == request.path())
            .unwrap();
        let end = answer.find("\r\n\r\n").map_or(answer.len(), |end| end + 4);
        let is_head = request.head.starts_with("HEAD");
        let answer = if is_head { &answer[..end] } else { answer };
        stream.write_all(answer.as_bytes()).is_ok() && *stays
    });
    let address = origin.address;
    let nginx = format!(
        "upstream web {{ server {address}; }}
         server {{ listen LISTEN; location / {{ proxy_pass http://web; }} }}"
    );
    let edge = format!(
        "[upstream.web]\nserver = [{{ address = \"{address}\" }}]\n[[site]]\n\
         [[site.route]]\npath = \"/\"\nproxy = {{ to = \"web\" }}\n"
    );
    Pair::start(vec![origin], &nginx, &edge)
}

/// Where the edge is on purpose not like nginx.
const UNLIKE: &[(&str, &[&str])] = &[
    // nginx hides only those that it knows.
    ("/for-the-proxy", &["- x-accel-other: y"]),
    // For one hop is what Connection names, too (RFC 9110 §7.6.1).
    (
        "/for-one-hop",
        &[
            "- proxy-connection: x",
            "- trailer: z",
            "- upgrade: y",
            "- x-secret: 1",
        ],
    ),
    // Servers are sent the client's Host, so they need not be corrected (proxy_redirect).
    (
        "/away",
        &["- location: http://a:PORT/x", "+ location: http://web/x"],
    ),
    (
        "/refresh",
        &["- refresh: 1; url=/x", "+ refresh: 1; url=http://web/x"],
    ),
    // nginx takes it for the answer, and the answer for its body.
    (
        "/early",
        &[
            "- no whole answer",
            "+ status: 200",
            "+ content-length: 3",
            "+ date",
            "+ body: abc",
        ],
    ),
    // What does not say clearly where it ends is no answer.
    ("/bad-length", REFUSED_CHUNKED),
    (
        "/two-lengths",
        &[
            "- no whole answer",
            "+ status: 502",
            "+ content-type: text/html",
            "+ date",
            "+ a page",
        ],
    ),
    ("/both", REFUSED_CHUNKED),
    ("/coded", REFUSED_CHUNKED),
    (
        "/line-feeds",
        &[
            "- status: 200",
            "- content-length: 3",
            "- body: abc",
            "+ status: 502",
            "+ content-type: text/html",
            "+ a page",
        ],
    ),
];

const REFUSED_CHUNKED: &[&str] = &[
    "- status: 200",
    "- transfer-encoding: chunked",
    "- body: abc",
    "+ status: 502",
    "+ content-type: text/html",
    "+ a page",
];

fn is_unlike(path: &str) -> bool {
    UNLIKE.iter().any(|unlike| unlike.0 == path)
}

/// Asks for everything that is answered alike.
fn compare(method: &str, version: &str) {
    let alike = ANSWERS.iter().filter(|answer| !is_unlike(answer.0));
    let requests: Vec<String> = alike
        .map(|(path, ..)| format!("{method} {path} {version}\r\nHost: a\r\n\r\n"))
        .collect();
    let cases = requests
        .iter()
        .map(|request| (request.as_str(), &[] as &[&str]));
    pair().compare(&cases.collect::<Vec<_>>());
}

#[test]
fn f5_t3_answers_to_get() {
    compare("GET", "HTTP/1.1");
}

#[test]
fn f5_answers_to_head() {
    compare("HEAD", "HTTP/1.1");
}

#[test]
fn f5_answers_to_http_1_0() {
    compare("GET", "HTTP/1.0");
}

#[test]
fn f5_answers_that_are_on_purpose_not_nginx_s() {
    let requests: Vec<String> = UNLIKE
        .iter()
        .map(|(path, _)| format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"))
        .collect();
    let cases = requests
        .iter()
        .zip(UNLIKE)
        .map(|(request, unlike)| (request.as_str(), unlike.1));
    pair().compare(&cases.collect::<Vec<_>>());
}
