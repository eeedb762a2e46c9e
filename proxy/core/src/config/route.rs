//! Routes, from written to meant.

use std::collections::HashMap;

use settings::{Place, Problem, Problems};

use super::names::Names;
use super::{Action, Route, Terms, file, files, path, proxy, respond, rewrite};
use crate::route::PathPattern;

/// The routes of a site, those inside of others after them.
#[derive(Default)]
pub(super) struct Routes {
    meant: Vec<Route>,
    /// Those for the same paths inside of the same route, in the order of the file.
    alike: HashMap<(Option<usize>, path::Same), Vec<usize>>,
}

/// What a route is inside of.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    /// What holds there.
    pub(super) terms: &'a Terms,
    /// The route that it is, by its index.
    parent: Option<usize>,
}

impl<'a> Around<'a> {
    /// A site.
    pub(super) fn site(terms: &'a Terms) -> Self {
        Self {
            terms,
            parent: None,
        }
    }
}

impl Routes {
    /// All of them.
    pub(super) fn into_vec(self) -> Vec<Route> {
        self.meant
    }

    /// Adds a route and those inside of it.
    pub(super) fn add(
        &mut self,
        written: &file::Route,
        around: Around<'_>,
        names: &Names<'_>,
        at: &Place,
        problems: &mut Problems,
    ) {
        let Some((label, pattern)) = path::pattern(&written.path, &at.key("path"), problems) else {
            return;
        };
        let names = match &pattern {
            PathPattern::Regex(expression) => &names.with_path(expression),
            PathPattern::Exact(_)
            | PathPattern::Prefix(_)
            | PathPattern::PrefixBeforeRegex(_)
            | PathPattern::Named(_) => names,
        };
        let parent = around.parent.and_then(|parent| self.meant.get(parent));
        if let Some(parent) = parent {
            path::check_inside(&pattern, &parent.pattern, &at.key("path"), problems);
        }
        let own = action(written, &pattern, names, at, problems);
        let inherited = parent.map(|parent| parent.action.clone());
        let action = match (own, inherited) {
            (Ok(own), _) => own,
            (Err(Wrong), _) => return,
            (Err(Missing), Some(inherited)) => inherited,
            (Err(Missing), None) => {
                problems.push_with_help(
                    at,
                    "the route does not say what to do with its requests",
                    "proxy = { to = \"...\" }, files = { root = \"...\" }, redirect = \"...\", \
                     respond = { status = ... } or status_page = true",
                );
                return;
            }
        };
        let terms = around.terms.within(written, names, at, problems);
        let rules = rewrite::rules(&written.rewrite, &names.scope, &at.key("rewrite"), problems);
        let route = Route {
            label,
            pattern,
            parent: around.parent,
            when: path::when(&written.when, &at.key("when"), problems),
            internal: written.internal,
            rewrites: rules,
            terms: terms.clone(),
            action,
        };
        self.check_reached(&route, &at.key("path"), problems);
        let index = self.meant.len();
        self.meant.push(route);
        let around = Around {
            terms: &terms,
            parent: Some(index),
        };
        for (index, inner) in written.route.iter().enumerate() {
            self.add(
                inner,
                around,
                names,
                &at.key("route").index(index),
                problems,
            );
        }
    }

    /// A route that another takes everything from. It is the next one to be added.
    fn check_reached(&mut self, route: &Route, at: &Place, problems: &mut Problems) {
        let same = (route.parent, path::Same::from(&route.pattern));
        let alike = self.alike.entry(same).or_default();
        let mut before = alike.iter().filter_map(|index| self.meant.get(*index));
        let takes_all = |other: &&Route| other.when.is_none() || other.when == route.when;
        let found = before.find(takes_all);
        alike.push(self.meant.len());
        let Some(other) = found else {
            return;
        };
        let message = format!("`{}` is already a route", route.label);
        if other.when == route.when {
            // The route itself: its place ends with `path`.
            let steps = at.steps().split_last().map(|(_, route)| route);
            let own: Place = steps.into_iter().flatten().cloned().collect();
            problems.note(Problem::new(at, message).rests_on(own.key("when")));
        } else {
            let help = "the one that asks for more (`when`) comes first";
            problems.push_with_help(at, message, help);
        }
    }
}

/// Why a route has no action of its own.
enum NoAction {
    /// It says none.
    Missing,
    /// What it says is wrong.
    Wrong,
}

use NoAction::{Missing, Wrong};

/// The one thing that a route does.
fn action(
    written: &file::Route,
    pattern: &PathPattern,
    names: &Names<'_>,
    at: &Place,
    problems: &mut Problems,
) -> Result<Action, NoAction> {
    let scope = &names.scope;
    let proxy = written.proxy.as_ref().map(|proxy| {
        let meant = proxy::meant(proxy, pattern, names, &at.key("proxy"), problems);
        ("proxy", meant.map(Action::Proxy))
    });
    let redirect = written.redirect.as_ref().map(|redirect| {
        let meant = respond::redirect(redirect, scope, &at.key("redirect"), problems);
        ("redirect", meant.map(Action::Respond))
    });
    let respond = written.respond.as_ref().map(|respond| {
        let meant = respond::respond(respond, scope, &at.key("respond"), problems);
        ("respond", meant.map(Action::Respond))
    });
    let files = written.files.as_ref().map(|files| {
        let meant = files::meant(files, pattern, names, &at.key("files"), problems);
        ("files", meant.map(Action::Files))
    });
    let status = written
        .status_page
        .then_some(("status_page", Some(Action::Status)));
    let mut actions = [proxy, redirect, respond, files, status]
        .into_iter()
        .flatten();
    let (first, action) = actions.next().ok_or(Missing)?;
    for (other, _) in actions {
        problems.push(
            &at.key(other),
            format!("the route already has `{first}`, and does one thing only"),
        );
    }
    action.ok_or(Wrong)
}
