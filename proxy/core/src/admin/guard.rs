//! Requests that a browser makes for somebody else.
//!
//! A page from anywhere may have an operator's browser ask this port. It cannot read the answers of
//! another origin, but for two ways around that: a name of its own that it lets point here (DNS
//! rebinding), which shows in `Host`, and requests whose effect is enough, which show in `Origin`.

use std::net::{Ipv4Addr, Ipv6Addr};

/// By which names the port is known.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    names: Vec<String>,
}

/// Why a request is somebody else's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Foreign {
    /// `Host` is a name that we do not have.
    #[error(
        "Host is neither an address nor `localhost` nor one of admin.names; \
         a page from elsewhere may have made up this name"
    )]
    Host,
    /// `Origin` is another one.
    #[error("a page of another origin may not change anything here")]
    Origin,
}

impl Guard {
    /// For a port that is known by addresses, `localhost` and these names.
    pub fn new(names: &[String]) -> Self {
        Self {
            names: names.iter().map(|name| name.to_ascii_lowercase()).collect(),
        }
    }

    /// Whether the request may be answered. `changing`: whether it may change anything. Programs
    /// need not say a `Host` (HTTP/1.0) nor an `Origin`; browsers always do.
    pub fn check(
        &self,
        host: Option<&str>,
        origin: Option<&str>,
        changing: bool,
    ) -> Result<(), Foreign> {
        if host.is_some_and(|host| !self.knows(host)) {
            return Err(Foreign::Host);
        }
        let own = |origin: &str| {
            let authority = origin
                .strip_prefix("http://")
                .or_else(|| origin.strip_prefix("https://"));
            authority.is_some_and(|authority| {
                host.is_some_and(|host| host.eq_ignore_ascii_case(authority))
            })
        };
        if changing && origin.is_some_and(|origin| !own(origin)) {
            return Err(Foreign::Origin);
        }
        Ok(())
    }

    fn knows(&self, host: &str) -> bool {
        if let Some(rest) = host.strip_prefix('[') {
            let Some((address, port)) = rest.split_once(']') else {
                return false;
            };
            return address.parse::<Ipv6Addr>().is_ok()
                && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
        }
        let name = match host.split_once(':') {
            Some((_, port)) if !is_port(port) => return false,
            Some((name, _)) => name,
            None => host,
        };
        let name = name.to_ascii_lowercase();
        name == "localhost" || name.parse::<Ipv4Addr>().is_ok() || self.names.contains(&name)
    }
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> Guard {
        Guard::new(&["Edge1.internal".to_owned()])
    }

    #[test]
    fn knows_addresses_localhost_and_its_names() {
        for host in [
            "127.0.0.1:9180",
            "10.0.0.1",
            "[::1]:9180",
            "[::1]",
            "localhost:9180",
            "LOCALHOST",
            "edge1.internal:9180",
        ] {
            assert_eq!(guard().check(Some(host), None, true), Ok(()), "{host}");
        }
        for host in [
            "evil.example:9180",
            "",
            "[::1",
            "[evil]",
            "localhost:x",
            "127.0.0.1.nip.io",
        ] {
            assert_eq!(
                guard().check(Some(host), None, false),
                Err(Foreign::Host),
                "{host}"
            );
        }
        assert_eq!(guard().check(None, None, true), Ok(()));
    }

    #[test]
    fn only_its_own_pages_may_change_anything() {
        let host = Some("localhost:9180");
        let check = |origin, changing| guard().check(host, Some(origin), changing);
        assert_eq!(check("http://localhost:9180", true), Ok(()));
        assert_eq!(check("https://localhost:9180", true), Ok(()));
        for origin in [
            "http://localhost:8080",
            "http://evil.example",
            "null",
            "localhost:9180",
        ] {
            assert_eq!(check(origin, true), Err(Foreign::Origin), "{origin}");
            assert_eq!(check(origin, false), Ok(()), "{origin}");
        }
        assert_eq!(
            guard().check(None, Some("http://localhost"), true),
            Err(Foreign::Origin)
        );
    }
}
