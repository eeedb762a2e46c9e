//! What requests cost, in instructions: the guard against a change that makes them dearer unseen.
//!
//! A time is different on every run and every machine; how many instructions the edge executes for a
//! request is not, or by less than one in a hundred. Valgrind's callgrind counts them while fixed
//! requests go through the real program, and while fixed steps are taken in the pure crates
//! (`benches/steps`). `figures.txt` has what they cost when somebody last looked; whoever makes
//! something dearer or cheaper by more than 3 % writes the new figures and has them in the diff:
//!
//! `make build && UPDATE_GOLDEN=1 cargo test --release --workspace --test instructions`

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod callgrind;
mod client;
mod edge;
mod figures;
mod http2;
mod origin;

use std::process::Command;

use lab::program;

use crate::client::Request;
use crate::edge::Edge;
use crate::figures::Figures;

/// How often each request is made while it is counted, after some that are not.
const COUNTED: u32 = 400;
const WARM: u32 = 100;

/// What a browser sends besides.
const BROWSER: &str = "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like \
    Gecko) Chrome/142.0.0.0 Safari/537.36\r\nAccept: application/json, text/plain, */*\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: zh-CN,zh;q=0.9,en;q=0.8\r\n\
    Cookie: session=0d4b3c1a9f8e7d6c5b4a39281706f5e4; theme=dark; language=zh-CN\r\n\
    Referer: https://www.example.com/charts/1990-06-15\r\nSec-Fetch-Dest: empty\r\n\
    Sec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-origin\r\n";

/// The requests: what each is called, whom it asks for what, and what it sends.
const REQUESTS: [(&str, &str, &str, usize); 8] = [
    ("1 KiB from a server", "plain.test", "/1k", 0),
    ("the same, with an access log", "logged.test", "/1k", 0),
    ("the same, with policy and headers", "policy.test", "/1k", 0),
    ("100 KiB from a server", "plain.test", "/100k", 0),
    ("30 KB of JSON, gzip", "gzip.test", "/json", 0),
    ("a POST of 10 KB", "plain.test", "/form", 10_000),
    ("a redirect", "plain.test", "/old", 0),
    ("a file", "files.test", "/file.txt", 0),
];

#[test]
fn requests_cost_what_they_did() {
    let origin = origin::start();
    let edge = Edge::start(origin);
    let mut figures = Figures::of("requests");
    for (title, host, path, body) in REQUESTS {
        let request = Request::new(host, path, BROWSER, body);
        let mut client = edge.connect();
        let cost = edge.count(WARM, COUNTED, || request.make(&mut client));
        figures.add(title, cost);
    }
    let request = Request::new("plain.test", "/1k", BROWSER, 0);
    let mut client = edge.connect_by_tls();
    let cost = edge.count(WARM, COUNTED, || request.make(&mut client));
    figures.add("1 KiB over TLS", cost);
    let mut client = http2::Client::new(edge.connect_by_http2(), "plain.test", "/1k", BROWSER);
    let cost = edge.count(WARM, COUNTED, || client.ask());
    figures.add("1 KiB over HTTP/2", cost);
    let request = Request::new("plain.test", "/old", BROWSER, 0);
    let cost = edge.count(WARM, COUNTED, || request.make(&mut edge.connect()));
    figures.add("a redirect on a new connection", cost);
    figures.check();
}

/// How often each step is taken: what it costs is the difference between the two.
const FEW: u32 = 1_000;
const MANY: u32 = 3_000;

#[test]
fn steps_cost_what_they_did() {
    let steps = program("steps");
    let names = Command::new(&steps).output().unwrap().stdout;
    let mut figures = Figures::of("steps");
    for name in String::from_utf8(names).unwrap().lines() {
        let [few, many] =
            [FEW, MANY].map(|times| callgrind::whole(&steps, &[name, &times.to_string()]));
        figures.add(name, (many - few) / u64::from(MANY - FEW));
    }
    figures.check();
}
