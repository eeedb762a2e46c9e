//! Routes, from written to meant.

use std::collections::BTreeMap;

use regex::bytes::Regex;
use settings::{Place, Problems, Size, closest};

use super::site::Inherited;
use super::{Action, Proxy, Replacement, Route, checks, file, headers, respond, site};
use crate::access::Access;
use crate::buffering::Buffering;
use crate::route::PathPattern;

pub(super) fn one(
    written: &file::Route,
    (site, inherited): (&file::Site, &Inherited),
    at: &Place,
    upstreams: &BTreeMap<String, file::Upstream>,
    problems: &mut Problems,
) -> Option<Route> {
    let (label, pattern) = pattern(&written.path, &at.key("path"), problems)?;
    let action = action(written, &pattern, at, upstreams, problems)?;
    let own_log = written.access_log.as_ref();
    let (log, log_at) = own_log.map_or_else(
        || (&site.access_log, None),
        |own| (own, Some(at.key("access_log"))),
    );
    // A mistake in the site's log is reported once, by the site.
    let access_log = match log_at {
        Some(at) => site::access_log(log, &at, problems),
        None => site::access_log(log, at, &mut Problems::default()),
    };
    let mut rules = |written, outer, key| headers::meant(written, outer, &at.key(key), problems);
    let request_headers = rules(
        &written.request_headers,
        &inherited.request_headers,
        "request_headers",
    );
    let response_headers = rules(
        &written.response_headers,
        &inherited.response_headers,
        "response_headers",
    );
    let Size(max_body) = written.max_body.unwrap_or(site.max_body);
    Some(Route {
        label,
        pattern,
        internal: written.internal,
        access_log,
        max_body: Some(max_body).filter(|limit| *limit > 0),
        access: access(written, &inherited.access, at, problems),
        request_headers,
        response_headers,
        action,
    })
}

/// Who may ask: what the route says, or else the site.
fn access(
    written: &file::Route,
    inherited: &Access,
    at: &Place,
    problems: &mut Problems,
) -> Access {
    if written.allow.is_none() && written.deny.is_none() {
        return inherited.clone();
    }
    let mut networks = |list: &Option<Vec<String>>, key: &str| {
        let list = list.as_deref().unwrap_or_default();
        checks::networks(list, &at.key(key), problems)
    };
    Access {
        allow: networks(&written.allow, "allow"),
        deny: networks(&written.deny, "deny"),
    }
}

/// The one thing that a route does.
fn action(
    written: &file::Route,
    pattern: &PathPattern,
    at: &Place,
    upstreams: &BTreeMap<String, file::Upstream>,
    problems: &mut Problems,
) -> Option<Action> {
    let proxy = written.proxy.as_ref().map(|proxy| {
        let proxy = self::proxy(proxy, pattern, &at.key("proxy"), upstreams, problems);
        ("proxy", proxy.map(Action::Proxy))
    });
    let redirect = written.redirect.as_ref().map(|redirect| {
        let meant = respond::redirect(redirect, &at.key("redirect"), problems);
        ("redirect", meant.map(Action::Respond))
    });
    let respond = written.respond.as_ref().map(|respond| {
        let meant = respond::respond(respond, &at.key("respond"), problems);
        ("respond", meant.map(Action::Respond))
    });
    let mut actions = [proxy, redirect, respond].into_iter().flatten();
    let Some((first, action)) = actions.next() else {
        problems.push_with_help(
            at,
            "the route does not say what to do with its requests",
            "proxy = { to = \"...\" }, redirect = \"...\" or respond = { status = ... }",
        );
        return None;
    };
    for (other, _) in actions {
        problems.push(
            &at.key(other),
            format!("the route already has `{first}`, and does one thing only"),
        );
    }
    action
}

fn proxy(
    written: &file::Proxy,
    pattern: &PathPattern,
    at: &Place,
    upstreams: &BTreeMap<String, file::Upstream>,
    problems: &mut Problems,
) -> Option<Proxy> {
    let uri = written.uri.as_ref();
    let uri = uri.and_then(|uri| replacement(uri, pattern, &at.key("uri"), problems));
    let upstream = upstream(&written.to, &at.key("to"), upstreams, problems)?;
    let mut timeout = |period, key: &str| checks::timeout(period, &at.key(key), problems);
    Some(Proxy {
        upstream,
        uri,
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

fn pattern(
    written: &file::RoutePath,
    at: &Place,
    problems: &mut Problems,
) -> Option<(String, PathPattern)> {
    let (label, pattern) = match written {
        file::RoutePath::Prefix(path) => (path, PathPattern::Prefix(path.clone())),
        file::RoutePath::Exact(file::ExactPath { exact: path }) => {
            (path, PathPattern::Exact(path.clone()))
        }
        file::RoutePath::PrefixWith(file::PrefixPath {
            prefix,
            before_regex: false,
        }) => (prefix, PathPattern::Prefix(prefix.clone())),
        file::RoutePath::PrefixWith(file::PrefixPath {
            prefix,
            before_regex: true,
        }) => (prefix, PathPattern::PrefixBeforeRegex(prefix.clone())),
        file::RoutePath::Regex(file::RegexPath { regex }) => {
            let expression = Regex::new(regex).map_err(|error| checks::last_line(&error));
            (regex, PathPattern::Regex(problems.ok(at, expression)?))
        }
    };
    if !matches!(pattern, PathPattern::Regex(_)) {
        checks::path(label, at, problems);
    }
    Some((label.clone(), pattern))
}

pub(super) fn is_same(one: &PathPattern, other: &PathPattern) -> bool {
    match (one, other) {
        (PathPattern::Regex(one), PathPattern::Regex(other)) => one.as_str() == other.as_str(),
        (PathPattern::Exact(one), PathPattern::Exact(other))
        | (
            PathPattern::Prefix(one) | PathPattern::PrefixBeforeRegex(one),
            PathPattern::Prefix(other) | PathPattern::PrefixBeforeRegex(other),
        ) => one == other,
        _ => false,
    }
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
            matched: path.len(),
            with: uri.to_owned(),
        }),
        PathPattern::Regex(_) => {
            problems.push(
                at,
                "a route with a regular expression has no prefix to replace",
            );
            None
        }
    }
}

fn upstream(
    name: &str,
    at: &Place,
    upstreams: &BTreeMap<String, file::Upstream>,
    problems: &mut Problems,
) -> Option<usize> {
    let found = upstreams.keys().position(|known| known == name);
    if found.is_none() {
        let message = format!("there is no upstream `{name}`");
        match closest(name, upstreams.keys().map(String::as_str)) {
            Some(known) => {
                problems.push_with_help(at, message, format!("did you mean \"{known}\"?"));
            }
            None => problems.push_with_help(at, message, format!("add [upstream.{name}]")),
        }
    }
    found
}
