//! Finding a site by host name.

use std::collections::HashMap;

use crate::expression::{Captures, Expression};

/// A name of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostPattern {
    /// This host.
    Exact(String),
    /// Every host below a domain (nginx's `*.example.com`); the text begins with the dot.
    Below(String),
    /// Every host of which this is the beginning (nginx's `www.example.*`); the text ends with the
    /// dot.
    Begins(String),
    /// Every host in which the expression is found (nginx's `~`), in the order of the file.
    Regex(Expression),
    /// What no other site takes.
    Other,
}

/// Finds a site by host name.
#[derive(Debug, Clone, Default)]
pub struct Hosts {
    exact: HashMap<String, usize>,
    /// By the end of the host, which begins with a dot.
    below: Wildcards,
    /// By the beginning of the host, which ends with a dot.
    begins: Wildcards,
    expressions: Vec<(Expression, usize)>,
    default: usize,
}

/// The site for a host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SiteFound {
    /// Its index.
    pub site: usize,
    /// What the groups of the expression found that is its name, if it is one.
    pub groups: Option<Captures>,
}

impl Hosts {
    /// Indexes sites by their names. A site without a name takes what no other does, as one that
    /// says so; if there is none it is the first, as nginx's first server.
    pub fn new<'a>(sites: impl IntoIterator<Item = (usize, &'a [HostPattern])>) -> Self {
        let mut hosts = Self::default();
        let mut default = None;
        let mut first = None;
        for (site, names) in sites {
            first.get_or_insert(site);
            for name in names {
                match name {
                    HostPattern::Exact(name) => {
                        hosts.exact.entry(name.to_ascii_lowercase()).or_insert(site);
                    }
                    HostPattern::Below(name) => {
                        hosts.below.add(name, site);
                    }
                    HostPattern::Begins(name) => {
                        hosts.begins.add(name, site);
                    }
                    HostPattern::Regex(expression) => {
                        hosts.expressions.push((expression.clone(), site));
                    }
                    HostPattern::Other => {
                        default.get_or_insert(site);
                    }
                }
            }
            if names.is_empty() {
                default.get_or_insert(site);
            }
        }
        hosts.default = default.or(first).unwrap_or_default();
        hosts
    }

    /// The site for a host name without port, in any case, with or without a final dot.
    pub fn find(&self, host: &str) -> SiteFound {
        let host = host.strip_suffix('.').unwrap_or(host);
        if self.has_one_answer() {
            return SiteFound::of(self.default);
        }
        if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
            self.find_lower_case(&host.to_ascii_lowercase())
        } else {
            self.find_lower_case(host)
        }
    }

    fn has_one_answer(&self) -> bool {
        self.exact.is_empty()
            && self.below.is_empty()
            && self.begins.is_empty()
            && self.expressions.is_empty()
    }

    fn find_lower_case(&self, host: &str) -> SiteFound {
        if let Some(site) = self.exact.get(host) {
            return SiteFound::of(*site);
        }
        if let Some(site) = self.below(host).or_else(|| self.begins(host)) {
            return SiteFound::of(site);
        }
        let mut expressions = self.expressions.iter();
        let found = expressions.find_map(|(expression, site)| {
            Some(SiteFound {
                site: *site,
                groups: Some(expression.captures(host.as_bytes())?),
            })
        });
        found.unwrap_or_else(|| SiteFound::of(self.default))
    }

    /// The site for the longest domain that the host is below.
    fn below(&self, host: &str) -> Option<usize> {
        let parts = |at| host.get(at..).filter(|_| at > 0);
        let dots = host.match_indices('.').map(|(at, _)| at);
        self.below.first(dots.filter_map(parts))
    }

    /// The site for the longest beginning that the host has, and is not.
    fn begins(&self, host: &str) -> Option<usize> {
        let parts = |at| host.get(..=at).filter(|part| part.len() < host.len());
        let dots = host.rmatch_indices('.').map(|(at, _)| at);
        self.begins.first(dots.filter_map(parts))
    }
}

/// Sites by parts of hosts.
#[derive(Debug, Clone, Default)]
struct Wildcards {
    sites: HashMap<String, usize>,
    /// The length of the longest part.
    longest: usize,
}

impl Wildcards {
    /// Of two sites with the same part the first one counts.
    fn add(&mut self, part: &str, site: usize) {
        self.longest = self.longest.max(part.len());
        self.sites.entry(part.to_ascii_lowercase()).or_insert(site);
    }

