//! An expression that every path matches leaves nothing to the routes after it, nor to prefixes.

use settings::{Place, Problem, Problems};

use super::file;

/// How "any path" is written.
const EVERYTHING: [&str; 10] = [
    "", ".", "/", ".*", "^", "^/", "^.*$", "^/.*$", "^.*", "^/.*",
];

pub(super) fn find(config: &file::Config, warnings: &mut Problems) {
    for (at, routes) in super::levels(config) {
        let everything = routes.iter().position(takes_everything);
        let Some(first) = everything else { continue };
        for (index, route) in routes.iter().enumerate() {
            let is_reached = match &route.path {
                file::RoutePath::Exact(_) => true,
                file::RoutePath::PrefixWith(prefix) if prefix.before_regex => true,
                file::RoutePath::Prefix(name) if name.starts_with('@') => true,
                file::RoutePath::Prefix(_) | file::RoutePath::PrefixWith(_) => false,
                file::RoutePath::Regex(_) => index <= first,
            };
            if !is_reached {
                warnings.note(warning(&at.key("route"), index, first));
            }
        }
    }
}

fn warning(routes: &Place, index: usize, first: usize) -> Problem {
    let message = "no request comes here: an expression takes every path";
    let help = "as a fallback, write \"/\" in the place of that expression";
    Problem::new(&routes.index(index).key("path"), message)
        .help(help)
        .other(&routes.index(first).key("path"))
}

fn takes_everything(route: &file::Route) -> bool {
    let when = &route.when;
    let asks = !when.method.is_empty()
        || !when.header.is_empty()
        || !when.query.is_empty()
        || !when.cookie.is_empty();
    let any = matches!(&route.path, file::RoutePath::Regex(path)
        if EVERYTHING.contains(&path.regex.as_str()));
    any && !asks
}
