//! What the edge does with each request, apart from reading and writing sockets.

use std::hint::black_box;
use std::net::Ipv4Addr;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use edge_core::address::Peer;
use edge_core::balance::{Ask, Group, Method, Pick, Profile, Server};
use edge_core::forward::{self, Connection, Outgoing, ResponseForm};
use edge_core::http::{
    BodyLength, Chunks, Piece, RequestHead, ResponseHead, find_head_end, normalise_path,
};
use edge_core::route::{HostPattern, Hosts, PathPattern, Paths, Positioned};
use edge_core::template::{self, Template, Times, Try, Values};
use edge_core::trace::{self, Drawn, Trace};

/// What a browser sends with a request to an API.
const REQUEST: &[u8] = b"GET /api/v1/bazi/charts/42?full=true HTTP/1.1\r\n\
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

const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Server: origin\r\n\
    Date: Mon, 23 Nov 2026 04:00:00 GMT\r\n\
    Content-Type: application/json\r\n\
    Content-Length: 1024\r\n\
    Cache-Control: no-store\r\n\
    X-Request-Id: 0193533e-7b1c-7d3a-9a55-5f8f3f6f4a10\r\n\
    Connection: keep-alive\r\n\r\n";

const DRAWN: Drawn = Drawn {
    trace: 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c,
    span: 0xb7ad_6b71_6920_3331,
    sampled: false,
};

/// What is known of such a request in the end.
fn entry<'a>(head: &'a RequestHead<'a>, trace: &'a Trace, tries: &'a [Try<'a>]) -> Values<'a> {
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
        gzip: None,
        sent_head: b"",
        tries,
        upstream_name: "web_app",
        upstream_head: b"",
        reason: "",
        limit_status: "",
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

fn log_lines(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("edge");
    let Ok(head) = RequestHead::parse(REQUEST) else {
        return;
    };
    let trace = Trace::of(&head.headers, DRAWN);
    let tries = [Try {
        address: "10.0.0.1:8001",
        status: 200,
        connect: Some(Duration::ZERO),
        response: Some(Duration::from_millis(3)),
        ..Try::default()
    }];
    let entry = entry(&head, &trace, &tries);
    for (name, format) in [
        ("write a log line, combined", Template::combined()),
        ("write a log line, JSON", Template::json()),
    ] {
        let Ok(format) = format else { continue };
        let mut out = Vec::with_capacity(4096);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                out.clear();
                format.line(&mut out, black_box(&entry));
            });
        });
    }
    group.bench_function("join or begin a trace", |bencher| {
        bencher.iter(|| Trace::of(black_box(&head.headers), black_box(DRAWN)));
    });
    group.finish();
}

fn heads(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("edge");
    group.bench_function("find the end of a request head", |bencher| {
        bencher.iter(|| find_head_end(black_box(REQUEST), 0));
    });
    group.bench_function("read a request head", |bencher| {
        bencher.iter(|| RequestHead::parse(black_box(REQUEST)).is_ok());
    });
    if let Ok(head) = RequestHead::parse(REQUEST) {
        let trace = Trace::of(&head.headers, DRAWN);
        let request_id = trace::request_id(1);
        let outgoing = Outgoing {
            usual: true,
            hop: None,
            upgrade: &head.upgrade,
            certificate: None,
            edit: &edge_core::headers::Edit::default(),
            target: head.target,
            default_host: "web_app",
            client: "192.0.2.1",
            scheme: "http",
            body: head.body,
            trace: &trace,
            span: &trace.span_id,
            request_id: request_id.as_str(),
        };
        let mut out = Vec::with_capacity(4096);
        group.bench_function("write a request head", |bencher| {
            bencher.iter(|| {
                out.clear();
                forward::write_request(&mut out, black_box(&head), &outgoing);
            });
        });
    }
    group.bench_function("read a response head", |bencher| {
        bencher.iter(|| ResponseHead::parse(black_box(RESPONSE), false).is_ok());
    });
    if let Ok(head) = ResponseHead::parse(RESPONSE, false) {
        let form = ResponseForm {
            edit: &edge_core::headers::Edit::default(),
            body: BodyLength::Known(1024),
            connection: Connection::Keep,
            date: "Mon, 23 Nov 2026 04:00:00 GMT",
            coding: None,
            vary: false,
            cookie: None,
            status: None,
            redirects: &[],
            kept: &[],
        };
        let mut out = Vec::with_capacity(4096);
        group.bench_function("write a response head", |bencher| {
            bencher.iter(|| {
                out.clear();
                forward::write_response(&mut out, black_box(&head), &form);
            });
        });
    }
    group.finish();
}

fn decisions(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("edge");
    let names: Vec<_> = (0..20)
        .map(|site| vec![HostPattern::Exact(format!("site{site}.example.com"))])
        .collect();
    let hosts = Hosts::new(names.iter().map(Vec::as_slice).enumerate());
    let prefixes = (0..20).map(|route| format!("/api/v{route}/"));
    let routes = prefixes.chain(["/".to_owned()]).map(|path| Positioned {
        pattern: PathPattern::Prefix(path),
        parent: None,
        slash: true,
    });
    let paths = Paths::new(&routes.collect::<Vec<_>>());
    group.bench_function("find one of 20 sites and one of 21 routes", |bencher| {
        bencher.iter(|| {
            let site = hosts.find(black_box("site17.example.com"));
            let path = normalise_path(black_box("/api/v17/bazi/charts/42"));
            (site, path.map(|path| paths.find(&path, &|_| true)))
        });
    });
    let server = |weight, backup| Server {
        weight,
        max_fails: 3,
        fail_timeout: Duration::from_secs(30),
        max_conns: None,
        slow_start: Duration::ZERO,
        backup,
        down: false,
    };
    let profile = Profile::Safe { most_ejected: 50 };
    let mut servers = Group::new(Method::RoundRobin, profile);
    let now = Instant::now();
    for (index, (weight, backup)) in [(2, false), (2, false), (1, true)].into_iter().enumerate() {
        let weight = NonZeroU32::new(weight).unwrap_or(NonZeroU32::MIN);
        let name = format!("10.0.0.{index}:80");
        servers.insert(server(weight, backup), &name, "", now, true);
    }
    group.bench_function("choose one of 3 servers", |bencher| {
        bencher.iter(|| {
            let ask = Ask {
                now: black_box(now),
                tried: &[],
                client: Ipv4Addr::LOCALHOST.into(),
                key: &[],
                sticky: None,
                random: 0,
            };
            if let Pick::Server(lease) = servers.pick(&ask) {
                servers.handle_success(&lease, now, Duration::ZERO);
                servers.release(&lease);
            }
        });
    });
    group.finish();
}

fn chunks(criterion: &mut Criterion) {
    const CHUNK: &[u8] = &[b'x'; 4096];
    let mut body = Vec::new();
    for _ in 0..16 {
        forward::write_chunk_size(&mut body, CHUNK.len());
        body.extend_from_slice(CHUNK);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"0\r\n\r\n");
    let mut group = criterion.benchmark_group("edge");
    group.bench_function("decode 16 chunks of 4 KiB", |bencher| {
        bencher.iter(|| decode(black_box(&body)));
    });
    group.finish();
}

/// How much content a chunked body has.
fn decode(mut body: &[u8]) -> usize {
    let mut chunks = Chunks::default();
    let mut content = 0;
    while let Ok(Piece::Data { skip, data }) = chunks.next(body) {
        content += data;
        body = body.get(skip + data..).unwrap_or_default();
    }
    content
}

criterion_group!(benches, heads, log_lines, decisions, chunks);
criterion_main!(benches);
