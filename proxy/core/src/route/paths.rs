//! Finding a route of a site by path.

use std::collections::HashMap;

use super::prefixes::{Prefixed, Prefixes};
use crate::expression::Expression;

/// How a route's path is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathPattern {
    /// The path itself (nginx's `=`).
    Exact(String),
    /// Every path that starts so.
    Prefix(String),
    /// Every path that starts so, and no expression is tried after it (nginx's `^~`).
    PrefixBeforeRegex(String),
    /// Every path in which the expression is found, in the order of the file (nginx's `~`).
    Regex(Expression),
    /// No path: others send requests here by its name (nginx's `@name`), which is without the `@`.
    Named(String),
}

/// A route among the others of its site.
#[derive(Debug, Clone)]
pub struct Positioned {
    /// Which paths it takes.
    pub pattern: PathPattern,
    /// The route inside which it stands, by its index.
    pub parent: Option<usize>,
    /// Whether its path without the slash at its end is redirected (EDGE L2).
    pub slash: bool,
}

/// Which route a path belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// This one.
    Here(usize),
    /// This one, if it had a slash behind it (EDGE L2).
    Slash(usize),
}

/// Finds a route of a site by path.
#[derive(Debug, Clone, Default)]
pub struct Paths {
    exact: HashMap<Vec<u8>, Vec<usize>>,
    /// Prefixes of directories, without their slash.
    directories: HashMap<Vec<u8>, Vec<usize>>,
    prefixes: Prefixes,
    expressions: Vec<(Expression, usize)>,
    /// The routes inside of others.
    inner: HashMap<usize, Self>,
}

/// What was found among the routes of one level.
enum Level {
    /// Nothing at an outer level has a better claim.
    Last(Place),
    /// An expression at an outer level has.
    Prefix(usize),
    Nothing,
}

impl Paths {
    /// Indexes the routes of a site, in the order of the file.
    pub fn new(routes: &[Positioned]) -> Self {
        let mut inside: HashMap<Option<usize>, Vec<usize>> = HashMap::new();
        for (index, route) in routes.iter().enumerate() {
            inside.entry(route.parent).or_default().push(index);
        }
        Self::inside(None, routes, &inside)
    }

    /// The routes that stand inside of `parent`, which `inside` knows of each.
    fn inside(
        parent: Option<usize>,
        routes: &[Positioned],
        inside: &HashMap<Option<usize>, Vec<usize>>,
    ) -> Self {
        let mut paths = Self::default();
        let mut prefixes = Vec::new();
        for index in inside.get(&parent).into_iter().flatten().copied() {
            let Some(route) = routes.get(index) else {
                continue;
            };
            prefixes.extend(paths.add(index, route));
            if inside.contains_key(&Some(index)) {
                let inner = Self::inside(Some(index), routes, inside);
                paths.inner.insert(index, inner);
            }
        }
        paths.prefixes = Prefixes::new(prefixes);
        paths
    }

