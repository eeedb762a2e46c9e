//! Requests as servers get them.

use super::Pair;
use crate::http::get;
use crate::origin::{Origin, answer};

fn pair() -> Pair {
    let origin = Origin::start(|request, stream| {
        let text = format!("{} bytes", request.body.len());
        answer(stream, &text)
    });
    let address = origin.address;
    let nginx = format!(
        "upstream web {{ server {address}; keepalive 8; }}
         server {{ listen LISTEN; client_max_body_size 20; location / {{ proxy_pass http://web; }} }}"
    );
    let edge = format!(
        "[upstream.web]\nserver = [{{ address = \"{address}\" }}]\n[[site]]\nmax_body = \"20\"\n\
         [[site.route]]\npath = \"/\"\nproxy = {{ to = \"web\" }}\n"
    );
    Pair::start(vec![origin], &nginx, &edge)
}

#[test]
fn q1_q2_q3_q5_q6_heads() {
    pair().compare(&[
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", &[]),
        ("GET / HTTP/1.1\r\nhost: A.com:81\r\n\r\n", &[]),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nX-B: 1\r\nx-a:2\r\nX-B:  3  \r\nX-Empty:\r\nX-Odd: \"\\ \u{e9}\r\n\r\n",
            &[],
        ),
        // nginx does not count tabs as white space around a value (RFC 9110 §5.5).
        (
            "GET / HTTP/1.1\r\nHost: a\r\nX-A: b \t\r\n\r\n",
            &["- server 0: X-A: b \t", "+ server 0: X-A: b"],
        ),
        ("GET / HTTP/1.1\r\nHost: a\r\nX_Real_IP: 1\r\nX-Kept: 2\r\n\r\n", &[]),
        // nginx knows letters, digits and hyphens only; it is a name (RFC 9110 §5.6.2).
        ("GET / HTTP/1.1\r\nHost: a\r\nX.Dot: 1\r\n\r\n", &["+ server 0: X.Dot: 1"]),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nX-Real-IP: 9.9.9.9\r\nX-Forwarded-Proto: https\r\n\
             X-Forwarded-For: 8.8.8.8, 7.7.7.7\r\n\r\n",
            &[],
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 8.8.8.8\r\nX-Forwarded-For: 7.7.7.7\r\n\r\n",
            &[],
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nKeep-Alive: 5\r\nUpgrade: x\r\nTE: gzip\r\n\r\n",
            &[],
        ),
        // For one hop is what Connection names, too (RFC 9110 §7.6.1).
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close, X-Secret\r\nX-Secret: 1\r\n\r\n", &["- server 0: X-Secret: 1"]),
        // The same; trailers of requests end at the edge.
        ("GET / HTTP/1.1\r\nHost: a\r\nProxy-Connection: x\r\nTrailer: X\r\n\r\n", &["- server 0: Proxy-Connection: x", "- server 0: Trailer: X"]),
        // Trailers of answers reach who takes them.
        ("GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n", &["+ server 0: Connection: TE", "+ server 0: TE: trailers"]),
        ("GET / HTTP/1.1\r\nHost: a\r\nCookie: a=1\r\nCookie: b=2\r\nAccept-Encoding: gzip\r\n\r\n", &[]),
        ("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic eA==\r\nRange: bytes=0-1\r\nIf-Range: x\r\nVia: 1.1 x\r\n\r\n", &[]),
        ("GET / HTTP/1.0\r\n\r\n", &[]),
        ("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", &[]),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", &[]),
    ]);
}

#[test]
fn b1_f1_q6_methods_and_bodies() {
    pair().compare(&[
        ("HEAD / HTTP/1.0\r\nHost: a\r\n\r\n", &[]),
        ("DELETE /x HTTP/1.1\r\nHost: a\r\n\r\n", &[]),
        ("OPTIONS /x HTTP/1.1\r\nHost: a\r\n\r\n", &[]),
        ("PROPFIND /x HTTP/1.1\r\nHost: a\r\n\r\n", &[]),
        ("NEW-ONE /x HTTP/1.1\r\nHost: a\r\n\r\n", &[]),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", &[]),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", &[]),
        ("POST / HTTP/1.1\r\nHost: a\r\n\r\n", &[]),
        ("POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", &[]),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", &[]),
        ("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n", &[]),
        ("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Trailer: y\r\n\r\n", &[]),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello", &[]),
        ("POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n", &[]),
        // nginx passes over what it cannot meet; 417 says so.
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nExpect: a-miracle\r\n\r\n",
            &[
                "- status: 200",
                "- content-length: 7",
                "- content-type: text/plain",
                "- body: 0 bytes",
                "- server 0: POST / HTTP/1.1",
                "- server 0: Content-Length: 0",
                "- server 0: Host: a",
                "- server 0: X-Forwarded-For: 127.0.0.1",
                "- server 0: X-Forwarded-Proto: http",
                "- server 0: X-Real-IP: 127.0.0.1",
                "- server 0: ",
                "+ status: 417",
                "+ connection: close",
                "+ content-type: text/html",
                "+ a page",
            ],
        ),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 21\r\n\r\n123456789012345678901", &[]),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 21\r\nExpect: 100-continue\r\n\r\n", &[]),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
             15\r\n123456789012345678901\r\n0\r\n\r\n",
            &[],
        ),
    ]);
}

#[test]
fn q1_clients_share_a_connection() {
    let pair = pair();
    for address in [pair.nginx.http, pair.edge.http] {
        let before = pair.origins[0].connections();
        for _ in 0..3 {
            assert_eq!(get(address, "/").status, 200);
        }
        assert_eq!(pair.origins[0].connections() - before, 1);
    }
}
