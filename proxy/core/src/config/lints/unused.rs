//! Upstreams that nobody names.

use std::collections::HashSet;

use settings::{Problem, Problems};

use super::file;

pub(super) fn find(config: &file::Config, warnings: &mut Problems) {
    let mut routes = super::all_routes(config);
    // Any of them can be meant by a variable.
    if routes.any(|(_, route)| matches!(&route.proxy, Some(proxy) if proxy.to.contains('$'))) {
        return;
    }
    let used = used(config);
    for (at, name, _) in super::upstreams(config) {
        if !used.contains(name) {
            let message = format!("no route goes to upstream `{name}`");
            let help = format!("leave it out, or write proxy = {{ to = \"{name}\" }} in a route");
            warnings.note(Problem::new(&at, message).help(help));
        }
    }
}

/// Upstreams that routes go to, and those that are asked who may.
fn used(config: &file::Config) -> HashSet<&str> {
    let mut used = HashSet::new();
    for (at, site) in super::sites(config) {
        used.extend(asked(site.forward_auth.as_ref()));
        for (_, route) in super::routes(&at, &site.route) {
            used.extend(route.proxy.as_ref().map(|proxy| proxy.to.as_str()));
            used.extend(asked(route.forward_auth.as_ref()));
        }
    }
    used
}

fn asked(auth: Option<&file::ForwardAuth>) -> Option<&str> {
    match auth? {
        file::ForwardAuth::Switch(_) => None,
        file::ForwardAuth::With(with) => Some(&with.to),
    }
}
