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
    /// Longest first.
    below: Vec<(String, usize)>,
    /// Longest first.
    begins: Vec<(String, usize)>,
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
                        hosts.below.push((name.to_ascii_lowercase(), site));
                    }
                    HostPattern::Begins(name) => {
                        hosts.begins.push((name.to_ascii_lowercase(), site));
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
        for wildcards in [&mut hosts.below, &mut hosts.begins] {
            wildcards.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
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
        let below = |(end, _): &&(String, usize)| host.len() > end.len() && host.ends_with(end);
        let begins = |(start, _): &&(String, usize)| {
            host.len() > start.len() && host.starts_with(start.as_str())
        };
        let wildcard = self.below.iter().find(below);
        if let Some((_, site)) = wildcard.or_else(|| self.begins.iter().find(begins)) {
            return SiteFound::of(*site);
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
}

impl SiteFound {
    fn of(site: usize) -> Self {
        Self { site, groups: None }
    }
}

#[cfg(test)]
mod tests {
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
}
