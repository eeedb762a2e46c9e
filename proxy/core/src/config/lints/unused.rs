//! Upstreams that no route names.

use std::collections::HashSet;

use settings::{Problem, Problems};

use super::file;

pub(super) fn find(config: &file::Config, warnings: &mut Problems) {
    let proxies = super::all_routes(config).filter_map(|(_, route)| route.proxy.as_ref());
    let used: HashSet<&str> = proxies.map(|proxy| proxy.to.as_str()).collect();
    for (at, name, _) in super::upstreams(config) {
        if !used.contains(name) {
            let message = format!("no route goes to upstream `{name}`");
            let help = format!("leave it out, or write proxy = {{ to = \"{name}\" }} in a route");
            warnings.note(Problem::new(&at, message).help(help));
        }
    }
}