    fn is_empty(&self) -> bool {
        self.sites.is_empty()
    }

    /// The site for the first of `parts` that has one. A client may send a host of thousands of dots, so
    /// what is too long to be found is not looked for.
    fn first<'h>(&self, mut parts: impl Iterator<Item = &'h str>) -> Option<usize> {
        if self.is_empty() {
            return None;
        }
        parts.find_map(|part| {
            let is_short = part.len() <= self.longest;
            let site = is_short.then(|| self.sites.get(part));
            site.flatten().copied()
        })
    }
}

impl SiteFound {
    fn of(site: usize) -> Self {
        Self { site, groups: None }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{HostPattern, Hosts};
    use crate::expression::Expression;

    fn exact(name: &str) -> HostPattern {
        HostPattern::Exact(name.into())
    }

    #[test]
    fn l3_server_names() {
        let expression = |text| HostPattern::Regex(Expression::new(text).unwrap());
        let sites = [
            vec![exact("a.com"), HostPattern::Below(".a.com".into())],
            vec![HostPattern::Below(".b.a.com".into())],
            vec![HostPattern::Other],
            vec![exact("x.a.com")],
            vec![HostPattern::Begins("x.".into())],
            vec![expression(r"^(?<user>[a-z]+)\.home$")],
            vec![expression("home")],
        ];
        let hosts = Hosts::new(sites.iter().map(Vec::as_slice).enumerate());
        for (host, site) in [
            ("a.com", 0),
            ("A.Com", 0),
            ("a.com.", 0),
            ("y.a.com", 0),
            ("x.a.com", 3),
            ("x.c.com", 4),
            ("y.b.a.com", 1),
            ("x.b.a.com", 1),
            ("me.home", 5),
            ("1.home", 6),
            ("nowhere", 2),
            ("x.", 2),
            ("", 2),
        ] {
            assert_eq!(hosts.find(host).site, site, "{host}");
        }
        let groups = hosts.find("Me.home").groups.unwrap();
        assert_eq!(groups.get(1), Some(&b"me"[..]));
    }

    #[test]
    fn without_a_default_the_first_takes_the_rest() {
        let first = [vec![exact("a.com")], vec![exact("b.com")]];
        let hosts = Hosts::new((4..).zip(first.iter().map(Vec::as_slice)));
        assert_eq!(hosts.find("c.com").site, 4);
    }

    /// The site whose wildcard is the longest, at the end of the host before at the beginning.
    fn found_by_looking_at_all(parts: &[(String, bool)], host: &str) -> Option<usize> {
        let longest = |at_end: bool| {
            let fits = |part: &str| {
                host.len() > part.len() + 1
                    && if at_end {
                        host.ends_with(&format!(".{part}"))
                    } else {
                        host.starts_with(&format!("{part}."))
                    }
            };
            let sites = parts.iter().enumerate();
            let fitting = sites.filter(|(_, (part, below))| *below == at_end && fits(part));
            // Of equal ones the first: the last of those that are turned round.
            let best = fitting.rev().max_by_key(|(_, (part, _))| part.len());
            best.map(|(site, _)| site)
        };
        longest(true).or_else(|| longest(false))
    }

    proptest! {
        #[test]
        fn the_longest_wildcard_is_found(
            parts in prop::collection::vec(("[ab]{1,2}([.][ab]{1,2}){0,2}", any::<bool>()), 0..30),
            hosts in prop::collection::vec("[.]?[ab]{0,2}([.]{1,2}[ab]{1,2}){0,4}", 20),
        ) {
            let wildcard = |(part, below): &(String, bool)| match below {
                true => HostPattern::Below(format!(".{part}")),
                false => HostPattern::Begins(format!("{part}.")),
            };
            let wildcards: Vec<_> = parts.iter().map(wildcard).collect();
            let named = wildcards.chunks(1).enumerate();
            let other = [HostPattern::Other];
            let sites = Hosts::new(named.chain([(wildcards.len(), &other[..])]));
            for host in &hosts {
                // A final dot is none of the name.
                let asked = host.strip_suffix('.').unwrap_or(host);
                let expected = found_by_looking_at_all(&parts, asked);
                let expected = expected.unwrap_or(wildcards.len());
                prop_assert_eq!(sites.find(host).site, expected, "{}", host);
            }
        }
    }
}
