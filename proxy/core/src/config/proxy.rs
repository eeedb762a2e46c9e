//! How requests go to an upstream, from written to meant.

use settings::{Place, Problems};

use super::names::Names;
use super::{Proxy, Replacement, checks, file};
use crate::buffering::Buffering;
use crate::route::PathPattern;
use crate::template::Template;

pub(super) fn meant(
    written: &file::Proxy,
    pattern: &PathPattern,
    names: &Names<'_>,
    at: &Place,
    problems: &mut Problems,
) -> Option<Proxy> {
    let uri = written.uri.as_ref();
    let uri = uri.and_then(|uri| replacement(uri, pattern, &at.key("uri"), problems));
    let redirects = redirects(written, uri.as_ref(), names, at, problems);
    let upstream = names.upstream(&written.to, &at.key("to"), problems)?;
    let mut timeout = |period, key: &str| checks::timeout(period, &at.key(key), problems);
    Some(Proxy {
        upstream,
        uri,
        redirects,
        connect_timeout: timeout(written.connect_timeout, "connect_timeout"),
        send_timeout: timeout(written.send_timeout, "send_timeout"),
        read_timeout: timeout(written.read_timeout, "read_timeout"),
        buffering: Buffering {
            on: written.buffering,
            most_in_file: written.max_temp_file.0,
        },
        request_buffering: written.request_buffering,
        ignore_client_abort: written.ignore_client_abort,
    })
}

/// What URLs become that begin so: what is written, and then nginx's `proxy_redirect default`, which
/// makes the route's path of the upstream's name with the path that replaces it.
fn redirects(
    written: &file::Proxy,
    uri: Option<&Replacement>,
    names: &Names<'_>,
    at: &Place,
    problems: &mut Problems,
) -> Vec<(String, Template)> {
    let mut redirects = Vec::new();
    for (index, redirect) in written.redirect.iter().enumerate() {
        let at = at.key("redirect").index(index);
        if redirect.from.is_empty() {
            problems.push_with_help(
                &at.key("from"),
                "every URL begins with nothing",
                "\"http://app.internal/\"",
            );
        }
        if let Some(to) = checks::template(&names.scope, &redirect.to, &at.key("to"), problems) {
            redirects.push((redirect.from.clone(), to));
        }
    }
    if let Some(uri) = uri {
        let from = format!("http://{}{}", written.to, uri.with);
        redirects.push((from, Template::constant(&uri.of)));
    }
    redirects
}

fn replacement(
    uri: &str,
    pattern: &PathPattern,
    at: &Place,
    problems: &mut Problems,
) -> Option<Replacement> {
    checks::path(uri, at, problems);
    checks::one_word(uri, at, problems);
    match pattern {
        PathPattern::Exact(path)
        | PathPattern::Prefix(path)
        | PathPattern::PrefixBeforeRegex(path) => Some(Replacement {
            of: path.clone(),
            with: uri.to_owned(),
        }),
        PathPattern::Regex(_) => {
            problems.push(
                at,
                "a route with a regular expression has no prefix to replace",
            );
            None
        }
        PathPattern::Named(_) => {
            problems.push(at, "a route with a name has no prefix to replace");
            None
        }
    }
}
