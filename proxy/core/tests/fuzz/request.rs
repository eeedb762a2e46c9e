//! Request heads: what is accepted is sent on as exactly one request of the same meaning.

use edge_core::forward::{Outgoing, wants_trailers, write_request};
use edge_core::http::{
    BodyLength, HeadEnd, HeadLimits, Name, RequestHead, find_head_end, leading_empty_lines,
};
use edge_core::trace::{Drawn, Trace};

use crate::{Verdict, mutate, replay};

/// For what is sent on: the edge adds to X-Forwarded-For.
const ROOMY: HeadLimits = HeadLimits {
    request_line: 1 << 20,
    header_line: 1 << 20,
    head: 1 << 20,
    headers: 256,
};

fn judge(bytes: &[u8]) -> Verdict {
    let bytes = &bytes[leading_empty_lines(bytes)..];
    let end = find_head_end(bytes, 0);
    let HeadEnd::Complete(length) = end else {
        // Whoever parses it all the same gets a head or a refusal.
        drop(RequestHead::parse(bytes));
        return if end == HeadEnd::BareLineFeed {
            Verdict::Bad
        } else {
            Verdict::Partial
        };
    };
    let Ok(head) = RequestHead::parse(&bytes[..length]) else {
        return Verdict::Bad;
    };
    let trace = Trace::of(
        &head.headers,
        Drawn {
            trace: 7,
            span: 7,
            sampled: true,
        },
    );
    let to = Outgoing {
        usual: true,
        hop: None,
        upgrade: &head.upgrade,
        certificate: None,
        edit: &edge_core::headers::Edit::default(),
        trace: &trace,
        span: &trace.span_id,
        request_id: "r1",
        target: head.target,
        default_host: "upstream",
        client: "192.0.2.1",
        scheme: "http",
        body: head.body,
    };
    let mut sent = Vec::new();
    write_request(&mut sent, &head, &to);
    means_the_same(&head, &sent);
    Verdict::Good
}

fn means_the_same(head: &RequestHead<'_>, sent: &[u8]) {
    let shown = sent.escape_ascii().to_string();
    assert_eq!(
        find_head_end(sent, 0),
        HeadEnd::Complete(sent.len()),
        "{shown}"
    );
    let read = RequestHead::parse_within(sent, &ROOMY)
        .unwrap_or_else(|refused| panic!("{}: {shown}", refused.meaning));
    assert_eq!(read.method, head.method, "{shown}");
    assert_eq!(read.target, head.target, "{shown}");
    assert_eq!(read.body, head.body, "{shown}");
    // Nothing is offered that the client did not offer, and no HTTP by another name at all.
    assert_eq!(read.upgrade, head.upgrade, "{shown}");
    assert!(
        !read
            .headers
            .iter()
            .any(|line| line.name == Name::Http2Settings),
        "{shown}"
    );
    let authority = if head.authority.is_empty() {
        "upstream"
    } else {
        head.authority
    };
    assert_eq!(read.authority, authority, "{shown}");
    assert_eq!(read.header("x-real-ip"), Some("192.0.2.1"), "{shown}");
    for header in &read.headers {
        // The edge's own way of passing on that trailers are taken.
        let hop = (header.name == Name::Te && header.value == b"trailers")
            || (header.name == Name::Connection && header.value == b"TE");
        let switch = header.name == Name::Upgrade
            || (header.name == Name::Connection && header.value == b"Upgrade");
        if is_our_own(header.name)
            || (hop && wants_trailers(head))
            || (switch && !head.upgrade.is_empty())
        {
            continue;
        }
        let is_the_client_s = head
            .headers
            .iter()
            .any(|sent| sent.raw_name == header.raw_name && sent.value == header.value);
        assert!(is_the_client_s, "{}: {shown}", header.raw_name);
        assert!(!header.raw_name.contains('_'), "{shown}");
    }
    let forwarded = read
        .headers
        .iter()
        .find(|line| line.name == Name::XForwardedFor);
    assert!(forwarded.unwrap().value.ends_with(b"192.0.2.1"), "{shown}");
    let framings = read
        .headers
        .iter()
        .filter(|line| matches!(line.name, Name::ContentLength | Name::TransferEncoding));
    let most = usize::from(head.body != BodyLength::Empty).max(1);
    assert!(framings.count() <= most, "{shown}");
}

fn is_our_own(name: Name) -> bool {
    matches!(
        name,
        Name::Host
            | Name::Traceparent
            | Name::XRequestId
            | Name::ContentLength
            | Name::TransferEncoding
            | Name::XForwardedFor
            | Name::XForwardedProto
            | Name::XRealIp
    )
}

#[test]
fn e4_the_corpus() {
    replay("request", judge);
}

#[test]
fn e4_mutations_are_refused_or_mean_one_thing() {
    mutate("request", judge);
}
