//! Clients and servers that take too long.

use std::io::Read as _;

use super::Pair;
use crate::http::Connection;
use crate::nginx::Nginx;
use crate::origin::{Origin, answer};
use crate::process::{Edge, proxy_to, server};

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

#[test]
fn r4_who_leaves_is_499() {
    let origin = Origin::start(|_, stream| {
        // Until the proxy closes.
        drop(stream.read(&mut [0]));
        false
    });
    let address = origin.address;
    let nginx = Nginx::start(&format!(
        "log_format short '$status|$request|$body_bytes_sent|$upstream_status';
         server {{ listen LISTEN; access_log access.log short;
         location / {{ proxy_pass http://{address}; }} }}"
    ));
    let log =
        "{ path = \"access.log\", format = '$status|$request|$body_bytes_sent|$upstream_status' }";
    let config = proxy_to(&[server(address, "")]);
    let edge = Edge::start(&config.replace("[[site]]", &format!("[[site]]\naccess_log = {log}")));
    for (count, address) in [(1, nginx.http), (2, edge.http)] {
        let mut client = Connection::new(address);
        client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
        edge.eventually("the request arrives", || origin.seen().len() == count);
    }
    let ours = || std::fs::read_to_string(edge.path("access.log")).unwrap_or_default();
    edge.eventually("both have logged", || {
        ours().ends_with('\n') && nginx.read("access.log").ends_with('\n')
    });
    assert_eq!(ours(), nginx.read("access.log"));
}
