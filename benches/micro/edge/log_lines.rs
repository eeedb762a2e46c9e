//! Lines of access logs.

use std::hint::black_box;
use std::time::Duration;

use benches::{DRAWN, REQUEST, log_values};
use criterion::Criterion;
use edge_core::http::RequestHead;
use edge_core::template::{Escape, Template, Try};
use edge_core::trace::Trace;

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
    let values = log_values(&head, &trace, &tries);
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
