//! The sites of a configuration and their routes, made ready to be found.

use std::collections::HashMap;

use super::{Hosts, PathPattern, Paths, Place, SiteFound, When};
use crate::address::Address;
use crate::config;
use crate::expression::Captures;
use crate::http::RequestHead;

/// Finds sites and routes, by their indices in the configuration.
#[derive(Debug, Clone)]
pub struct Router {
    /// The sites that requests by any listener reach; those of listeners that some site names.
    hosts: (Hosts, Vec<(Address, Hosts)>),
    sites: Vec<Site>,
}

#[derive(Debug, Clone)]
struct Site {
    paths: Paths,
    routes: Vec<(PathPattern, Option<When>)>,
    named: HashMap<String, usize>,
}

/// The route of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Its index among those of its site.
    pub route: usize,
    /// Whether it takes the path with a slash behind it only (EDGE L2).
    pub slash: bool,
}

impl Router {
    /// Indexes the sites.
    pub fn new(sites: &[config::Site]) -> Self {
        let of = |listener: Option<&Address>| {
            let reached = sites.iter().enumerate().filter(|(_, site)| {
                site.listen.is_empty()
                    || listener.is_some_and(|listener| site.listen.contains(listener))
            });
            Hosts::new(reached.map(|(index, site)| (index, site.names.as_slice())))
        };
        let mut named: Vec<&Address> = sites.iter().flat_map(|site| &site.listen).collect();
        named.sort_unstable();
        named.dedup();
        let named = named.into_iter();
        Self {
            hosts: (
                of(None),
                named
                    .map(|listener| (listener.clone(), of(Some(listener))))
                    .collect(),
            ),
            sites: sites.iter().map(Site::new).collect(),
        }
    }

    /// The site for a host name at a listener (EDGE L3).
    pub fn site(&self, listener: &Address, host: &str) -> SiteFound {
        let (everywhere, by_listener) = &self.hosts;
        let hosts = by_listener.iter().find(|(address, _)| address == listener);
        hosts.map_or(everywhere, |(_, hosts)| hosts).find(host)
    }

    /// The route of a site for a request with this normalised path.
    pub fn route(&self, site: usize, path: &[u8], head: &RequestHead<'_>) -> Option<Found> {
        let site = self.sites.get(site)?;
        let takes = |route: usize| match site.routes.get(route) {
            Some((_, Some(when))) => when.holds(head),
            Some((_, None)) | None => true,
        };
        let (route, slash) = match site.paths.find(path, &takes)? {
            Place::Here(route) => (route, false),
            Place::Slash(route) => (route, true),
        };
        Some(Found { route, slash })
    }

    /// The route of a site that others send requests to by this name.
    pub fn named(&self, site: usize, name: &str) -> Option<usize> {
        self.sites.get(site)?.named.get(name).copied()
    }

    /// What the groups of a route's expression find in a path, if it has one.
    pub fn groups(&self, site: usize, route: usize, path: &[u8]) -> Option<Captures> {
        match self.sites.get(site)?.routes.get(route)? {
            (PathPattern::Regex(expression), _) => expression.captures(path),
            (
                PathPattern::Exact(_)
                | PathPattern::Prefix(_)
                | PathPattern::PrefixBeforeRegex(_)
                | PathPattern::Named(_),
                _,
            ) => None,
        }
    }
}

impl Site {
    fn new(site: &config::Site) -> Self {
        let positioned: Vec<_> = site.routes.iter().map(config::Route::positioned).collect();
        let routes = site.routes.iter();
        let named = routes.clone().enumerate().filter_map(|(index, route)| {
            let PathPattern::Named(name) = &route.pattern else {
                return None;
            };
            Some((name.clone(), index))
        });
        Self {
            paths: Paths::new(&positioned),
            named: named.collect(),
            routes: routes
                .map(|route| (route.pattern.clone(), route.when.clone()))
                .collect(),
        }
    }
}
