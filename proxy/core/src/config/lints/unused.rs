//! Upstreams that no route names.

use settings::{Problem, Problems};

use super::file;

pub(super) fn find(config: &file::Config, warnings: &mut Problems) {
    for (at, name, _) in super::upstreams(config) {
        let mut proxies = super::all_routes(config).filter_map(|(_, route)| route.proxy.as_ref());
        if !proxies.any(|proxy| proxy.to == name) {
            let message = format!("no route goes to upstream `{name}`");
            let help = format!("leave it out, or write proxy = {{ to = \"{name}\" }} in a route");
            warnings.note(Problem::new(&at, message).help(help));
        }
    }
}
