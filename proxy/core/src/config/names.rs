//! What the parts of a site may name.

use std::collections::BTreeMap;

use settings::{Place, Problem, Problems, closest};

use super::file;
use crate::expression::Expression;
use crate::template::Scope;

/// What the parts of a site may name.
#[derive(Clone)]
pub(super) struct Names<'a> {
    pub(super) upstreams: &'a BTreeMap<String, file::Upstream>,
    pub(super) rate_limits: &'a BTreeMap<String, file::RateLimit>,
    /// Variables.
    pub(super) scope: Scope,
    /// The names of the site's routes, without their `@`.
    routes: Vec<&'a str>,
}

impl<'a> Names<'a> {
    /// What all sites may name.
    pub(super) fn new(file: &'a file::Config, scope: Scope) -> Self {
        Self {
            upstreams: &file.upstream,
            rate_limits: &file.rate_limit,
            scope,
            routes: Vec::new(),
        }
    }

    /// What the parts of this site may name; `hosts` are the expressions among its names.
    pub(super) fn of_site<'e>(
        &self,
        site: &'a file::Site,
        hosts: impl IntoIterator<Item = &'e Expression>,
    ) -> Self {
        let hosts = hosts.into_iter();
        Self {
            upstreams: self.upstreams,
            rate_limits: self.rate_limits,
            scope: hosts.fold(self.scope.clone(), |scope, host| scope.with_host(host)),
            routes: names(&site.route).collect(),
        }
    }

    /// What the parts of a route with this expression may name.
    pub(super) fn with_path(&self, expression: &Expression) -> Self {
        Self {
            scope: self.scope.with_path(expression),
            ..self.clone()
        }
    }

    /// The index of an upstream.
    pub(super) fn upstream(
        &self,
        name: &str,
        at: &Place,
        problems: &mut Problems,
    ) -> Option<usize> {
        let found = self.upstreams.keys().position(|known| known == name);
        if found.is_none() {
            let help = match closest(name, self.upstreams.keys().map(String::as_str)) {
                Some(known) => format!("did you mean \"{known}\"?"),
                None => format!("add [upstream.{name}]"),
            };
            let problem = Problem::new(at, format!("there is no upstream `{name}`")).help(help);
            problems.note(problem.rests_on(Place::root().key("upstream").key(name)));
        }
        found
    }

    /// Whether there is a route of this name.
    pub(super) fn check_route(&self, name: &str, at: &Place, problems: &mut Problems) {
        if self.routes.contains(&name) {
            return;
        }
        let message = format!("the site has no route \"@{name}\"");
        let help = match closest(name, self.routes.iter().copied()) {
            Some(known) => format!("did you mean \"@{known}\"?"),
            None => format!("add a [[site.route]] with path = \"@{name}\""),
        };
        // The site that it is said in.
        let site: Place = at.steps().iter().take(2).cloned().collect();
        problems.note(
            Problem::new(at, message)
                .help(help)
                .rests_on(site.key("route")),
        );
    }
}

fn names(routes: &[file::Route]) -> impl Iterator<Item = &str> {
    routes.iter().filter_map(|route| match &route.path {
        file::RoutePath::Prefix(path) => path.strip_prefix('@'),
        file::RoutePath::Exact(_) | file::RoutePath::Regex(_) | file::RoutePath::PrefixWith(_) => {
            None
        }
    })
}
