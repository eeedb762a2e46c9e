//! `proxy_pass`, `grpc_pass`: where requests go.

use std::collections::BTreeMap;

use super::Import;
use crate::level::Level;
use crate::syntax::Directive;
use crate::text::Variables;

/// Where requests go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) tls: bool,
    pub(super) grpc: bool,
    /// A group, or an address with or without a port; `unix:` and a path.
    pub(super) host: String,
    /// What follows it, with `$variables`.
    pub(super) uri: String,
    /// Whether nginx finds the server out for each request, and then takes the URI as it is.
    pub(super) varies: bool,
    /// The map that chooses the host.
    pub(super) map: Option<String>,
}

impl Target {
    /// nginx's `$proxy_host`: the host as it is named, without the usual port.
    pub(super) fn proxy_host(&self) -> String {
        if self.host.starts_with("unix:") {
            return "localhost".to_owned();
        }
        let usual = if self.tls { ":443" } else { ":80" };
        self.host
            .strip_suffix(usual)
            .unwrap_or(&self.host)
            .to_owned()
    }

    /// The address with its port.
    pub(super) fn address(&self) -> String {
        let has_port = self.host.starts_with("unix:")
            || self
                .host
                .rsplit_once(':')
                .is_some_and(|(_, port)| port.ends_with('}') || port.parse::<u16>().is_ok());
        if has_port {
            return self.host.clone();
        }
        format!("{}:{}", self.host, if self.tls { 443 } else { 80 })
    }
}

impl<'d> Import<'d> {
    /// What a `proxy_pass` names.
    pub(super) fn target(&self, pass: &'d Directive, variables: &Variables) -> Option<Target> {
        let written = pass.first();
        let url = variables.expanded(written, 8);
        let varies = is_variable(written);
        let target = self.parse(&url, pass, varies)?;
        match target.host.strip_prefix('$') {
            None if !is_variable(&target.host) => Some(target),
            Some(name) if self.maps.contains_key(name) => Some(Target {
                map: Some(name.to_owned()),
                ..target
            }),
            _ => {
                let message =
                    "a server that only the request names is not asked; the route answers 501";
                let help = "name the servers in [upstream.NAME], and choose among them by a map: proxy.to = \"$map\"";
                self.notes.lost(pass, message, help);
                None
            }
        }
    }

    fn parse(&self, url: &str, pass: &Directive, varies: bool) -> Option<Target> {
        let (scheme, rest) = match url.split_once("://") {
            Some((scheme, rest)) => (scheme, rest),
            None if pass.name == "grpc_pass" => ("grpc", url),
            // The whole URL is a map's.
            None if url.starts_with('$') => ("http", url),
            None => {
                self.notes.lost(pass, "this is no URL", "");
                return None;
            }
        };
        let (host, uri) = split_host(rest);
        Some(Target {
            tls: matches!(scheme, "https" | "grpcs"),
            grpc: scheme.starts_with("grpc"),
            host: host.to_owned(),
            uri: uri.to_owned(),
            varies,
            map: None,
        })
    }

    /// The name of the upstream that requests of a place go to, or the variable that has it.
    pub(super) fn upstream(
        &self,
        target: &Target,
        level: &Level<'d>,
        variables: &Variables,
    ) -> Option<String> {
        let Some(map) = &target.map else {
            return Some(self.upstream_of(target, level, variables));
        };
        let directive = self.maps.get(map.as_str())?;
        let mut chosen = BTreeMap::new();
        for entry in directive.inside() {
            let value = entry.first();
            if matches!(entry.name.as_str(), "hostnames" | "volatile") || value.is_empty() {
                continue;
            }
            if is_variable(value) {
                let help = "write the servers' names in its place";
                self.notes.lost(
                    entry,
                    "what chooses a server has no variables in its values",
                    help,
                );
                continue;
            }
            let url = if value.contains("://") {
                value.to_owned()
            } else {
                format!("{}://{value}", if target.tls { "https" } else { "http" })
            };
            if let Some(one) = self.parse(&url, entry, false) {
                let one = Target {
                    grpc: target.grpc || one.grpc,
                    ..one
                };
                chosen.insert(value.to_owned(), self.upstream_of(&one, level, variables));
            }
        }
        self.choosing.borrow_mut().insert(map.clone(), chosen);
        Some(format!("${map}"))
    }

    /// The upstream that a value of a map stands for.
    pub(super) fn chosen(&self, map: &str, value: &str) -> Option<String> {
        self.choosing.borrow().get(map)?.get(value).cloned()
    }

    /// Whether the values of a map name upstreams.
    pub(super) fn chooses(&self, map: &str) -> bool {
        self.choosing.borrow().contains_key(map)
    }
}

/// Splits what follows `://`; a variable that begins with a slash, such as `$request_uri`, begins the URI.
fn split_host(rest: &str) -> (&str, &str) {
    if let Some(path) = rest.strip_prefix("unix:") {
        // `unix:/run/app.sock:/uri`
        return match path.find(":/") {
            Some(end) => {
                let (socket, uri) = rest.split_at(end + "unix:".len());
                (socket, uri.strip_prefix(':').unwrap_or(uri))
            }
            None => (rest, ""),
        };
    }
    let variable = rest
        .match_indices('$')
        .map(|(at, _)| at)
        .find(|at| *at > 0 && !rest.get(at + 1..).unwrap_or_default().starts_with('{'));
    let ends = [rest.find('/'), rest.find('?'), variable];
    let end = ends.into_iter().flatten().min().unwrap_or(rest.len());
    rest.split_at(end)
}

/// Whether a text has variables of nginx's; those in capital letters are the environment's.
fn is_variable(text: &str) -> bool {
    text.split('$').skip(1).any(|piece| {
        let name = piece.strip_prefix('{').unwrap_or(piece);
        !(piece.starts_with('{') && name.starts_with(|c: char| c.is_ascii_uppercase()))
    })
}

#[cfg(test)]
mod tests {
    use super::split_host;

    #[test]
    fn hosts_end_where_uris_begin() {
        for (rest, expected) in [
            ("web", ("web", "")),
            ("web:80/a?b", ("web:80", "/a?b")),
            ("web$request_uri", ("web", "$request_uri")),
            ("$backend/a", ("$backend", "/a")),
            ("unix:/run/app.sock:/a", ("unix:/run/app.sock", "/a")),
            ("unix:/run/app.sock", ("unix:/run/app.sock", "")),
            ("[::1]:80/", ("[::1]:80", "/")),
        ] {
            assert_eq!(split_host(rest), expected);
        }
    }
}
