//! How the names of servers are looked up, from written to meant.

use std::net::SocketAddr;
use std::time::Duration;

use settings::{Place, Problem, Problems};

use super::{checks, file};

/// How the names of servers are looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolver {
    /// Name servers; none: those of the system.
    pub servers: Vec<SocketAddr>,
    /// For one answer.
    pub timeout: Duration,
    /// The shortest and the longest time after which a name is looked up again.
    pub ttl: (Duration, Duration),
    /// Whether IPv6 addresses are asked for.
    pub ipv6: bool,
}

pub(super) fn meant(written: &file::Resolver, problems: &mut Problems) -> Resolver {
    let at = Place::root().key("resolver");
    let mut servers = Vec::new();
    for (index, server) in written.servers.iter().enumerate() {
        let at = at.key("servers").index(index);
        // As in nginx's `resolver`, the port may be left out.
        match server.parse() {
            Ok(ip) => servers.push(SocketAddr::new(ip, 53)),
            Err(_) => servers.extend(checks::address(server, &at, problems)),
        }
    }
    if written.min_ttl.0 > written.max_ttl.0 {
        let problem = Problem::new(&at.key("min_ttl"), "longer than max_ttl");
        let both = [at.key("min_ttl"), at.key("max_ttl")];
        problems.note(both.into_iter().fold(problem, Problem::rests_on));
    }
    Resolver {
        servers,
        timeout: checks::timeout(written.timeout, &at.key("timeout"), problems),
        ttl: (
            checks::timeout(written.min_ttl, &at.key("min_ttl"), problems),
            checks::timeout(written.max_ttl, &at.key("max_ttl"), problems),
        ),
        ipv6: written.ipv6,
    }
}
