//! TLS to servers.

use std::path::PathBuf;

use settings::{Place, Problem, Problems};

use super::{ServerAddress, UpstreamServer, file};
use crate::address::Address;

/// TLS to the servers of an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The name to ask for and to verify; `None`: the server's address.
    pub server_name: Option<String>,
    /// Whether the server's certificate is verified.
    pub verify: bool,
    /// The trusted authorities; `None`: those of the system.
    pub ca: Option<PathBuf>,
    /// The edge's own certificate chain and key.
    pub client: Option<(PathBuf, PathBuf)>,
}

pub(super) fn meant(
    written: &file::UpstreamTls,
    servers: &[UpstreamServer],
    at: &Place,
    problems: &mut Problems,
) -> Tls {
    let client = match (&written.cert, &written.key) {
        (Some(cert), Some(key)) => Some((PathBuf::from(cert), PathBuf::from(key))),
        (None, None) => None,
        (Some(_), None) => {
            let problem = Problem::new(&at.key("cert"), "a certificate without its `key`");
            problems.note(problem.rests_on(at.key("key")));
            None
        }
        (None, Some(_)) => {
            let problem = Problem::new(&at.key("key"), "a key without its `cert`");
            problems.note(problem.rests_on(at.key("cert")));
            None
        }
    };
    if written.verify == Some(false) && written.ca.is_some() {
        problems.push(&at.key("ca"), "with `verify = false` no authority is asked");
    }
    if written.server_name.as_deref() == Some("") {
        problems.push(&at.key("server_name"), "the name is empty");
    }
    Tls {
        server_name: server_name(written, servers, at, problems),
        verify: written.verify.unwrap_or(true),
        ca: written.ca.as_ref().map(PathBuf::from),
        client,
    }
}

/// The name as written, or the one that all servers have.
fn server_name(
    written: &file::UpstreamTls,
    servers: &[UpstreamServer],
    at: &Place,
    problems: &mut Problems,
) -> Option<String> {
    if written.server_name.is_some() {
        return written.server_name.clone();
    }
    let is_unix =
        |server: &UpstreamServer| matches!(server.address, ServerAddress::At(Address::Unix(_)));
    if servers.iter().any(is_unix) {
        problems.push_with_help(
            at,
            "a Unix socket has no name that a certificate could be for",
            "say with `server_name` which one it is",
        );
    }
    let mut names = servers.iter().map(|server| match &server.address {
        ServerAddress::At(_) => None,
        ServerAddress::Name { host, .. } => Some(host.trim_end_matches('.')),
    });
    let first = names.next().flatten();
    if names.any(|name| name != first) {
        problems.push_with_help(
            at,
            "the servers have different names",
            "say with `server_name` which one their certificates are for",
        );
    }
    first.map(str::to_owned)
}
