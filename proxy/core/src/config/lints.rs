//! Traps: what a configuration may say, and hardly means.
//!
//! Each is a warning with its reason and what to write instead, so that whoever means it knows how to
//! say so. They are looked for in configurations without mistakes only.

mod access;
mod acme;
mod captured;
mod conditions;
mod connections;
mod default_sites;
mod files;
mod forwarded;
mod host;
mod https;
mod intercepts;
mod lost_headers;
mod names;
mod probes;
mod retries;
mod servers;
mod shadowed;
mod siblings;
mod slashes;
mod spelling;
mod tiers;
mod timeouts;
mod trust;
mod unused;
mod verification;

use settings::{Place, Problem, Problems};

use super::{Config, file};

/// What is known about the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Machine {
    /// The memory that this process may use, in bytes, if that is known.
    pub memory: Option<u64>,
}

/// Every trap in a configuration: as it is written, and what it means.
pub fn all(written: &file::Config, config: &Config, machine: Machine) -> Vec<Problem> {
    let mut warnings = Problems::default();
    for find in FINDERS {
        find(written, &mut warnings);
    }
    captured::find(written, config, &mut warnings);
    conditions::find(written, config, &mut warnings);
    connections::find(written, machine, &mut warnings);
    warnings.into_vec()
}

/// Those that need nothing but what is written.
const FINDERS: [fn(&file::Config, &mut Problems); 22] = [
    access::find,
    acme::find,
    default_sites::find,
    files::find,
    forwarded::find,
    host::find,
    https::find,
    intercepts::find,
    lost_headers::find,
    names::find,
    probes::find,
    retries::find,
    servers::find,
    shadowed::find,
    siblings::find,
    slashes::find,
    spelling::find,
    tiers::find,
    timeouts::find,
    trust::find,
    unused::find,
    verification::find,
];

/// All sites with their places.
fn sites(config: &file::Config) -> impl Iterator<Item = (Place, &file::Site)> {
    let place = Place::root().key("site");
    let sites = config.site.iter().enumerate();
    sites.map(move |(index, site)| (place.index(index), site))
}

/// Routes next to one another, of the site or the route at `at`.
fn level<'c>(
    at: &Place,
    routes: &'c [file::Route],
) -> impl Iterator<Item = (Place, &'c file::Route)> + use<'c> {
    let place = at.key("route");
    let routes = routes.iter().enumerate();
    routes.map(move |(index, route)| (place.index(index), route))
}

/// Routes, and after each those inside of it: the order in which they are meant.
fn routes<'c>(at: &Place, routes: &'c [file::Route]) -> Vec<(Place, &'c file::Route)> {
    let with_inner = |(at, route): (Place, &'c file::Route)| {
        let inner = self::routes(&at, &route.route);
        std::iter::once((at, route)).chain(inner)
    };
    level(at, routes).flat_map(with_inner).collect()
}

/// All routes with their places.
fn all_routes(config: &file::Config) -> impl Iterator<Item = (Place, &file::Route)> {
    sites(config).flat_map(|(at, site)| routes(&at, &site.route))
}

/// The lists of routes that are next to one another, with the places of what they are in.
fn levels(config: &file::Config) -> Vec<(Place, &[file::Route])> {
    let of_sites = sites(config).map(|(at, site)| (at, &*site.route));
    let of_routes = all_routes(config).map(|(at, route)| (at, &*route.route));
    of_sites.chain(of_routes).collect()
}

/// All upstreams with their places.
fn upstreams(config: &file::Config) -> impl Iterator<Item = (Place, &str, &file::Upstream)> {
    let place = Place::root().key("upstream");
    let upstreams = config.upstream.iter();
    upstreams.map(move |(name, upstream)| (place.key(name), name.as_str(), upstream))
}

/// The prefix that a route takes, if it is one.
fn prefix(path: &file::RoutePath) -> Option<&str> {
    match path {
        file::RoutePath::Prefix(name) if name.starts_with('@') => None,
        file::RoutePath::Prefix(prefix)
        | file::RoutePath::PrefixWith(file::PrefixPath { prefix, .. }) => Some(prefix),
        file::RoutePath::Exact(_) | file::RoutePath::Regex(_) => None,
    }
}

#[cfg(test)]
mod tests;
