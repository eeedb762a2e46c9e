//! Headers that protect users, and that a route leaves out without a word about them: in nginx any
//! `add_header` of a location does so.

use settings::{Place, Problem, Problems};

use super::file;

/// What browsers are told against attacks.
const PROTECTING: [&str; 6] = [
    "content-security-policy",
    "permissions-policy",
    "referrer-policy",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
];

pub(super) fn find(config: &file::Config, warnings: &mut Problems) {
    for (at, site) in super::sites(config) {
        let sent = protecting(&site.response_headers);
        look_inside(&at, &site.route, &sent, warnings);
    }
}

fn look_inside(at: &Place, routes: &[file::Route], outer: &[String], warnings: &mut Problems) {
    for (at, route) in super::level(at, routes) {
        let headers = &route.response_headers;
        let mut sent = protecting(headers);
        let said = |name: &String| sent.contains(name) || removes(headers, name);
        let others = outer.iter().filter(|name| !said(name)).cloned();
        let others: Vec<String> = others.collect();
        if headers.inherit {
            sent.extend(others);
        } else if !others.is_empty() {
            let lost = others.join(", ");
            let message = format!("answers from here go without {lost}, which are sent around it");
            let help = "leave `inherit` out, set them here, or name them in `remove`";
            let at = at.key("response_headers").key("inherit");
            warnings.note(Problem::new(&at, message).help(help));
        }
        look_inside(&at, &route.route, &sent, warnings);
    }
}

fn protecting(headers: &file::Headers) -> Vec<String> {
    let names = headers.set.keys().chain(headers.add.keys());
    let names = names.map(|name| name.to_ascii_lowercase());
    names
        .filter(|name| PROTECTING.contains(&name.as_str()))
        .collect()
}

fn removes(headers: &file::Headers, name: &str) -> bool {
    headers
        .remove
        .iter()
        .any(|removed| removed.eq_ignore_ascii_case(name))
}
