//! Sites and routes, from written to meant.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use regex::bytes::Regex;
use settings::{Place, Problems, Size, closest};

use super::{AccessLog, Proxy, Replacement, Route, Site, checks, file};
use crate::access::{Escape, Format};
use crate::buffering::Buffering;
use crate::encoding::Gzip;
use crate::route::PathPattern;

/// All sites, in the order of the file.
pub(super) fn all(
    written: &[file::Site],
    upstreams: &BTreeMap<String, file::Upstream>,
    problems: &mut Problems,
) -> Vec<Site> {
    if written.is_empty() {
        problems.push_with_help(
            &Place::root(),
            "there is no site, so no request has anywhere to go",
            "add [[site]] with a [[site.route]]",
        );
    }
    let place = Place::root().key("site");
    let mut seen = HashMap::new();
    let mut sites = Vec::new();
    for (index, site) in written.iter().enumerate() {
        let at = place.index(index);
        names(&site.names, &at.key("names"), &mut seen, problems);
        sites.push(one(site, &at, upstreams, problems));
    }
    sites
}

/// Two sites of one name: nginx warns and ignores the second; here neither is what was meant.
fn names(
    written: &[String],
    at: &Place,
    seen: &mut HashMap<String, Place>,
    problems: &mut Problems,
) {
    for (index, name) in written.iter().enumerate() {
        let at = at.index(index);
        let wildcards = name.matches('*').count();
        let wildcard_is_first = name.starts_with("*.") && name.len() > 2;
        if name.is_empty() || (wildcards > 0 && !(wildcards == 1 && wildcard_is_first)) {
            problems.push_with_help(
                &at,
                format!("`{name}` is not a host name"),
                "\"example.com\", \"*.example.com\" or \"_\"",
            );
        } else if name.contains([':', '/']) {
            problems.push(&at, format!("`{name}`: a name has no port and no path"));
        }
        if let Some(first) = seen.insert(name.to_ascii_lowercase(), at.clone()) {
            problems.push(&at, format!("`{name}` is already a name at {first}"));
        }
    }
}

fn one(
    written: &file::Site,
    at: &Place,
    upstreams: &BTreeMap<String, file::Upstream>,
    problems: &mut Problems,
) -> Site {
    if written.route.is_empty() {
        problems.push_with_help(at, "the site has no route", "add [[site.route]]");
    }
    let mut routes: Vec<Route> = Vec::new();
    for (index, route) in written.route.iter().enumerate() {
        let at = at.key("route").index(index);
        let Some(meant) = self::route(route, written, &at, upstreams, problems) else {
            continue;
        };
        if routes
            .iter()
            .any(|other| is_same(&other.pattern, &meant.pattern))
        {
            problems.push(
                &at.key("path"),
                format!("`{}` is already a route", meant.label),
            );
        }
        routes.push(meant);
    }
    Site {
        label: written
            .names
            .first()
            .cloned()
            .unwrap_or_else(|| "_".to_owned()),
        names: written.names.clone(),
        gzip: written
            .gzip
            .as_ref()
            .map(|gzip| self::gzip(gzip, &at.key("gzip"), problems)),
        access_log: access_log(&written.access_log, &at.key("access_log"), problems),
        routes,
    }
}

fn route(
    written: &file::Route,
    site: &file::Site,
    at: &Place,
    upstreams: &BTreeMap<String, file::Upstream>,
    problems: &mut Problems,
) -> Option<Route> {
    let (label, pattern) = pattern(&written.path, &at.key("path"), problems)?;
    let proxy = proxy(
        &written.proxy,
        &pattern,
        &at.key("proxy"),
        upstreams,
        problems,
    )?;
    let own_log = written.access_log.as_ref();
    let (log, log_at) = own_log.map_or_else(
        || (&site.access_log, None),
        |own| (own, Some(at.key("access_log"))),
    );
    // A mistake in the site's log is reported once, by the site.
    let access_log = match log_at {
        Some(at) => access_log(log, &at, problems),
        None => access_log(log, at, &mut Problems::default()),
    };
    let Size(max_body) = written.max_body.unwrap_or(site.max_body);
    Some(Route {
        label,
        pattern,
        internal: written.internal,
        access_log,
        max_body: Some(max_body).filter(|limit| *limit > 0),
        proxy,
    })
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

fn is_same(one: &PathPattern, other: &PathPattern) -> bool {
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

fn gzip(written: &file::Gzip, at: &Place, problems: &mut Problems) -> Gzip {
    if !(1..=9).contains(&written.level) {
        problems.push(&at.key("level"), "the level is a number from 1 to 9");
    }
    Gzip {
        level: written.level,
        min_length: written.min_length.0,
        types: written.types.clone(),
    }
}

fn access_log(written: &file::AccessLog, at: &Place, problems: &mut Problems) -> Option<AccessLog> {
    match written {
        file::AccessLog::Switch(false) => None,
        file::AccessLog::Switch(true) => {
            problems.push_with_help(
                at,
                "`true` does not say where to log",
                "{ path = \"/var/log/hifate/access.log\" }",
            );
            None
        }
        file::AccessLog::To(file) => {
            let format = log_format(file, at, problems);
            let condition = file.condition.as_ref().map(|text| {
                let condition = Format::parse(text, Escape::None);
                checks::format(condition, &at.key("if"), problems)
            });
            Some(AccessLog {
                path: PathBuf::from(&file.path),
                format: format?,
                condition: match condition {
                    Some(condition) => Some(condition?),
                    None => None,
                },
            })
        }
    }
}

fn log_format(file: &file::AccessLogFile, at: &Place, problems: &mut Problems) -> Option<Format> {
    let format = match file.format.as_str() {
        "combined" => Format::combined(),
        "json" => Format::json(),
        text => {
            let escape = match file.escape {
                None | Some(file::LogEscape::Default) => Escape::Default,
                Some(file::LogEscape::Json) => Escape::Json,
                Some(file::LogEscape::None) => Escape::None,
            };
            let format = Format::parse(text, escape);
            return checks::format(format, &at.key("format"), problems);
        }
    };
    if file.escape.is_some() {
        let message = format!("the format `{}` has its own way of escaping", file.format);
        problems.push(&at.key("escape"), message);
    }
    checks::format(format, &at.key("format"), problems)
}
