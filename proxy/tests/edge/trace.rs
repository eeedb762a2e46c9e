//! W3C trace context and request ids, as the server sees them.

use crate::http::request;
use crate::origin::Origin;
use crate::process::{Edge, proxy_to, server};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// What the origin sees of a request with these header lines.
fn sent(edge: &Edge, origin: &Origin, lines: &str) -> (String, Option<String>, String) {
    let reply = request(
        edge.http,
        &format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n"),
    );
    assert_eq!(reply.status, 200);
    let seen = origin.seen().pop().unwrap();
    let header = |name| seen.header(name).map(str::to_owned);
    let count = |name: &str| seen.head.to_ascii_lowercase().matches(name).count();
    assert_eq!(
        (count("\ntraceparent:"), count("\nx-request-id:")),
        (1, 1),
        "{}",
        seen.head
    );
    (
        header("traceparent").unwrap(),
        header("tracestate"),
        header("x-request-id").unwrap(),
    )
}

#[test]
fn a_trace_is_continued_or_begun() {
    let origin = Origin::saying("x");
    let edge = Edge::start(&proxy_to(&[server(origin.address, "")]));
    let parent = format!("00-{TRACE}-b7ad6b7169203331-01");
    let lines = format!("traceparent: {parent}\r\nTraceState: a=1\r\ntracestate: b=2\r\n");
    let (continued, state, _) = sent(&edge, &origin, &lines);
    assert!(continued.starts_with(&format!("00-{TRACE}-")) && continued.ends_with("-01"));
    assert_ne!(continued, parent, "the edge is the server's parent");
    assert_eq!(state.as_deref(), Some("a=1,b=2"));

    let (first, state, _) = sent(
        &edge,
        &origin,
        "traceparent: 00-junk\r\ntracestate: a=1\r\n",
    );
    let (second, _, _) = sent(&edge, &origin, "");
    assert_eq!((first.len(), second.len(), state), (55, 55, None));
    assert_ne!(first.split('-').nth(1), second.split('-').nth(1));
    assert!(!first.contains(TRACE));
}

#[test]
fn new_traces_are_marked_as_the_configuration_says() {
    let origin = Origin::saying("x");
    let config = proxy_to(&[server(origin.address, "")]);
    for (sample, flag) in [("0.0", "-02"), ("1.0", "-03")] {
        let edge = Edge::start(&format!("[tracing]\nsample = {sample}\n{config}"));
        let (begun, _, _) = sent(&edge, &origin, "");
        assert!(begun.ends_with(flag), "{begun}");
        let parent = format!("traceparent: 00-{TRACE}-b7ad6b7169203331-00\r\n");
        let (continued, _, _) = sent(&edge, &origin, &parent);
        assert!(continued.ends_with("-00"), "{continued}");
    }
}

#[test]
fn a_sane_request_id_is_kept() {
    let origin = Origin::saying("x");
    let edge = Edge::start(&proxy_to(&[server(origin.address, "")]));
    let (_, _, kept) = sent(&edge, &origin, "X-Request-Id: abc-123\r\n");
    assert_eq!(kept, "abc-123");
    for bad in ["a b", "<x>", ""] {
        let (_, _, own) = sent(&edge, &origin, &format!("X-Request-Id: {bad}\r\n"));
        assert_eq!(own.len(), 32, "{bad}");
    }
    let (_, _, own) = sent(&edge, &origin, "X-Request-Id: a\r\nX-Request-Id: b\r\n");
    assert_eq!(own.len(), 32);
}
