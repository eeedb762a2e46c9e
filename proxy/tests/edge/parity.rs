//! The same requests through Debian's nginx and the edge: what the client and the servers see of
//! either is the same but for the lines that a case names.

mod answers;
mod files;
mod gate;
mod gzip;
mod headers;
mod imported;
mod locations;
mod policy;
mod redirects;
mod requests;
mod responses;
mod rewrites;
mod timeouts;
mod upgrades;
mod upstreams;
mod uris;
mod variables;

use std::collections::BTreeMap;
use std::io::Read as _;
use std::net::SocketAddr;

use flate2::read::GzDecoder;

use crate::http::{Connection, Reply};
use crate::nginx::Nginx;
use crate::origin::Origin;
use crate::process::Edge;

/// nginx's settings for what the edge does unasked, for within `http {}`.
const AS_THE_EDGE: &str = "proxy_http_version 1.1;\n\
    map $http_host $host_or_upstream { '' $proxy_host; default $http_host; }\n\
    proxy_set_header Connection '';\n\
    proxy_set_header Host $host_or_upstream;\n\
    proxy_set_header X-Real-IP $remote_addr;\n\
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n\
    proxy_set_header X-Forwarded-Proto $scheme;\n";

/// nginx and the edge before the same servers.
struct Pair {
    nginx: Nginx,
    edge: Edge,
    origins: Vec<Origin>,
}

/// A request, and the lines that only nginx (`-`) or only the edge (`+`) has of its exchange. Why is
/// said beside each, and in docs/semantics.md.
type Case<'a> = (&'a str, &'a [&'a str]);

impl Pair {
    /// Starts both; `nginx` is what stands in `http {}`. The edge has one worker, as nginx has.
    fn start(origins: Vec<Origin>, nginx: &str, edge: &str) -> Self {
        Self {
            nginx: Nginx::start(&format!("{AS_THE_EDGE}{nginx}")),
            edge: Edge::start(&format!("[server]\nthreads = 1\n{edge}")),
            origins,
        }
    }

    /// Sends each case's request to both, and fails with every difference that it does not name,
    /// and every one that it names and that is none.
    fn compare(&self, cases: &[Case<'_>]) {
        let mut surprises = Vec::new();
        for (request, unlike) in cases {
            let theirs = self.exchange(self.nginx.http, request);
            let ours = self.exchange(self.edge.http, request);
            let found = differences(&theirs, &ours);
            if found != *unlike {
                let request: String = request.escape_debug().take(150).collect();
                surprises.push(format!("{request}\nexpected {unlike:#?}\nfound {found:#?}"));
            }
        }
        assert!(surprises.is_empty(), "{}", surprises.join("\n"));
    }

    /// Sends a request; what the client and the servers see, a line for each thing.
    fn exchange(&self, address: SocketAddr, request: &str) -> Vec<String> {
        let before: Vec<usize> = self.origins.iter().map(|one| one.seen().len()).collect();
        let mut lines = seen_by_client(address, request);
        for (number, origin) in self.origins.iter().enumerate() {
            for seen in &origin.seen()[before[number]..] {
                let mut head: Vec<_> = seen
                    .head
                    .lines()
                    .filter(|line| is_comparable(line))
                    .collect();
                head[1..].sort_unstable();
                lines.extend(head.iter().map(|line| format!("server {number}: {line}")));
                let body = String::from_utf8_lossy(&seen.body);
                lines.push(format!("server {number}: {body:.100}"));
            }
        }
        lines
    }
}

/// Identifiers that only the edge sends; `trace.rs` looks at them.
fn is_comparable(line: &str) -> bool {
    !line.starts_with("X-Request-ID: ") && !line.starts_with("traceparent: ")
}

fn seen_by_client(address: SocketAddr, request: &str) -> Vec<String> {
    let mut client = Connection::new(address);
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let waits = head.contains("Expect: 100-continue");
    client.send(format!("{head}\r\n\r\n"));
    if !waits {
        client.send(body);
    }
    let method = request.split(' ').next().unwrap();
    let mut lines = Vec::new();
    loop {
        let Ok(reply) = client.reply_to(method) else {
            lines.push("no whole answer".to_owned());
            return lines;
        };
        lines.push(format!("status: {}", reply.status));
        if reply.status != 100 {
            let port = address.port().to_string();
            let reply = of_reply(&reply, request.contains(" HTTP/1.0\r\n"));
            lines.extend(reply.iter().map(|line| line.replace(&port, "PORT")));
            return lines;
        }
        client.send(body);
    }
}

/// Headers and body; of a page that a proxy has made itself, only that it is one.
fn of_reply(reply: &Reply, is_old: bool) -> Vec<String> {
    // Of the answer to HEAD there is only the head.
    let bodiless = reply.body.is_empty() && reply.header("content-type") == Some("text/html");
    let is_page = reply.header("edge-reason").is_some()
        || ["<center>nginx", "<center>hifate-edge"]
            .iter()
            .any(|name| String::from_utf8_lossy(&reply.body).contains(name))
        || (bodiless && reply.status > 499);
    let mut lines: Vec<String> = Vec::new();
    for (name, value) in &reply.headers {
        let name = name.to_ascii_lowercase();
        match (name.as_str(), value.as_str()) {
            ("edge-reason", _) => {}
            ("server", who) if who == "hifate-edge" || who.starts_with("nginx/") => {}
            ("date", _) => lines.push("date".to_owned()),
            ("content-length", _) if is_page => {}
            // HTTP/1.1 has it by default.
            ("connection", "keep-alive") if !is_old => {}
            (name, value) => lines.push(format!("{name}: {value}")),
        }
    }
    lines.sort_unstable();
    let mut body = String::from_utf8_lossy(&reply.body).into_owned();
    if reply.header("content-encoding") == Some("gzip") && !reply.body.is_empty() {
        body.clear();
        let mut unzip = GzDecoder::new(reply.body.as_slice());
        unzip.read_to_string(&mut body).unwrap();
    }
    lines.push(if is_page {
        "a page".to_owned()
    } else {
        format!("body: {body:.100}")
    });
    lines
}

/// The lines that only one of the two has, in order.
fn differences(theirs: &[String], ours: &[String]) -> Vec<String> {
    let mut counts: BTreeMap<&String, i32> = BTreeMap::new();
    for line in theirs {
        *counts.entry(line).or_default() += 1;
    }
    for line in ours {
        *counts.entry(line).or_default() -= 1;
    }
    let only = |line: &&String, sign: i32| counts[line] * sign > 0;
    let theirs = theirs.iter().filter(|line| only(line, 1));
    let ours = ours.iter().filter(|line| only(line, -1));
    let theirs = theirs.map(|line| format!("- {line}"));
    theirs.chain(ours.map(|line| format!("+ {line}"))).collect()
}
