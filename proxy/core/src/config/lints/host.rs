//! nginx sends the upstream's name as the Host unless it is told otherwise, and so do configurations
//! that were copied from there.

use settings::{Place, Problem, Problems};

use super::file;

pub(super) fn find(config: &file::Config, warnings: &mut Problems) {
    for (at, site) in super::sites(config) {
        check(config, &site.request_headers, &at, warnings);
        for (at, route) in super::routes(&at, &site.route) {
            check(config, &route.request_headers, &at, warnings);
        }
    }
}

fn check(config: &file::Config, headers: &file::Headers, at: &Place, warnings: &mut Problems) {
    for (name, value) in &headers.set {
        let is_upstream = value == "$proxy_host" || config.upstream.contains_key(value);
        if name.eq_ignore_ascii_case("Host") && is_upstream {
            let message = "servers see the upstream's name as the Host, so links and redirects that they \
                           make lead there";
            let help = "leave it out: the client's Host is passed on";
            let at = at.key("request_headers").key("set").key(name);
            warnings.note(Problem::new(&at, message).help(help));
        }
    }
}