    /// Adds a route; if it is one of a prefix, that has to be put among the others.
    fn add<'r>(&mut self, index: usize, route: &'r Positioned) -> Option<(&'r str, Prefixed)> {
        let (prefix, last) = match &route.pattern {
            PathPattern::Exact(path) => {
                let path = path.clone().into_bytes();
                self.exact.entry(path).or_default().push(index);
                return None;
            }
            PathPattern::Regex(expression) => {
                self.expressions.push((expression.clone(), index));
                return None;
            }
            PathPattern::Named(_) => return None,
            PathPattern::Prefix(prefix) => (prefix, false),
            PathPattern::PrefixBeforeRegex(prefix) => (prefix, true),
        };
        if let Some(directory) = prefix.strip_suffix('/')
            && route.slash
            && !directory.is_empty()
        {
            let directory = directory.as_bytes().to_vec();
            self.directories.entry(directory).or_default().push(index);
        }
        Some((prefix, Prefixed { route: index, last }))
    }

    /// The route for a normalised path, of those that `takes` lets through: exact, else a directory
    /// that only lacks its slash, else the longest prefix if it says so, else the first expression,
    /// else the longest prefix. The routes inside of one are tried before it.
    pub fn find(&self, path: &[u8], takes: &impl Fn(usize) -> bool) -> Option<Place> {
        match self.level(path, takes) {
            Level::Last(place) => Some(place),
            Level::Prefix(index) => Some(Place::Here(index)),
            Level::Nothing => None,
        }
    }

    fn level(&self, path: &[u8], takes: &impl Fn(usize) -> bool) -> Level {
        let among = |routes: &HashMap<Vec<u8>, Vec<usize>>| {
            let routes = routes.get(path)?.iter().copied();
            routes.into_iter().find(|route| takes(*route))
        };
        if let Some(route) = among(&self.exact) {
            return Level::Last(Place::Here(route));
        }
        if let Some(route) = among(&self.directories) {
            return Level::Last(Place::Slash(route));
        }
        let mut found = Level::Nothing;
        if let Some(Prefixed { route, last }) = self.prefixes.find(path, takes) {
            found = match self.inside_of(route, path, takes) {
                Level::Nothing => Level::Prefix(route),
                Level::Last(place) => return Level::Last(place),
                inner @ Level::Prefix(_) => inner,
            };
            if last {
                return found;
            }
        }
        let mut expressions = self.expressions.iter();
        let expression =
            expressions.find(|(expression, route)| expression.is_match(path) && takes(*route));
        let Some((_, route)) = expression else {
            return found;
        };
        Level::Last(match self.inside_of(*route, path, takes) {
            Level::Nothing => Place::Here(*route),
            Level::Last(place) => place,
            Level::Prefix(inner) => Place::Here(inner),
        })
    }

    fn inside_of(&self, route: usize, path: &[u8], takes: &impl Fn(usize) -> bool) -> Level {
        let inner = self.inner.get(&route);
        inner.map_or(Level::Nothing, |inner| inner.level(path, takes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(pattern: PathPattern) -> Positioned {
        Positioned {
            pattern,
            parent: None,
            slash: false,
        }
    }

    fn regex(text: &str) -> PathPattern {
        PathPattern::Regex(Expression::new(text).unwrap())
    }

    fn prefix(text: &str) -> PathPattern {
        PathPattern::Prefix(text.into())
    }

    fn find(paths: &Paths, path: &str) -> Option<Place> {
        paths.find(path.as_bytes(), &|_| true)
    }

    #[test]
    fn l1_locations() {
        let paths = Paths::new(&[
            at(prefix("/")),
            at(prefix("/docs")),
            at(PathPattern::PrefixBeforeRegex("/static/".into())),
            at(regex(r"\.css$")),
            at(regex(r"(?i)\.CSS$")),
            at(PathPattern::Exact("/docs".into())),
            at(PathPattern::Named("css".into())),
        ]);
        for (path, route) in [
            ("/", 0),
            ("/a", 0),
            ("/docs", 5),
            ("/docs/x", 1),
            ("/docsx", 1),
            ("/docs/x.css", 3),
            ("/x.Css", 4),
            ("/static/x.css", 2),
        ] {
            assert_eq!(find(&paths, path), Some(Place::Here(route)), "{path}");
        }
        let paths = Paths::new(&[at(PathPattern::Exact("/a".into()))]);
        assert_eq!(find(&paths, "/b"), None);
    }

    #[test]
    fn l1_locations_inside_of_others() {
        let inside = |parent, pattern| Positioned {
            parent: Some(parent),
            ..at(pattern)
        };
        let paths = Paths::new(&[
            at(prefix("/")),
            inside(0, prefix("/app/")),
            inside(0, regex(r"\.html$")),
            at(regex(r"\.js$")),
            inside(3, prefix("/app/")),
            at(PathPattern::PrefixBeforeRegex("/static/".into())),
            inside(5, regex(r"\.css$")),
            inside(5, PathPattern::Exact("/static/x".into())),
        ]);
        for (path, route) in [
            ("/x", 0),
            ("/app/x", 1),
            // An expression inside wins over a prefix inside and over all outside.
            ("/app/x.html", 2),
            // A prefix inside does not win over an expression outside.
            ("/x.js", 3),
            ("/app/x.js", 4),
            ("/static/x.js", 5),
            ("/static/x.css", 6),
            ("/static/x", 7),
        ] {
            assert_eq!(find(&paths, path), Some(Place::Here(route)), "{path}");
        }
    }

    #[test]
    fn l2_a_directory_without_its_slash() {
        let slash = |pattern| Positioned {
            slash: true,
            ..at(pattern)
        };
        let paths = Paths::new(&[
            slash(prefix("/")),
            slash(prefix("/app/")),
            at(prefix("/files/")),
            slash(PathPattern::Exact("/app/x".into())),
            slash(prefix("/app/x/")),
        ]);
        for (path, place) in [
            ("/", Place::Here(0)),
            ("/app", Place::Slash(1)),
            ("/app/", Place::Here(1)),
            ("/appx", Place::Here(0)),
            ("/files", Place::Here(0)),
            ("/app/x", Place::Here(3)),
        ] {
            assert_eq!(find(&paths, path), Some(place), "{path}");
        }
    }

    #[test]
    fn a_route_that_does_not_take_the_request_is_as_if_it_were_not_there() {
        let paths = Paths::new(&[
            at(prefix("/")),
            at(prefix("/a")),
            at(prefix("/a")),
            at(regex("x")),
            at(PathPattern::Exact("/a".into())),
        ]);
        for (not, path, route) in [
            (vec![], "/ax", 3),
            (vec![3], "/ax", 1),
            (vec![3, 1], "/ax", 2),
            (vec![3, 1, 2], "/ax", 0),
            (vec![4], "/a", 1),
        ] {
            let found = paths.find(path.as_bytes(), &|route| !not.contains(&route));
            assert_eq!(found, Some(Place::Here(route)), "{path} without {not:?}");
        }
    }
}
