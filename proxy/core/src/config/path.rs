//! Which requests a route takes, from written to meant.

use std::collections::BTreeMap;

use settings::{Place, Problems};

use super::{checks, file};
use crate::expression::Expression;
use crate::http::is_token;
use crate::route::{PathPattern, Source, Test, When};

/// A route's path as it is written, and what it means.
pub(super) fn pattern(
    written: &file::RoutePath,
    at: &Place,
    problems: &mut Problems,
) -> Option<(String, PathPattern)> {
    let (label, pattern) = match written {
        file::RoutePath::Prefix(path) if path.starts_with('@') => {
            let name = path.trim_start_matches('@');
            if name.is_empty() {
                problems.push_with_help(at, "the route has no name", "\"@fallback\"");
            }
            (path, PathPattern::Named(name.to_owned()))
        }
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
            let expression = Expression::new(regex);
            let expression = problems.ok(&at.key("regex"), expression)?;
            (regex, PathPattern::Regex(expression))
        }
    };
    if !matches!(pattern, PathPattern::Regex(_) | PathPattern::Named(_)) {
        checks::path(label, at, problems);
    }
    Some((label.clone(), pattern))
}

/// A route inside of another has to be for paths that the outer one would take.
pub(super) fn check_inside(
    inner: &PathPattern,
    outer: &PathPattern,
    at: &Place,
    problems: &mut Problems,
) {
    match (inner, outer) {
        (PathPattern::Named(_), _) => {
            problems.push(
                at,
                "a route with a name stands in a site, not inside of a route",
            );
        }
        (_, PathPattern::Exact(_) | PathPattern::Named(_)) => {
            problems.push(
                at,
                "the route around it is for one path, and has no room inside",
            );
        }
        (PathPattern::Regex(_), _) | (_, PathPattern::Regex(_)) => {}
        (
            PathPattern::Exact(path)
            | PathPattern::Prefix(path)
            | PathPattern::PrefixBeforeRegex(path),
            PathPattern::Prefix(prefix) | PathPattern::PrefixBeforeRegex(prefix),
        ) => {
            if !path.starts_with(prefix.as_str()) {
                let message = format!("`{path}` is not inside of `{prefix}`");
                problems.push_with_help(at, message, "paths are written whole, as in nginx");
            }
        }
    }
}

/// What two routes have in common that are for the same paths: the kind of path, and its text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Same {
    Exact(String),
    Prefix(String),
    Regex(String),
    Named(String),
}

impl From<&PathPattern> for Same {
    fn from(pattern: &PathPattern) -> Self {
        match pattern {
            PathPattern::Exact(path) => Self::Exact(path.clone()),
            PathPattern::Prefix(path) | PathPattern::PrefixBeforeRegex(path) => {
                Self::Prefix(path.clone())
            }
            PathPattern::Regex(expression) => Self::Regex(expression.as_str().to_owned()),
            PathPattern::Named(name) => Self::Named(name.clone()),
        }
    }
}

/// What a route asks of a request besides its path, if it asks anything.
pub(super) fn when(written: &file::When, at: &Place, problems: &mut Problems) -> Option<When> {
    for (index, method) in written.method.iter().enumerate() {
        let at = at.key("method").index(index);
        if !is_token(method) {
            problems.push(&at, format!("`{method}` is no method"));
        } else if method.bytes().any(|byte| byte.is_ascii_lowercase()) {
            let help = format!("\"{}\"", method.to_ascii_uppercase());
            problems.push_with_help(&at, "methods are written in upper case", help);
        }
    }
    let mut tests = Vec::new();
    let mut add =
        |key: &str, of: &BTreeMap<String, file::Condition>, source: fn(String) -> Source| {
            for (name, condition) in of {
                let at = at.key(key).key(name);
                if !is_token(name) {
                    problems.push(&at, format!("`{name}` is not the name of a {key}"));
                }
                if let Some(test) = test(condition, &at, problems) {
                    tests.push((source(name.clone()), test));
                }
            }
        };
    add("header", &written.header, Source::Header);
    add("query", &written.query, Source::Query);
    add("cookie", &written.cookie, Source::Cookie);
    let methods = written.method.clone();
    let asks = !methods.is_empty() || !tests.is_empty();
    asks.then_some(When { methods, tests })
}

fn test(written: &file::Condition, at: &Place, problems: &mut Problems) -> Option<Test> {
    Some(match written {
        file::Condition::Present(true) => Test::Present,
        file::Condition::Present(false) => Test::Absent,
        file::Condition::Is(text) => Test::Is(text.clone()),
        file::Condition::Matches(file::RegexPath { regex }) => {
            Test::Matches(problems.ok(at, Expression::new(regex))?)
        }
    })
}
