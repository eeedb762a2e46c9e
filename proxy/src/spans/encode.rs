//! Spans in OpenTelemetry's form, with the names of its HTTP semantic conventions.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use edge_core::address::Address;
use edge_core::failure::Failure;
use edge_core::http::RequestHead;
use edge_core::reason::Reason;
use edge_core::trace::{Id, Trace};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};

use crate::metrics::method_label;
use crate::upstream::Asked;

/// A request that has ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Finished<'a> {
    pub(crate) trace: &'a Trace,
    pub(crate) head: &'a RequestHead<'a>,
    /// The route's path as configured.
    pub(crate) route: &'a str,
    /// The client's address.
    pub(crate) client: &'a str,
    pub(crate) status: u16,
    pub(crate) reason: Option<Reason>,
    /// How long it took.
    pub(crate) elapsed: Duration,
    /// The servers asked, in order.
    pub(crate) asked: &'a [Asked],
}

/// A server span for the request, and a client span for each server asked.
pub(crate) fn of_request(request: &Finished<'_>) -> Vec<Span> {
    let now = (SystemTime::now(), Instant::now());
    let mut spans = Vec::with_capacity(1 + request.asked.len());
    spans.push(server_span(request, now.0));
    for (index, asked) in request.asked.iter().enumerate() {
        spans.extend(client_span(request, index, asked, now));
    }
    spans
}

/// What is sent to the collector for these spans.
pub(super) fn request(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let version = env!("CARGO_PKG_VERSION");
    let resource = Resource {
        attributes: vec![
            text("service.name", "hifate-edge"),
            text("service.version", version),
        ],
        ..Resource::default()
    };
    let scope = InstrumentationScope {
        name: "hifate-edge".to_owned(),
        version: version.to_owned(),
        ..InstrumentationScope::default()
    };
    let scope_spans = ScopeSpans {
        scope: Some(scope),
        spans,
        ..ScopeSpans::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource),
            scope_spans: vec![scope_spans],
            ..ResourceSpans::default()
        }],
    }
}

fn server_span(request: &Finished<'_>, now: SystemTime) -> Span {
    let head = request.head;
    let method = method_label(head.method);
    let mut attributes = vec![
        text("http.request.method", method_attribute(method)),
        text("url.path", head.path()),
        text("url.scheme", "http"),
        text("server.address", head.host),
        text("client.address", request.client),
        text(
            "network.protocol.version",
            head.version.as_str().trim_start_matches("HTTP/"),
        ),
        number("http.response.status_code", u64::from(request.status)),
    ];
    if method == "OTHER" {
        attributes.push(text("http.request.method_original", head.method.as_str()));
    }
    if let Some((_, query)) = head.target.split_once('?') {
        attributes.push(text("url.query", query));
    }
    if !request.route.is_empty() {
        attributes.push(text("http.route", request.route));
    }
    if let Some(agent) = head.header("user-agent") {
        attributes.push(text("user_agent.original", agent));
    }
    // Only what is the server's fault is an error of a server span.
    let error = match request.reason {
        Some(reason) if reason.status >= 500 || reason.status == 0 => Some(reason.code.to_owned()),
        _ if request.status >= 500 => Some(request.status.to_string()),
        _ => None,
    };
    let name = match (method_attribute(method), request.route) {
        ("_OTHER", route) => format!("HTTP {route}"),
        (method, route) => format!("{method} {route}"),
    };
    Span {
        span_id: request.trace.span_id.to_bytes(),
        parent_span_id: request.trace.parent.map(Id::to_bytes).unwrap_or_default(),
        name: name.trim_end().to_owned(),
        kind: SpanKind::Server.into(),
        ..span(request.trace, (now, request.elapsed), attributes, error)
    }
}

fn client_span(
    request: &Finished<'_>,
    index: usize,
    asked: &Asked,
    (now, instant): (SystemTime, Instant),
) -> Option<Span> {
    let Asked { tried, failure, .. } = asked;
    let method = method_attribute(method_label(request.head.method));
    let mut attributes = vec![text("http.request.method", method)];
    match &asked.server.address {
        Address::Tcp(address) => {
            attributes.push(text("server.address", &address.ip().to_string()));
            attributes.push(number("server.port", u64::from(address.port())));
            let path = request.head.path();
            attributes.push(text("url.full", &format!("http://{address}{path}")));
        }
        Address::Unix(path) => {
            attributes.push(text("server.address", &path.to_string_lossy()));
        }
    }
    if index > 0 {
        attributes.push(number("http.request.resend_count", index as u64));
    }
    let answered = matches!(failure, None | Some(Failure::Status(_))) && tried.status > 0;
    if answered {
        attributes.push(number("http.response.status_code", u64::from(tried.status)));
    }
    let error = match failure {
        Some(failure) if !answered => Some(failure.code().to_owned()),
        _ if tried.status >= 400 => Some(tried.status.to_string()),
        _ => None,
    };
    let elapsed = tried.response.unwrap_or_default();
    let ended = instant.saturating_duration_since(asked.started + elapsed);
    Some(Span {
        span_id: asked.span?.to_bytes(),
        parent_span_id: request.trace.span_id.to_bytes(),
        name: method.to_owned(),
        kind: SpanKind::Client.into(),
        ..span(request.trace, (now - ended, elapsed), attributes, error)
    })
}

/// What all spans have; an error's type becomes an attribute and the status.
fn span(
    trace: &Trace,
    (end, elapsed): (SystemTime, Duration),
    mut attributes: Vec<KeyValue>,
    error: Option<String>,
) -> Span {
    let status = error.as_ref().map(|_| Status {
        code: StatusCode::Error.into(),
        ..Status::default()
    });
    attributes.extend(error.map(|error| text("error.type", &error)));
    let nanos = |time: SystemTime| {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    };
    Span {
        trace_id: trace.trace_id.to_bytes(),
        start_time_unix_nano: nanos(end - elapsed),
        end_time_unix_nano: nanos(end),
        attributes,
        status,
        // W3C's sampled flag; only recorded spans come here.
        flags: 1,
        ..Span::default()
    }
}

/// The conventions' word for a method that is not one of theirs.
fn method_attribute(label: &'static str) -> &'static str {
    if label == "OTHER" { "_OTHER" } else { label }
}

fn text(key: &str, value: &str) -> KeyValue {
    pair(key, Value::StringValue(value.to_owned()))
}

fn number(key: &str, value: u64) -> KeyValue {
    pair(
        key,
        Value::IntValue(i64::try_from(value).unwrap_or(i64::MAX)),
    )
}

fn pair(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}
