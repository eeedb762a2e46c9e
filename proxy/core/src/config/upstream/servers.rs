//! The servers of an upstream.

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU32;

use settings::{Place, Problem, Problems};

use super::{checks, file};
use crate::address::Address;
use crate::balance;

/// A server as it is configured; a name may stand for several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamServer {
    /// Where it is.
    pub address: ServerAddress,
    /// What else is known about it.
    pub settings: balance::Server,
}

/// Where a server is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ServerAddress {
    /// At an address, or a Unix socket.
    At(Address),
    /// At the addresses of a name, looked up again and again.
    Name {
        /// The name.
        host: String,
        /// The port at each address.
        port: u16,
    },
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(address) => address.fmt(f),
            Self::Name { host, port } => write!(f, "{host}:{port}"),
        }
    }
}

pub(super) fn meant(
    name: &str,
    written: &[file::UpstreamServer],
    at: &Place,
    problems: &mut Problems,
) -> Vec<UpstreamServer> {
    if written.is_empty() {
        problems.push_with_help(
            &at.key("server"),
            format!("upstream `{name}` has no server"),
            format!("add [[upstream.{name}.server]] with an address"),
        );
    } else if written.iter().all(|server| server.backup) {
        let message = format!("every server of upstream `{name}` is a backup");
        problems.push(&at.key("server"), message);
    }
    let mut servers: Vec<UpstreamServer> = Vec::new();
    let mut seen = HashMap::new();
    for (index, server) in written.iter().enumerate() {
        let at = at.key("server").index(index);
        let weight = checks::at_least_one(server.weight, &at.key("weight"), problems);
        let address_at = at.key("address");
        let Some(address) = checks::server_address(&server.address, &address_at, problems) else {
            continue;
        };
        if let Some(first) = seen.insert(address.clone(), address_at.clone()) {
            let message = format!("{address} is already a server of `{name}`");
            problems.note(Problem::new(&address_at, message).other(&first));
        }
        servers.push(UpstreamServer {
            address,
            settings: balance::Server {
                weight,
                max_fails: server.max_fails,
                fail_timeout: server.fail_timeout.0,
                max_conns: NonZeroU32::new(server.max_conns),
                slow_start: server.slow_start.0,
                backup: server.backup,
                down: server.down,
            },
        });
    }
    servers
}
