//! Rules for header lines, from written to meant.

use std::collections::BTreeMap;

use settings::{Place, Problems};

use super::{checks, file};
use crate::forward::Forwarding;
use crate::headers::Rules;
use crate::http::is_token;
use crate::template::{Scope, Template};

/// Headers of one hop, which each side of the edge has its own of.
const OF_THE_EDGE: [&str; 10] = [
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "proxy-connection",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

impl From<file::Forwarding> for Forwarding {
    fn from(written: file::Forwarding) -> Self {
        match written {
            file::Forwarding::XForwarded => Self::Usual,
            file::Forwarding::Forwarded => Self::Forwarded,
            file::Forwarding::Both => Self::Both,
        }
    }
}

/// The rules of a route or a site, on top of those `outer` unless it has none of them.
pub(super) fn meant(
    written: &file::Headers,
    outer: &Rules,
    scope: &Scope,
    at: &Place,
    problems: &mut Problems,
) -> Rules {
    let rules = Rules {
        set: lines(&written.set, scope, &at.key("set"), problems),
        add: lines(&written.add, scope, &at.key("add"), problems),
        remove: written.remove.clone(),
    };
    let remove_at = at.key("remove");
    for (index, name) in rules.remove.iter().enumerate() {
        check(name, &remove_at.index(index), problems);
        if name.eq_ignore_ascii_case("host") {
            problems.push(&remove_at.index(index), "every request has a Host");
        }
    }
    if written.inherit {
        rules.within(outer)
    } else {
        rules
    }
}

fn lines(
    written: &BTreeMap<String, String>,
    scope: &Scope,
    at: &Place,
    problems: &mut Problems,
) -> Vec<(String, Template)> {
    let mut lines = Vec::new();
    for (name, text) in written {
        let at = at.key(name);
        check(name, &at, problems);
        if let Some(text) = checks::template(scope, text, &at, problems) {
            lines.push((name.clone(), text));
        }
    }
    lines
}

pub(super) fn check(name: &str, at: &Place, problems: &mut Problems) {
    if !is_token(name) {
        problems.push(at, format!("`{name}` is not the name of a header"));
    } else if OF_THE_EDGE.iter().any(|own| name.eq_ignore_ascii_case(own)) {
        problems.push(at, format!("`{name}` is the edge's own on each connection"));
    }
}
