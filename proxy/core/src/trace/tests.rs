use proptest::prelude::*;

use super::*;
use crate::http::RequestHead;

const DRAWN: Drawn = Drawn {
    trace: 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef,
    span: 0xb7ad_6b71_6920_3331,
    sampled: true,
};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "00f067aa0ba902b7";

fn request(lines: &[(&str, &str)]) -> String {
    let line = |(name, value): &(&str, &str)| format!("{name}: {value}\r\n");
    let lines: String = lines.iter().map(line).collect();
    format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n")
}

fn trace(lines: &[(&str, &str)]) -> Trace {
    let request = request(lines);
    Trace::of(
        &RequestHead::parse(request.as_bytes()).unwrap().headers,
        DRAWN,
    )
}

fn of(traceparent: &str) -> Trace {
    trace(&[("TraceParent", traceparent)])
}

fn written(lines: &[(&str, &str)]) -> String {
    let request = request(lines);
    let headers = RequestHead::parse(request.as_bytes()).unwrap().headers;
    let trace = Trace::of(&headers, DRAWN);
    let mut out = Vec::new();
    trace.write(&mut out, &trace.span_id, &headers);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_valid_parent_is_continued() {
    let trace = of(&format!("00-{TRACE}-{PARENT}-01"));
    assert_eq!(trace.trace_id.as_str(), TRACE);
    assert_eq!(trace.parent.unwrap().as_str(), PARENT);
    assert!(trace.sampled);
    assert_eq!(
        trace.parent.unwrap().to_bytes(),
        [0, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]
    );
    assert!(!of(&format!("00-{TRACE}-{PARENT}-00")).sampled);
    // A later version, with and without a field that this one does not know.
    assert!(of(&format!("cc-{TRACE}-{PARENT}-01")).parent.is_some());
    assert!(of(&format!("cc-{TRACE}-{PARENT}-01-what")).parent.is_some());
}

#[test]
fn anything_else_begins_a_trace() {
    let zeros = "0".repeat(32);
    for bad in [
        String::new(),
        format!("00-{TRACE}-{PARENT}"),
        format!("00-{TRACE}-{PARENT}-1"),
        format!("00-{TRACE}-{PARENT}-01-what"),
        format!("cc-{TRACE}-{PARENT}-01.what"),
        format!("ff-{TRACE}-{PARENT}-01"),
        format!("0x-{TRACE}-{PARENT}-01"),
        format!("00-{zeros}-{PARENT}-01"),
        format!("00-{TRACE}-0000000000000000-01"),
        format!("00-{}-{PARENT}-01", TRACE.to_uppercase()),
        format!("00_{TRACE}_{PARENT}_01"),
        format!("00-{TRACE}{PARENT}--01"),
    ] {
        let trace = of(&bad);
        assert_eq!(trace.parent, None, "{bad}");
        assert_eq!(trace.trace_id.as_str(), "0123456789abcdef0123456789abcdef");
    }
    let parent = format!("00-{TRACE}-{PARENT}-01");
    let twice = [("traceparent", parent.as_str()); 2];
    assert_eq!(trace(&twice).parent, None);
}

#[test]
fn the_server_s_parent_is_the_edge() {
    let parent = format!("00-{TRACE}-{PARENT}-00");
    assert_eq!(
        written(&[
            ("traceparent", &parent),
            ("tracestate", "a=1"),
            ("tracestate", "b@c=2, d=3")
        ]),
        format!("traceparent: 00-{TRACE}-b7ad6b7169203331-00\r\ntracestate: a=1,b@c=2, d=3\r\n")
    );
    assert_eq!(
        written(&[("tracestate", "a=1")]),
        "traceparent: 00-0123456789abcdef0123456789abcdef-b7ad6b7169203331-03\r\n"
    );
}

#[test]
fn a_malformed_state_is_dropped_and_the_trace_kept() {
    let parent = format!("00-{TRACE}-{PARENT}-01");
    let many = (0..33)
        .map(|n| format!("k{n}=v"))
        .collect::<Vec<_>>()
        .join(",");
    for bad in ["a", "A=1", "=1", "a=", "a=b=c", "a=\u{e9}", &many] {
        let sent = written(&[("traceparent", &parent), ("tracestate", bad)]);
        assert!(
            sent.contains(TRACE) && !sent.contains("tracestate"),
            "{sent}"
        );
    }
}

#[test]
fn request_ids_that_could_mislead_are_not_kept() {
    let kept = |id| {
        let request = request(&[("X-Request-Id", id)]);
        sane_request_id(&RequestHead::parse(request.as_bytes()).unwrap().headers).is_some()
    };
    assert!(kept("f058ebd6-02f7-4d3f-942e-904344e8cde5") && kept("Root=1-67891233-abc"));
    assert!(!kept("") && !kept("a b") && !kept("<script>") && !kept(&"a".repeat(129)));
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(trace: u128, span: u64, sampled: bool) {
        let first = Trace::of(&Headers::default(), Drawn { trace, span, sampled });
        let mut out = Vec::new();
        first.write(&mut out, &first.span_id, &Headers::default());
        let line = String::from_utf8(out).unwrap();
        let value = line.trim_end().strip_prefix("traceparent: ").unwrap();
        let second = of(value);
        prop_assert_eq!(second.trace_id, first.trace_id);
        prop_assert_eq!(second.parent, Some(first.span_id));
        prop_assert_eq!(second.sampled, sampled);
    }

    /// Whatever a client sends, the server gets one valid traceparent and no other line than ours.
    #[test]
    fn nothing_malformed_goes_on(
        parent in "[0-9a-f-]{50,60}|[ -~]{0,60}",
        state in "[ -~]{0,40}",
    ) {
        let sent = written(&[("traceparent", &parent), ("tracestate", &state)]);
        let mut lines = sent.split("\r\n");
        let value = lines.next().unwrap().strip_prefix("traceparent: ").unwrap();
        prop_assert!(of(value).parent.is_some());
        let state = lines.next().unwrap();
        prop_assert!(state.is_empty() || state.starts_with("tracestate: "));
    }
}
