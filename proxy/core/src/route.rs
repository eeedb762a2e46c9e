//! Which site and route a request belongs to, by nginx's rules (EDGE L1, L3).

use std::collections::HashMap;

use regex::bytes::Regex;

/// How a route's path is written.
#[derive(Debug, Clone)]
pub enum PathPattern {
    /// The path itself (nginx's `=`).
    Exact(String),
    /// Every path that starts so.
    Prefix(String),
    /// Every path that starts so, and no expression is tried after it (nginx's `^~`).
    PrefixBeforeRegex(String),
    /// Every path in which the expression is found, in the order of the file (nginx's `~`).
    Regex(Regex),
}

/// Finds a site by host name.
#[derive(Debug, Clone, Default)]
pub struct Hosts {
    exact: HashMap<String, usize>,
    /// Suffixes with their leading dot, longest first.
    wildcards: Vec<(String, usize)>,
    default: usize,
}

impl Hosts {
    /// Indexes sites by their names: `example.com`, `*.example.com`, or `_` for the one that takes
    /// what no other does. Without a `_` that is the first, as nginx's first server.
    pub fn new<'a>(sites: impl IntoIterator<Item = &'a [String]>) -> Self {
        let mut hosts = Self::default();
        let mut default = None;
        for (site, names) in sites.into_iter().enumerate() {
            for name in names {
                if name == "_" {
                    default.get_or_insert(site);
                } else if let Some(suffix) = name.strip_prefix('*') {
                    hosts.wildcards.push((suffix.to_ascii_lowercase(), site));
                } else {
                    hosts.exact.entry(name.to_ascii_lowercase()).or_insert(site);
                }
            }
            if names.is_empty() {
                default.get_or_insert(site);
            }
        }
        hosts
            .wildcards
            .sort_by_key(|(suffix, _)| std::cmp::Reverse(suffix.len()));
        hosts.default = default.unwrap_or_default();
        hosts
    }

    /// The site for a host name without port, in any case, with or without a final dot.
    pub fn find(&self, host: &str) -> usize {
        let host = host.strip_suffix('.').unwrap_or(host);
        if self.exact.is_empty() && self.wildcards.is_empty() {
            return self.default;
        }
        let found = if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
            self.find_lower_case(&host.to_ascii_lowercase())
        } else {
            self.find_lower_case(host)
        };
        found.unwrap_or(self.default)
    }

    fn find_lower_case(&self, host: &str) -> Option<usize> {
        self.exact.get(host).copied().or_else(|| {
            let wildcard = |(suffix, _): &&(String, usize)| {
                host.len() > suffix.len() && host.ends_with(suffix.as_str())
            };
            self.wildcards.iter().find(wildcard).map(|(_, site)| *site)
        })
    }
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
    exact: HashMap<Vec<u8>, usize>,
    /// Prefixes of directories, without their slash.
    directories: HashMap<Vec<u8>, usize>,
    /// Longest first, so that the first match is the longest.
    prefixes: Vec<(String, usize, bool)>,
    expressions: Vec<(Regex, usize)>,
}

impl Paths {
    /// Indexes the routes of a site, in the order of the file; with each it is said whether its path
    /// without the slash at its end is to be redirected.
    pub fn new(patterns: impl IntoIterator<Item = (PathPattern, bool)>) -> Self {
        let mut paths = Self::default();
        for (route, (pattern, slash)) in patterns.into_iter().enumerate() {
            if let (PathPattern::Prefix(path) | PathPattern::PrefixBeforeRegex(path), true) =
                (&pattern, slash)
                && let Some(directory) = path.strip_suffix('/')
                && !directory.is_empty()
            {
                let directory = directory.as_bytes().to_vec();
                paths.directories.entry(directory).or_insert(route);
            }
            match pattern {
                PathPattern::Exact(path) => {
                    paths.exact.entry(path.into_bytes()).or_insert(route);
                }
                PathPattern::Prefix(prefix) => paths.prefixes.push((prefix, route, false)),
                PathPattern::PrefixBeforeRegex(prefix) => {
                    paths.prefixes.push((prefix, route, true));
                }
                PathPattern::Regex(expression) => paths.expressions.push((expression, route)),
            }
        }
        // Stable: of two equal prefixes the first in the file wins.
        paths
            .prefixes
            .sort_by_key(|(prefix, ..)| std::cmp::Reverse(prefix.len()));
        paths
    }

