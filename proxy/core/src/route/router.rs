//! The sites of a configuration and their routes, made ready to be found.

use std::collections::HashMap;

use super::{Hosts, PathPattern, Paths, Place, Rewrite, Rewritten, SiteFound, When};
use crate::address::Address;
use crate::config;
use crate::expression::Captures;
use crate::http::RequestHead;
use crate::template::Template;

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
    rewrites: Vec<Rewrite>,
    routes: Vec<Route>,
    named: HashMap<String, usize>,
}

#[derive(Debug, Clone)]
struct Route {
    pattern: PathPattern,
    when: Option<When>,
    internal: bool,
    rewrites: Vec<Rewrite>,
}

/// A request that looks for a route.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a, 'h> {
    /// Its head.
    pub head: &'a RequestHead<'h>,
    /// Its normalised path.
    pub path: &'a [u8],
    /// Whether it has come to where it is on its way through the edge.
    pub inside: bool,
    /// The route that it was sent to, whatever its path.
    pub route: Option<usize>,
    /// Whether the rules for new paths have been asked that come before that.
    pub rewritten: bool,
}

/// What is to be done with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// No route takes it.
    None,
    /// It has got another path, by a rule of the site or of this route.
    Rewritten(Rewritten, Option<usize>),
    /// This route takes the path with a slash behind it only (EDGE L2).
    Slash(usize),
    /// What this route says.
    Route(usize),
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

    /// What is to be done with a request for a site: the rules of the site come first, then a route is
    /// chosen by path, then its rules. `render` writes out a text of a rule, of the site or of this
    /// route, with what its groups found.
    pub fn choose(
        &self,
        site: usize,
        asked: &Asked<'_, '_>,
        mut render: impl FnMut(Option<usize>, &Template, &Captures) -> Vec<u8>,
    ) -> Choice {
        let Some(site) = self.sites.get(site) else {
            return Choice::None;
        };
        let query = asked.head.target.split_once('?').map(|(_, query)| query);
        let mut rewrite = |rules: &[Rewrite], route| {
            Rewrite::first(rules, (asked.path, query), |text, groups| {
                render(route, text, groups)
            })
        };
        if asked.route.is_none()
            && !asked.rewritten
            && let Some(rewritten) = rewrite(&site.rewrites, None)
        {
            return Choice::Rewritten(rewritten, None);
        }
        let place = match asked.route {
            Some(route) => Some(Place::Here(route)),
            None => site
                .paths
                .find(asked.path, &|route| site.takes(route, asked.head)),
        };
        let Some(place) = place else {
            return Choice::None;
        };
        let (Place::Here(index) | Place::Slash(index)) = place;
        let route = site.routes.get(index);
        let Some(route) = route.filter(|route| asked.inside || !route.internal) else {
            return Choice::None;
        };
        if (asked.route.is_none() || !asked.rewritten)
            && let Some(rewritten) = rewrite(&route.rewrites, Some(index))
        {
            return Choice::Rewritten(rewritten, Some(index));
        }
        match place {
            Place::Here(route) => Choice::Route(route),
            Place::Slash(route) => Choice::Slash(route),
        }
    }

    /// The route of a site that others send requests to by this name.
    pub fn named(&self, site: usize, name: &str) -> Option<usize> {
        self.sites.get(site)?.named.get(name).copied()
    }

    /// What the groups of a route's expression find in a path, if it has one.
    pub fn groups(&self, site: usize, route: usize, path: &[u8]) -> Option<Captures> {
        match &self.sites.get(site)?.routes.get(route)?.pattern {
            PathPattern::Regex(expression) => expression.captures(path),
            PathPattern::Exact(_)
            | PathPattern::Prefix(_)
            | PathPattern::PrefixBeforeRegex(_)
            | PathPattern::Named(_) => None,
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
            rewrites: site.rewrites.clone(),
            routes: routes.map(Route::new).collect(),
        }
    }

    fn takes(&self, route: usize, head: &RequestHead<'_>) -> bool {
        let when = self.routes.get(route).and_then(|route| route.when.as_ref());
        when.is_none_or(|when| when.holds(head))
    }
}

impl Route {
    fn new(route: &config::Route) -> Self {
        Self {
            pattern: route.pattern.clone(),
            when: route.when.clone(),
            internal: route.internal,
            rewrites: route.rewrites.clone(),
        }
    }
}
