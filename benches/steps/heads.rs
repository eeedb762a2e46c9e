//! Heads on their way through the edge, and the line that a log has of it.

use std::hint::black_box;

use benches::{DRAWN, REQUEST, RESPONSE, answered, log_values, outgoing};
use edge_core::forward;
use edge_core::headers::Edit;
use edge_core::http::{RequestHead, ResponseHead, find_head_end};
use edge_core::template::Template;
use edge_core::trace::{self, Trace};

/// From the client's bytes to the server's.
pub(crate) fn request(times: usize) {
    let mut out = Vec::with_capacity(4096);
    let (edit, id) = (Edit::default(), trace::request_id(1));
    for _ in 0..times {
        out.clear();
        let received = black_box(REQUEST);
        black_box(find_head_end(received, 0));
        let Ok(head) = RequestHead::parse(received) else {
            continue;
        };
        let trace = Trace::of(&head.headers, DRAWN);
        forward::write_request(&mut out, &head, &outgoing(&head, &trace, &id, &edit));
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
        forward::write_response(&mut out, &head, &answered(&edit));
        black_box(&out);
    }
}

/// In nginx's `combined` format.
pub(crate) fn log_line(times: usize) {
    let (Ok(format), Ok(head)) = (Template::combined(), RequestHead::parse(REQUEST)) else {
        return;
    };
    let trace = Trace::of(&head.headers, DRAWN);
    let values = log_values(&head, &trace, &[]);
    let mut out = Vec::with_capacity(4096);
    for _ in 0..times {
        out.clear();
        format.line(&mut out, black_box(&values));
        black_box(&out);
    }
}
