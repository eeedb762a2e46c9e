//! Paths that no request has: routes are chosen by the path alone, decoded, with its slashes merged
//! and its dots resolved.

use settings::{Problem, Problems};

use super::file;

pub(super) fn find(config: &file::Config, warnings: &mut Problems) {
    for (at, route) in super::all_routes(config) {
        let exact = match &route.path {
            file::RoutePath::Exact(path) => Some(path.exact.as_str()),
            file::RoutePath::Prefix(_)
            | file::RoutePath::PrefixWith(_)
            | file::RoutePath::Regex(_) => None,
        };
        let Some(path) = exact.or(super::prefix(&route.path)) else {
            continue;
        };
        let (message, help) = if path.contains('?') {
            (
                "a query is no part of the path, so no request comes here",
                "write the path alone",
            )
        } else if is_encoded(path) {
            (
                "paths are compared decoded, so no request comes here",
                "write the characters themselves: \"/a b\", not \"/a%20b\"",
            )
        } else if path.contains("//") || path.split('/').any(|part| part == "." || part == "..") {
            (
                "slashes are merged and dots resolved before, so no request comes here",
                "write the path without them",
            )
        } else {
            continue;
        };
        warnings.note(Problem::new(&at.key("path"), message).help(help));
    }
}

fn is_encoded(path: &str) -> bool {
    path.match_indices('%').any(|(at, _)| {
        let digits = path.get(at + 1..at + 3).unwrap_or_default();
        digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}
