//! An expression about file names takes paths of an API, too: it comes before the longest prefix.

use settings::{Place, Problem, Problems};

use super::super::{Action, Config, Proxy, Route, Site};
use super::file;
use crate::route::PathPattern;

/// What file names end in.
const ENDINGS: [&str; 16] = [
    ".css", ".csv", ".gif", ".html", ".ico", ".jpg", ".js", ".json", ".map", ".pdf", ".php",
    ".png", ".svg", ".txt", ".woff2", ".xml",
];

pub(super) fn find(written: &file::Config, config: &Config, warnings: &mut Problems) {
    for ((at, site), meant) in super::sites(written).zip(&config.sites) {
        let places = super::routes(&at, &site.route);
        for (route, (at, _)) in meant.routes.iter().zip(&places) {
            let Some(capture) = capture(meant, route) else {
                continue;
            };
            let problem = warning(&at.key("path"), &capture);
            warnings.note(match places.get(capture.prefix.0) {
                Some((other, _)) => problem.other(&other.key("path")),
                None => problem,
            });
        }
    }
}

/// A path that an expression takes from a prefix.
struct Capture<'s> {
    /// The route of the prefix, and the prefix.
    prefix: (usize, &'s str),
    path: String,
}

fn warning(
    at: &Place,
    Capture {
        prefix: (_, prefix),
        path,
    }: &Capture<'_>,
) -> Problem {
    let message = format!(
        "expressions come before prefixes, so `{path}` comes here and not to the route `{prefix}`"
    );
    let help =
        format!("write that route's path as {{ prefix = \"{prefix}\", before_regex = true }}");
    Problem::new(at, message).help(help)
}

/// The first prefix of which the expression of `route` takes paths.
fn capture<'s>(site: &'s Site, route: &Route) -> Option<Capture<'s>> {
    let PathPattern::Regex(expression) = &route.pattern else {
        return None;
    };
    // What is refused is meant to be refused everywhere.
    if matches!(&route.action, Action::Respond(respond) if respond.status >= 400) {
        return None;
    }
    let takes = |path: &str| expression.is_match(path.as_bytes());
    // Files anywhere are taken, so the expression is not about one prefix.
    let general = |ending: &&&str| takes(&format!("/{ELSEWHERE}/x{ending}"));
    let endings: Vec<_> = ENDINGS.iter().filter(general).collect();
    if endings.is_empty() {
        return None;
    }
    site.routes.iter().enumerate().find_map(|(index, other)| {
        let PathPattern::Prefix(prefix) = &other.pattern else {
            return None;
        };
        let Action::Proxy(proxy) = &other.action else {
            return None;
        };
        // Paths without an ending are not taken: it is about files.
        if other.parent != route.parent
            || prefix == "/"
            || asks_the_same(proxy, route)
            || takes(&format!("{prefix}x"))
        {
            return None;
        }
        let mut paths = endings.iter().map(|ending| format!("{prefix}x{ending}"));
        let path = paths.find(|path| takes(path))?;
        Some(Capture {
            prefix: (index, prefix),
            path,
        })
    })
}

/// A folder that nobody has.
const ELSEWHERE: &str = "somewhere-else";

/// Whether it makes no difference to the server which of the two routes a request takes.
fn asks_the_same(proxy: &Proxy, route: &Route) -> bool {
    matches!(&route.action, Action::Proxy(other)
        if other.to == proxy.to)
}
