//! Lines of access logs.

use std::hint::black_box;
use std::net::Ipv4Addr;
use std::time::Duration;

use criterion::Criterion;
use edge_core::address::Peer;
use edge_core::http::RequestHead;
use edge_core::template::{self, Escape, Template, Times, Try, Values};
use edge_core::trace::Trace;

use crate::sample::{DRAWN, REQUEST};

/// What many write as nginx's `log_format`: combined, and who was asked and how long that took.
const LOG_FORMAT: &str = "$remote_addr - $remote_user [$time_local] \"$request\" $status \
    $body_bytes_sent \"$http_referer\" \"$http_user_agent\" \"$http_x_forwarded_for\" \
    $request_time $upstream_addr $upstream_status $upstream_connect_time $upstream_header_time \
    $upstream_response_time $request_id";

pub(crate) fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("edge/log line");
    let head = RequestHead::parse(REQUEST).expect("a head that is right");
    let trace = Trace::of(&head.headers, DRAWN);
    let tries = [Try {
        address: "10.0.0.1:8001",
        status: 200,
        connect: Some(Duration::ZERO),
        header: Some(Duration::from_millis(3)),
        response: Some(Duration::from_millis(3)),
        ..Try::default()
    }];
    let values = values(&head, &trace, &tries);
    for (name, format) in [
        ("combined", Template::combined()),
        ("JSON", Template::json()),
        (
            "log_format with upstream",
            Template::parse(LOG_FORMAT, Escape::Default),
        ),
    ] {
        let format = format.expect("a text that is right");
        let mut out = Vec::with_capacity(4096);
        format.line(&mut out, &values);
        assert!(out.len() > 200, "the line is not whole");
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                out.clear();
                format.line(&mut out, black_box(&values));
            });
        });
    }
    group.finish();
}

/// What is known of the request in the end.
fn values<'a>(head: &'a RequestHead<'a>, trace: &'a Trace, tries: &'a [Try<'a>]) -> Values<'a> {
    Values {
        request: Some(head),
        line: Some(head.line.as_bytes()),
        client: template::Client {
            peer: Peer::Ip(Ipv4Addr::LOCALHOST.into()),
            address: "192.0.2.1",
            port: 4711,
            connection: 1,
            requests: 1,
            pipelined: false,
            http2: false,
            scheme: "http",
            tls: None,
        },
        server: template::Server {
            address: None,
            site: "example.com",
            route: "/",
            hostname: "node1",
            pid: 1,
        },
        status: 200,
        complete: true,
        body_bytes_sent: 1024,
        bytes_sent: 1300,
        request_length: 800,
        request_time: Duration::from_millis(4),
        tries,
        upstream_name: "web_app",
        request_id: trace.trace_id.as_str(),
        trace_id: trace.trace_id.as_str(),
        time: Times {
            local: "23/Nov/2026:04:00:00 +0000",
            iso: "2026-11-23T04:00:00+00:00",
            unix_millis: 1_795_406_400_000,
        },
        ..Values::default()
    }
}
