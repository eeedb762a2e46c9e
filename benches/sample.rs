//! A request and its answer, as everywhere in these measurements.

use std::net::Ipv4Addr;
use std::num::NonZeroU32;
use std::time::Duration;

use edge_core::address::Peer;
use edge_core::balance::Server;
use edge_core::forward::{Connection, Outgoing, ResponseForm};
use edge_core::headers::Edit;
use edge_core::http::{BodyLength, RequestHead};
use edge_core::template::{self, Times, Try, Values};
use edge_core::trace::{Drawn, Id, Trace};

/// What a browser sends with a request to an API.
pub const REQUEST: &[u8] = b"GET /api/v1/bazi/charts/42?full=true HTTP/1.1\r\n\
    Host: www.example.com\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
    Chrome/142.0.0.0 Safari/537.36\r\n\
    Accept: application/json, text/plain, */*\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Accept-Language: zh-CN,zh;q=0.9,en;q=0.8\r\n\
    Connection: keep-alive\r\n\
    Cookie: session=0d4b3c1a9f8e7d6c5b4a39281706f5e4; theme=dark; language=zh-CN\r\n\
    Referer: https://www.example.com/charts/1990-06-15\r\n\
    Sec-Ch-Ua: \"Chromium\";v=\"142\", \"Not_A Brand\";v=\"99\"\r\n\
    Sec-Fetch-Dest: empty\r\n\
    Sec-Fetch-Mode: cors\r\n\
    Sec-Fetch-Site: same-origin\r\n\r\n";

/// What a server answers.
pub const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Server: origin\r\n\
    Date: Mon, 23 Nov 2026 04:00:00 GMT\r\n\
    Content-Type: application/json\r\n\
    Content-Length: 1024\r\n\
    Cache-Control: no-store\r\n\
    X-Request-Id: 0193533e-7b1c-7d3a-9a55-5f8f3f6f4a10\r\n\
    Connection: keep-alive\r\n\r\n";

/// What a trace is begun with.
pub const DRAWN: Drawn = Drawn {
    trace: 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c,
    span: 0xb7ad_6b71_6920_3331,
    sampled: false,
};

/// The request as it goes on, with X-Real-IP and the X-Forwarded headers, as by default.
pub fn outgoing<'a>(
    head: &'a RequestHead<'a>,
    trace: &'a Trace,
    id: &'a Id<32>,
    edit: &'a Edit<'a>,
) -> Outgoing<'a> {
    Outgoing {
        usual: true,
        hop: None,
        upgrade: &head.upgrade,
        certificate: None,
        edit,
        target: head.target,
        default_host: "web_app",
        client: "192.0.2.1",
        scheme: "http",
        body: head.body,
        trace,
        span: &trace.span_id,
        request_id: id.as_str(),
    }
}

/// The answer as it goes on.
pub fn answered<'a>(edit: &'a Edit<'a>) -> ResponseForm<'a> {
    ResponseForm {
        edit,
        body: BodyLength::Known(1024),
        connection: Connection::Keep,
        date: "Mon, 23 Nov 2026 04:00:00 GMT",
        coding: None,
        vary: false,
        cookie: None,
        status: None,
        redirects: &[],
        kept: &[],
    }
}

/// What is known of the request in the end.
pub fn log_values<'a>(
    head: &'a RequestHead<'a>,
    trace: &'a Trace,
    tries: &'a [Try<'a>],
) -> Values<'a> {
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

/// A server like any other.
pub fn server() -> Server {
    Server {
        weight: NonZeroU32::MIN,
        max_fails: 3,
        fail_timeout: Duration::from_secs(30),
        max_conns: None,
        slow_start: Duration::ZERO,
        backup: false,
        down: false,
    }
}
