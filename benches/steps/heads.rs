//! Heads on their way through the edge, and the line that a log has of it.

use std::hint::black_box;
use std::net::Ipv4Addr;
use std::time::Duration;

use edge_core::address::Peer;
use edge_core::forward::{self, Connection, Outgoing, ResponseForm};
use edge_core::headers::Edit;
use edge_core::http::{RequestHead, ResponseHead, find_head_end};
use edge_core::template::{self, Template, Times, Values};
use edge_core::trace::{Drawn, Trace};

/// What a browser sends.
const REQUEST: &[u8] = b"GET /api/v1/bazi/charts/42?full=true HTTP/1.1\r\n\
    Host: www.example.com\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)\r\n\
    Accept: application/json, text/plain, */*\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Connection: keep-alive\r\n\
    Cookie: session=0d4b3c1a9f8e7d6c5b4a39281706f5e4; theme=dark\r\n\
    Referer: https://www.example.com/charts/1990-06-15\r\n\
    Sec-Fetch-Mode: cors\r\n\r\n";

const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Server: origin\r\n\
    Date: Mon, 23 Nov 2026 04:00:00 GMT\r\n\
    Content-Type: application/json\r\n\
    Content-Length: 1024\r\n\
    Cache-Control: no-store\r\n\
    Connection: keep-alive\r\n\r\n";

fn trace(head: &RequestHead<'_>) -> Trace {
    let drawn = Drawn {
        trace: 1,
        span: 2,
        sampled: false,
    };
    Trace::of(&head.headers, drawn)
}

/// From the client's bytes to the server's.
pub(crate) fn request(times: usize) {
    let mut out = Vec::with_capacity(4096);
    let edit = Edit::default();
    for _ in 0..times {
        out.clear();
        let received = black_box(REQUEST);
        black_box(find_head_end(received, 0));
        let Ok(head) = RequestHead::parse(received) else {
            continue;
        };
        let trace = trace(&head);
        let to = Outgoing {
            usual: true,
            hop: None,
            upgrade: &head.upgrade,
            certificate: None,
            edit: &edit,
            target: head.target,
            default_host: "web_app",
            client: "192.0.2.1",
            scheme: "http",
            body: head.body,
            trace: &trace,
            span: &trace.span_id,
            request_id: trace.trace_id.as_str(),
        };
        forward::write_request(&mut out, &head, &to);
        black_box(&out);
    }
}

/// From the server's bytes to the client's.
pub(crate) fn response(times: usize) {
    let mut out = Vec::with_capacity(4096);
    let edit = Edit::default();
    for _ in 0..times {
        out.clear();
        let received = black_box(RESPONSE);
        black_box(find_head_end(received, 0));
        let Ok(head) = ResponseHead::parse(received, false) else {
            continue;
        };
        let form = ResponseForm {
            edit: &edit,
            body: head.body,
            connection: Connection::Keep,
            date: "Mon, 23 Nov 2026 04:00:00 GMT",
            coding: None,
            vary: false,
            cookie: None,
            status: None,
            redirects: &[],
            kept: &[],
        };
        forward::write_response(&mut out, &head, &form);
        black_box(&out);
    }
}

/// In nginx's `combined` format.
pub(crate) fn log_line(times: usize) {
    let (Ok(format), Ok(head)) = (Template::combined(), RequestHead::parse(REQUEST)) else {
        return;
    };
    let values = Values {
        request: Some(&head),
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
        status: 200,
        complete: true,
        body_bytes_sent: 1024,
        request_time: Duration::from_millis(4),
        time: Times {
            local: "23/Nov/2026:04:00:00 +0000",
            iso: "2026-11-23T04:00:00+00:00",
            unix_millis: 1_795_406_400_000,
        },
        ..Values::default()
    };
    let mut out = Vec::with_capacity(4096);
    for _ in 0..times {
        out.clear();
        format.line(&mut out, black_box(&values));
        black_box(&out);
    }
}