    /// The route for a normalised path: exact, else a directory that only lacks its slash, else the
    /// longest prefix if it says so, else the first expression, else the longest prefix.
    pub fn find(&self, path: &[u8]) -> Option<Place> {
        if let Some(route) = self.exact.get(path) {
            return Some(Place::Here(*route));
        }
        if let Some(route) = self.directories.get(path) {
            return Some(Place::Slash(*route));
        }
        self.find_within(path).map(Place::Here)
    }

    fn find_within(&self, path: &[u8]) -> Option<usize> {
        let prefix = self
            .prefixes
            .iter()
            .find(|(prefix, ..)| path.starts_with(prefix.as_bytes()));
        if let Some((_, route, true)) = prefix {
            return Some(*route);
        }
        let expression = self
            .expressions
            .iter()
            .find(|(regex, _)| regex.is_match(path));
        expression
            .map(|(_, route)| *route)
            .or_else(|| prefix.map(|(_, route, _)| *route))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l1_locations() {
        let patterns = [
            PathPattern::Prefix("/".into()),
            PathPattern::Prefix("/docs".into()),
            PathPattern::PrefixBeforeRegex("/static/".into()),
            PathPattern::Regex(Regex::new(r"\.css$").unwrap()),
            PathPattern::Regex(Regex::new(r"(?i)\.CSS$").unwrap()),
            PathPattern::Exact("/docs".into()),
        ];
        let paths = Paths::new(patterns.map(|pattern| (pattern, false)));
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
            assert_eq!(
                paths.find(path.as_bytes()),
                Some(Place::Here(route)),
                "{path}"
            );
        }
        assert_eq!(
            Paths::new([(PathPattern::Exact("/a".into()), true)]).find(b"/b"),
            None
        );
    }

    #[test]
    fn l2_a_directory_without_its_slash() {
        let paths = Paths::new([
            (PathPattern::Prefix("/".into()), true),
            (PathPattern::Prefix("/app/".into()), true),
            (PathPattern::Prefix("/files/".into()), false),
            (PathPattern::Exact("/app/x".into()), true),
            (PathPattern::Prefix("/app/x/".into()), true),
        ]);
        for (path, place) in [
            ("/", Place::Here(0)),
            ("/app", Place::Slash(1)),
            ("/app/", Place::Here(1)),
            ("/appx", Place::Here(0)),
            ("/files", Place::Here(0)),
            ("/app/x", Place::Here(3)),
        ] {
            assert_eq!(paths.find(path.as_bytes()), Some(place), "{path}");
        }
    }

    #[test]
    fn l3_server_names() {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let sites = [
            names(&["a.com", "*.a.com"]),
            names(&["*.b.a.com"]),
            names(&["_"]),
            names(&["x.a.com"]),
        ];
        let hosts = Hosts::new(sites.iter().map(Vec::as_slice));
        for (host, site) in [
            ("a.com", 0),
            ("A.Com", 0),
            ("a.com.", 0),
            ("y.a.com", 0),
            ("x.a.com", 3),
            ("y.b.a.com", 1),
            ("nowhere", 2),
            ("", 2),
        ] {
            assert_eq!(hosts.find(host), site, "{host}");
        }
        let first = [names(&["a.com"]), names(&["b.com"])];
        assert_eq!(Hosts::new(first.iter().map(Vec::as_slice)).find("c.com"), 0);
    }
}
