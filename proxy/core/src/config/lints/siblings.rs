//! A prefix takes the paths of its siblings, too: `/docs` is also the beginning of `/docs-private`.

use settings::{Problem, Problems};

use super::file;

pub(super) fn find(config: &file::Config, warnings: &mut Problems) {
    for (at, route) in super::all_routes(config) {
        // Whoever writes `{ prefix = ... }` has heard of other kinds, and what is answered here may be wide.
        let file::RoutePath::Prefix(prefix) = &route.path else {
            continue;
        };
        if prefix.ends_with('/') || prefix.starts_with('@') || route.respond.is_some() {
            continue;
        }
        let message =
            format!("the prefix `{prefix}` also takes `{prefix}-private` and `{prefix}x`");
        let help = format!(
            "write two routes, {{ exact = \"{prefix}\" }} and \"{prefix}/\"; or, if it is meant, \
             {{ prefix = \"{prefix}\" }}"
        );
        warnings.note(Problem::new(&at.key("path"), message).help(help));
    }
}
