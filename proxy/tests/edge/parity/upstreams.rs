//! Which failure goes to which server, by method and by what was asked for.

use std::io::Write as _;
use std::net::TcpStream;

use super::Pair;
use crate::origin::{Origin, Seen};
use crate::process::free_address;

/// Fails in the way that the path says.
fn failing() -> Origin {
    Origin::start(|request, stream| match request.path() {
        "/closed" => false,
        "/garbage" => {
            drop(stream.write_all(b"HTTP/1.1 200 OK\r\nX Y: z\r\n\r\n"));
            false
        }
        "/cut" => {
            drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"));
            false
        }
        path => answer(request, stream, path.trim_start_matches('/')),
    })
}

/// Answers once: what a connection that was kept does to failures is another matter.
fn answer(request: &Seen, stream: &mut TcpStream, status: &str) -> bool {
    let head = format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: 3\r\n\r\n");
    let body = if request.head.starts_with("HEAD") {
        ""
    } else {
        "abc"
    };
    drop(stream.write_all((head + body).as_bytes()));
    false
}

/// A server that always answers.
fn good() -> Origin {
    Origin::start(|request, stream| answer(request, stream, "200"))
}

/// Both before the failing server and a good one that stands in; failures are forgotten at once.
fn pair(next: &str, retry: &str) -> Pair {
    let (first, second) = (failing(), good());
    let nginx = format!(
        "upstream web {{ server {} max_fails=0; server {} max_fails=0 backup; }}
         server {{ listen LISTEN; proxy_next_upstream {next};
         location / {{ proxy_pass http://web; }} }}",
        first.address, second.address
    );
    let edge = format!(
        "[upstream.web]\nserver = [{{ address = \"{}\", max_fails = 0 }}, \
         {{ address = \"{}\", max_fails = 0, backup = true }}]\n[upstream.web.retry]\n{retry}\n\
         [[site]]\n[[site.route]]\npath = \"/\"\nproxy = {{ to = \"web\" }}\n",
        first.address, second.address
    );
    Pair::start(vec![first, second], &nginx, &edge)
}

/// Each method on each path.
fn compare(pair: &Pair, paths: &[&str]) {
    let requests: Vec<String> = paths
        .iter()
        .flat_map(|path| {
            [
                "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "POST", "PATCH", "LOCK",
            ]
            .map(|method| {
                let length = if matches!(method, "PUT" | "POST" | "PATCH") {
                    2
                } else {
                    0
                };
                let body = &"hi"[..length];
                format!(
                    "{method} {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}"
                )
            })
        })
        .collect();
    pair.compare(
        &requests
            .iter()
            .map(|request| (request.as_str(), &[] as &[&str]))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn r1_r2_by_default() {
    let pair = pair(
        "error timeout invalid_header",
        "on = [\"error\", \"timeout\", \"invalid_header\"]",
    );
    compare(&pair, &["/closed", "/garbage", "/503", "/404"]);
    pair.compare(&[("GET /cut HTTP/1.1\r\nHost: a\r\n\r\n", &[])]);
}

#[test]
fn r1_u9_statuses_that_were_asked_for() {
    let pair = pair(
        "error http_500 http_503 http_404 http_403 http_429",
        "on = [\"error\", \"http_500\", \"http_503\", \"http_404\", \"http_403\", \"http_429\"]",
    );
    compare(
        &pair,
        &[
            "/500", "/502", "/503", "/403", "/404", "/429", "/200", "/closed", "/garbage",
        ],
    );
}

#[test]
fn r1_methods_that_were_asked_for() {
    let pair = pair(
        "error http_502 non_idempotent",
        "on = [\"error\", \"http_502\", \"non_idempotent\"]",
    );
    compare(&pair, &["/closed", "/502"]);
}

#[test]
fn r1_never() {
    compare(&pair("off", "on = []"), &["/closed", "/garbage", "/503"]);
}

#[test]
fn r3_no_more_tries_than_were_asked_for() {
    let pair = pair(
        "error http_503; proxy_next_upstream_tries 1",
        "on = [\"error\", \"http_503\"]\ntries = 1",
    );
    compare(&pair, &["/closed", "/503"]);
}

/// Servers that are not there: nothing was sent, so every method goes on; then all are out.
#[test]
fn r1_r4_u7_servers_that_refuse() {
    let (dead, other) = (free_address(), free_address());
    let origin = good();
    let nginx = format!(
        "upstream web {{ server {dead} max_fails=0; server {} backup; }}
         upstream none {{ server {dead} fail_timeout=60s; server {other} fail_timeout=60s; }}
         server {{ listen LISTEN;
         location / {{ proxy_pass http://web; }}
         location /none {{ proxy_pass http://none; }} }}",
        origin.address
    );
    let edge = format!(
        "[upstream.web]\nserver = [{{ address = \"{dead}\", max_fails = 0 }}, \
         {{ address = \"{}\", backup = true }}]\n\
         [upstream.none]\ncompat = \"nginx\"\nserver = [{{ address = \"{dead}\", fail_timeout = \"60s\" }}, \
         {{ address = \"{other}\", fail_timeout = \"60s\" }}]\n[[site]]\n\
         [[site.route]]\npath = \"/\"\nproxy = {{ to = \"web\" }}\n\
         [[site.route]]\npath = \"/none\"\nproxy = {{ to = \"none\" }}\n",
        origin.address
    );
    let pair = Pair::start(vec![origin], &nginx, &edge);
    compare(&pair, &["/", "/none", "/none"]);
}
