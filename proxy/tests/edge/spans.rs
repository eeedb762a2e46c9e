//! Spans, as a collector gets them.

use std::collections::HashMap;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message as _;

use crate::http::request;
use crate::origin::Origin;
use crate::process::{Edge, free_address, proxy_to, server};

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331";

fn collector() -> Origin {
    Origin::start(|_, stream| {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(answer).is_ok()
    })
}

fn exporting(collector: SocketAddr, more: &str, config: &str) -> Edge {
    Edge::start(&format!(
        "[tracing]\nsample = 1.0\n\
         otlp = {{ endpoint = \"http://{collector}/v1/traces\"{more} }}\n{config}"
    ))
}

/// All spans that the collector has, in order.
fn spans(collector: &Origin) -> Vec<Span> {
    let requests = collector.seen();
    let decoded = requests
        .iter()
        .map(|seen| ExportTraceServiceRequest::decode(seen.body.as_slice()).unwrap());
    decoded
        .flat_map(|request| request.resource_spans)
        .flat_map(|resource| resource.scope_spans)
        .flat_map(|scope| scope.spans)
        .collect()
}

fn attributes(span: &Span) -> HashMap<&str, String> {
    let shown = |value: &Value| {
        if let Value::StringValue(text) = value {
            return text.clone();
        }
        let Value::IntValue(number) = value else {
            panic!("{value:?}");
        };
        number.to_string()
    };
    span.attributes
        .iter()
        .map(|pair| {
            let value = pair.value.as_ref().unwrap().value.as_ref().unwrap();
            (pair.key.as_str(), shown(value))
        })
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_request_is_a_server_span_and_each_try_a_client_span() {
    let (collector, origin, dead) = (collector(), Origin::saying("x"), free_address());
    let headers = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(headers.path(), "Authorization: Bearer abc\n\n").unwrap();
    let more = format!(", headers_file = \"{}\"", headers.path().display());
    let edge = exporting(
        collector.address,
        &more,
        &proxy_to(&[server(dead, ""), server(origin.address, ", backup = true")]),
    );
    let asked = format!("GET /a?b=c HTTP/1.1\r\nHost: a.com\r\ntraceparent: {PARENT}-01\r\n\r\n");
    assert_eq!(request(edge.http, &asked).status, 200);
    edge.eventually("the spans arrive", || spans(&collector).len() == 3);
    let spans = spans(&collector);
    let [whole, first, second] = spans.as_slice() else {
        panic!("{spans:?}");
    };
    assert!(
        spans
            .iter()
            .all(|span| hex(&span.trace_id) == "0af7651916cd43dd8448eb211c80319c")
    );
    assert_eq!(hex(&whole.parent_span_id), "b7ad6b7169203331");
    assert_eq!(whole.kind(), SpanKind::Server);
    assert_eq!(whole.name, "GET /");
    let said = attributes(whole);
    assert_eq!(said["http.request.method"], "GET");
    assert_eq!(said["http.response.status_code"], "200");
    assert_eq!((&*said["url.path"], &*said["url.query"]), ("/a", "b=c"));
    assert_eq!(said["http.route"], "/");
    assert_eq!(said["server.address"], "a.com");
    for one in [first, second] {
        assert_eq!(one.parent_span_id, whole.span_id);
        assert_eq!(one.kind(), SpanKind::Client);
        assert!(one.start_time_unix_nano <= one.end_time_unix_nano);
        assert!(one.end_time_unix_nano <= whole.end_time_unix_nano + 1_000_000_000);
    }
    assert_eq!(attributes(first)["error.type"], "connect_refused");
    assert_eq!(attributes(first)["server.port"], dead.port().to_string());
    assert_eq!(attributes(second)["http.request.resend_count"], "1");
    assert!(first.status.is_some() && second.status.is_none() && whole.status.is_none());
    // The server's parent is the span of the try that reached it.
    let seen = origin.seen().pop().unwrap();
    let parent = seen.header("traceparent").unwrap().to_owned();
    assert_eq!(parent.split('-').nth(2).unwrap(), hex(&second.span_id));
    let posted = collector.seen().pop().unwrap();
    assert_eq!(posted.path(), "/v1/traces");
    assert_eq!(posted.header("authorization"), Some("Bearer abc"));
    assert_eq!(edge.metric("edge_spans_dropped_total", &[]), 0);
}

#[test]
fn what_the_client_does_not_record_is_not_exported() {
    let (collector, origin) = (collector(), Origin::saying("x"));
    let mut edge = exporting(
        collector.address,
        "",
        &proxy_to(&[server(origin.address, "")]),
    );
    for flag in ["00", "01", "00"] {
        request(
            edge.http,
            &format!("GET / HTTP/1.1\r\nHost: a\r\ntraceparent: {PARENT}-{flag}\r\n\r\n"),
        );
    }
    // The end of the process does not lose what was not sent yet.
    edge.signal("QUIT");
    assert_eq!(edge.wait(Duration::from_secs(10)), Some(0));
    assert_eq!(spans(&collector).len(), 2);
}

/// A collector that takes connections and never answers delays nobody; one that is away neither.
#[test]
fn a_stuck_collector_costs_spans_and_no_time() {
    let origin = Origin::saying("x");
    let stuck = TcpListener::bind(free_address()).unwrap();
    for collector in [stuck.local_addr().unwrap(), free_address()] {
        let mut edge = exporting(
            collector,
            ", timeout = \"500ms\"",
            &proxy_to(&[server(origin.address, "")]),
        );
        for _ in 0..50 {
            assert_eq!(edge.get("/").status, 200);
        }
        edge.eventually("lost spans are counted", || {
            edge.metric("edge_spans_dropped_total", &[]) == 100
        });
        assert!(edge.log().contains("spans are lost"), "{}", edge.log());
        edge.signal("TERM");
        assert_eq!(edge.wait(Duration::from_secs(10)), Some(0));
    }
}

#[test]
fn mistakes_in_the_collector_s_address_are_named() {
    let origin = Origin::saying("x");
    let edge = Edge::start(&proxy_to(&[server(origin.address, "")]));
    for (otlp, expected) in [
        (
            "endpoint = \"https://c/v1/traces\"",
            "does not start with http://",
        ),
        (
            "endpoint = \"http://c\", headers_file = \"/nowhere\"",
            "tracing.otlp.headers_file cannot be used",
        ),
    ] {
        let config = proxy_to(&[server(origin.address, "")]);
        edge.configure(&format!("[tracing]\notlp = {{ {otlp} }}\n{config}"));
        let answer = edge.reload();
        assert!(!answer.status.success());
        let said = String::from_utf8_lossy(&answer.stderr).into_owned();
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(expected), "{said}");
    }
}
