//! What servers are told about the client: the edge says it on every route, unless a route says
//! something else.

use settings::{Place, Problem, Problems};

use super::file;

/// Headers that name the client or how it came, and the client's own idea of them.
const ABOUT_THE_CLIENT: [(&str, &str); 3] = [
    ("X-Forwarded-For", "$http_x_forwarded_for"),
    ("X-Forwarded-Proto", "$http_x_forwarded_proto"),
    ("X-Real-IP", "$http_x_real_ip"),
];

pub(super) fn find(config: &file::Config, warnings: &mut Problems) {
    for (at, site) in super::sites(config) {
        check(&site.request_headers, &at.key("request_headers"), warnings);
        for (at, route) in super::routes(&at, &site.route) {
            check(&route.request_headers, &at.key("request_headers"), warnings);
        }
    }
}

fn check(headers: &file::Headers, at: &Place, warnings: &mut Problems) {
    for (header, spoofed) in ABOUT_THE_CLIENT {
        let is_it = |name: &&String| name.eq_ignore_ascii_case(header);
        if let Some(index) = headers.remove.iter().position(|name| is_it(&name)) {
            let message = format!("servers do not learn from `{header}` who the client is");
            let help = "leave it out: the edge sets it, and nothing that clients say gets past";
            let at = at.key("remove").index(index);
            warnings.note(Problem::new(&at, message).help(help));
        }
        let set = headers.set.iter().find(|(name, _)| is_it(name));
        if let Some((name, value)) = set
            && value == spoofed
        {
            let message = format!("servers believe what any client says in `{header}`");
            let help = "leave it out: the edge sets it, by `client.trusted`";
            let at = at.key("set").key(name);
            warnings.note(Problem::new(&at, message).help(help));
        }
    }
}
