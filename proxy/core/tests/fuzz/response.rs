//! Response heads: what is accepted is sent on with the same status and the same body.

use edge_core::forward::{Connection, ResponseForm, write_response};
use edge_core::http::{HeadEnd, ResponseHead, find_head_end};

use crate::{Verdict, mutate, replay};

fn judge(bytes: &[u8]) -> Verdict {
    let end = find_head_end(bytes, 0);
    let HeadEnd::Complete(length) = end else {
        drop(ResponseHead::parse(bytes, false));
        return if end == HeadEnd::BareLineFeed {
            Verdict::Bad
        } else {
            Verdict::Partial
        };
    };
    let Ok(head) = ResponseHead::parse(&bytes[..length], false) else {
        return Verdict::Bad;
    };
    let form = ResponseForm {
        status: None,
        redirects: &[],
        edit: &edge_core::headers::Edit::default(),
        body: head.body,
        connection: Connection::Keep,
        date: "Mon, 23 Nov 2026 04:55:41 GMT",
        coding: None,
        vary: false,
        cookie: None,
        kept: &[],
    };
    let mut sent = Vec::new();
    write_response(&mut sent, &head, &form);
    let shown = sent.escape_ascii().to_string();
    assert_eq!(
        find_head_end(&sent, 0),
        HeadEnd::Complete(sent.len()),
        "{shown}"
    );
    let read = ResponseHead::parse(&sent, false).unwrap_or_else(|error| panic!("{error}: {shown}"));
    assert_eq!(read.status, head.status, "{shown}");
    assert_eq!(read.body, head.body, "{shown}");
    Verdict::Good
}

#[test]
fn the_corpus() {
    replay("response", judge);
}

#[test]
fn mutations_are_refused_or_mean_one_thing() {
    mutate("response", judge);
}
