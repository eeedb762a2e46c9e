//! What a message costs of the allocator: the same however many headers it has.

#![expect(
    clippy::format_collect,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and need not be fast"
)]

use edge_core::forward::{Connection, Outgoing, ResponseForm, write_request, write_response};
use edge_core::http::{HeadEnd, RequestHead, ResponseHead, find_head_end};
use edge_core::trace::{Drawn, Trace};

/// A head with so many headers, of which some mean something to the edge.
fn head(first: &str, count: usize) -> String {
    let more: String = (0..count)
        .map(|number| format!("X-Header-{number}: value {number}\r\n"))
        .collect();
    format!(
        "{first}\r\nHost: example.com\r\nConnection: keep-alive, X-Header-1\r\n\
         X-Forwarded-For: 192.0.2.1\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n{more}\r\n"
    )
}

/// The allocations of a request's way through the edge.
fn of_request(headers: usize) -> u64 {
    let request = head("POST /path?query HTTP/1.1", headers);
    let mut out = Vec::with_capacity(2 * request.len() + 1024);
    let counted = allocation_counter::measure(|| {
        assert_eq!(
            find_head_end(request.as_bytes(), 0),
            HeadEnd::Complete(request.len())
        );
        let head = RequestHead::parse(request.as_bytes()).unwrap();
        let drawn = Drawn {
            trace: 1,
            span: 2,
            sampled: false,
        };
        let trace = Trace::of(&head.headers, drawn);
        let to = Outgoing {
            usual: true,
            hop: None,
            upgrade: &head.upgrade,
            certificate: None,
            edit: &edge_core::headers::Edit::default(),
            target: head.target,
            default_host: "web",
            client: "192.0.2.1",
            scheme: "http",
            body: head.body,
            trace: &trace,
            span: &trace.span_id,
            request_id: "r1",
        };
        write_request(&mut out, &head, &to);
    });
    let written = String::from_utf8(out).unwrap();
    // All but the one that Connection names, which is not there without headers.
    assert_eq!(written.matches("X-Header-").count(), headers - 1);
    counted.count_total
}

/// The same of an answer's way back.
fn of_response(headers: usize) -> u64 {
    let response = head("HTTP/1.1 200 OK", headers);
    let mut out = Vec::with_capacity(2 * response.len() + 1024);
    let counted = allocation_counter::measure(|| {
        let head = ResponseHead::parse(response.as_bytes(), false).unwrap();
        let form = ResponseForm {
            status: None,
            redirects: &[],
            edit: &edge_core::headers::Edit::default(),
            body: head.body,
            connection: Connection::Keep,
            date: "Thu, 01 Jan 1970 00:00:00 GMT",
            coding: None,
            vary: false,
            cookie: None,
            kept: &[],
        };
        write_response(&mut out, &head, &form);
    });
    let written = String::from_utf8(out).unwrap();
    assert_eq!(written.matches("X-Header-").count(), headers - 1);
    counted.count_total
}

/// One, for the list of all headers.
#[test]
fn a_header_costs_no_allocation() {
    for headers in [5, 50, 200] {
        assert_eq!(of_request(headers), 1, "a request with {headers} headers");
        assert_eq!(of_response(headers), 1, "an answer with {headers} headers");
    }
}
