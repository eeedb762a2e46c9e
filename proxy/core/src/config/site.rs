//! Sites, from written to meant.

use std::collections::HashMap;

use settings::{Place, Problem, Problems, closest};

use super::names::Names;
use super::route::{Around, Routes};
use super::{Listener, Site, Terms, compress, file, rewrite};
use crate::address::Address;
use crate::expression::Expression;
use crate::https_only::PORT;
use crate::route::HostPattern;

/// All sites, in the order of the file.
pub(super) fn all(
    written: &[file::Site],
    listeners: &[Listener],
    names: &Names<'_>,
    problems: &mut Problems,
) -> Vec<Site> {
    if written.is_empty() {
        problems.push_with_help(
            &Place::root().key("site"),
            "there is no site, so no request has anywhere to go",
            "add [[site]] with a [[site.route]]",
        );
    }
    let place = Place::root().key("site");
    let mut sites: Vec<Site> = Vec::new();
    let mut seen = HashMap::new();
    for (index, site) in written.iter().enumerate() {
        let at = place.index(index);
        let site = one(site, listeners, names, &at, problems);
        check_names(&site, &at.key("names"), &mut seen, problems);
        sites.push(site);
    }
    check_listeners(&sites, listeners, problems);
    sites
}

/// Every listener leads somewhere.
fn check_listeners(sites: &[Site], listeners: &[Listener], problems: &mut Problems) {
    if sites.is_empty() || sites.iter().any(|site| site.listen.is_empty()) {
        return;
    }
    for (index, listener) in listeners.iter().enumerate() {
        if !sites
            .iter()
            .any(|site| site.listen.contains(&listener.address))
        {
            let at = Place::root().key("listener").index(index).key("address");
            let message = format!("no site is for requests by {}", listener.address);
            let problem = Problem::new(&at, message).help("a site without `listen` is for all");
            let place = Place::root().key("site");
            let lists = (0..sites.len()).map(|index| place.index(index).key("listen"));
            problems.note(lists.fold(problem, Problem::rests_on));
        }
    }
}

/// Two sites of one name: nginx warns and ignores the second; here neither is what was meant.
fn check_names(
    site: &Site,
    at: &Place,
    seen: &mut HashMap<String, Vec<(Vec<Address>, Place)>>,
    problems: &mut Problems,
) {
    for (index, name) in site.written_names.iter().enumerate() {
        let at = at.index(index);
        let others = seen.entry(name.to_ascii_lowercase()).or_default();
        let meets = |(listen, _): &&(Vec<Address>, Place)| {
            listen.is_empty()
                || site.listen.is_empty()
                || listen.iter().any(|address| site.listen.contains(address))
        };
        if let Some((_, first)) = others.iter().find(meets) {
            let message = format!("`{name}` is already the name of a site");
            problems.note(Problem::new(&at, message).other(first));
        }
        others.push((site.listen.clone(), at));
    }
}

fn one(
    written: &file::Site,
    listeners: &[Listener],
    names: &Names<'_>,
    at: &Place,
    problems: &mut Problems,
) -> Site {
    if written.route.is_empty() {
        let at = at.key("route");
        problems.push_with_help(&at, "the site has no route", "add [[site.route]]");
    }
    let mut hosts = Vec::new();
    for (index, name) in written.names.iter().enumerate() {
        hosts.extend(host(name, &at.key("names").index(index), problems));
    }
    let expressions = hosts.iter().filter_map(|host| match host {
        HostPattern::Regex(expression) => Some(expression),
        HostPattern::Exact(_)
        | HostPattern::Below(_)
        | HostPattern::Begins(_)
        | HostPattern::Other => None,
    });
    let names = names.of_site(written, expressions);
    let terms = Terms::of_site(written, &names, at, problems);
    let mut routes = Routes::default();
    for (index, route) in written.route.iter().enumerate() {
        let at = at.key("route").index(index);
        routes.add(route, Around::site(&terms), &names, &at, problems);
    }
    let rules = rewrite::rules(&written.rewrite, &names.scope, &at.key("rewrite"), problems);
    let first = written.names.first().cloned();
    Site {
        label: first.unwrap_or_else(|| "_".to_owned()),
        written_names: written.names.clone(),
        names: hosts,
        listen: listen(&written.listen, listeners, &at.key("listen"), problems),
        https_only: https_only(written.https_only, &at.key("https_only"), problems),
        compression: compress::meant(written, at, problems),
        rewrites: rules,
        terms,
        routes: routes.into_vec(),
    }
}

/// The port that clients are sent to, if they are.
fn https_only(written: file::HttpsOnly, at: &Place, problems: &mut Problems) -> Option<u16> {
    match written {
        file::HttpsOnly::Switch(on) => on.then_some(PORT),
        file::HttpsOnly::Port(0) => {
            problems.push(at, "there is no port 0");
            None
        }
        file::HttpsOnly::Port(port) => Some(port),
    }
}

/// A name of a site.
fn host(name: &str, at: &Place, problems: &mut Problems) -> Option<HostPattern> {
    if let Some(expression) = name.strip_prefix('~') {
        // Hosts are compared in lower case.
        let expression = Expression::after_tilde(expression);
        return problems.ok(at, expression).map(HostPattern::Regex);
    }
    if name == "_" {
        return Some(HostPattern::Other);
    }
    if name.contains([':', '/']) {
        problems.push(at, format!("`{name}`: a name has no port and no path"));
        return None;
    }
    let lower = name.to_ascii_lowercase();
    let pattern = match (lower.strip_prefix("*."), lower.strip_suffix(".*")) {
        (Some(rest), None) => (rest, HostPattern::Below(format!(".{rest}"))),
        (None, Some(rest)) => (rest, HostPattern::Begins(format!("{rest}."))),
        _ => (lower.as_str(), HostPattern::Exact(lower.clone())),
    };
    if pattern.0.is_empty() || pattern.0.contains('*') {
        problems.push_with_help(
            at,
            format!("`{name}` is not a host name"),
            "\"example.com\", \"*.example.com\", \"www.example.*\", \"~^www[0-9]+\" or \"_\"",
        );
        return None;
    }
    Some(pattern.1)
}

/// The listeners that lead to a site.
fn listen(
    written: &[String],
    listeners: &[Listener],
    at: &Place,
    problems: &mut Problems,
) -> Vec<Address> {
    let mut listen = Vec::new();
    for (index, text) in written.iter().enumerate() {
        let known = listeners.iter().map(|listener| &listener.address);
        let found = known
            .clone()
            .find(|address| text.parse().as_ref() == Ok(*address));
        if let Some(address) = found {
            listen.push(address.clone());
            continue;
        }
        let known: Vec<String> = known.map(ToString::to_string).collect();
        let message = format!("there is no listener at `{text}`");
        let at = at.index(index);
        let help = match closest(text, known.iter().map(String::as_str)) {
            Some(known) => format!("did you mean \"{known}\"?"),
            None => "add a [[listener]] with this address".to_owned(),
        };
        let problem = Problem::new(&at, message).help(help);
        problems.note(problem.rests_on(Place::root().key("listener")));
    }
    listen
}
