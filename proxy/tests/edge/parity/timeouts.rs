//! Clients and servers that take too long.

use super::Pair;
use crate::origin::{Origin, answer};

fn pair() -> Pair {
    let origin = Origin::start(|request, stream| {
        if request.path() == "/slow" {
            std::thread::sleep(std::time::Duration::from_millis(1500));
        }
        answer(stream, "x")
    });
    let address = origin.address;
    let nginx = format!(
        "client_header_timeout 300ms; client_body_timeout 300ms; keepalive_timeout 300ms;
         server {{ listen LISTEN; proxy_read_timeout 300ms;
         location / {{ proxy_pass http://{address}; }} }}"
    );
    let edge = format!(
        "[client]\nheader_timeout = \"300ms\"\nbody_timeout = \"300ms\"\nkeepalive_timeout = \"300ms\"\n\
         [upstream.web]\nserver = [{{ address = \"{address}\" }}]\n[[site]]\n\
         [[site.route]]\npath = \"/\"\nproxy = {{ to = \"web\", read_timeout = \"300ms\" }}\n"
    );
    Pair::start(vec![origin], &nginx, &edge)
}

/// nginx closes and has the 408 in its log only (`log_lines.rs`); the edge also tells the client.
const SAYS_408: &[&str] = &[
    "- no whole answer",
    "+ status: 408",
    "+ connection: close",
    "+ content-type: text/html",
    "+ date",
    "+ a page",
];

#[test]
fn t3_t4_who_takes_too_long() {
    pair().compare(&[
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", &[]),
        ("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n", &[]),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
            SAYS_408,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc",
            SAYS_408,
        ),
    ]);
}
