//! Upstreams, from written to meant.

mod method;
mod probe;
mod retry;
mod servers;
mod tls;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use settings::{Place, Problems};

pub use method::{Queue, Sticky};
pub use probe::Probe;
pub use servers::{ServerAddress, UpstreamServer};
pub use tls::Tls;

use super::{checks, file};
use crate::balance::{Method, Profile};
use crate::proxy_protocol;
use crate::retry as retries;
use crate::template::{Scope, Template};

/// A group of servers with at least one primary.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// Its name.
    pub name: String,
    /// How a server is chosen.
    pub method: Method,
    /// The key, for [`Method::Hash`].
    pub key: Option<Template>,
    /// What failures lead to.
    pub profile: Profile,
    /// The cookie that keeps a client with its server, if any.
    pub sticky: Option<Sticky>,
    /// Requests that wait for a server, if any may.
    pub queue: Option<Queue>,
    /// Whether HTTP/2 is spoken with the servers.
    pub http2: bool,
    /// Idle connections that are kept.
    pub keepalive: IdleConnections,
    /// The servers, each address once.
    pub servers: Vec<UpstreamServer>,
    /// How servers are told who the client is, if they are.
    pub proxy_protocol: Option<proxy_protocol::Version>,
    /// TLS to the servers, if any.
    pub tls: Option<Tls>,
    /// Probes, if any.
    pub probe: Option<Probe>,
    /// When a failed request goes to the next server.
    pub retry: retries::Policy,
}

/// Idle connections that are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdleConnections {
    /// The most that each worker keeps to one server.
    pub most: usize,
    /// For how long.
    pub timeout: Duration,
    /// Requests that one connection carries, if there is a limit.
    pub requests: Option<NonZeroU32>,
    /// How long one of HTTP/2 may be silent before its server is asked for a sign of life.
    pub silence: Option<Duration>,
}

/// All upstreams, in the order of their names.
pub(super) fn all(
    written: &BTreeMap<String, file::Upstream>,
    scope: &Scope,
    problems: &mut Problems,
) -> Vec<Upstream> {
    let place = Place::root().key("upstream");
    written
        .iter()
        .map(|(name, upstream)| one(name, upstream, scope, &place.key(name), problems))
        .collect()
}

fn one(
    name: &str,
    written: &file::Upstream,
    scope: &Scope,
    at: &Place,
    problems: &mut Problems,
) -> Upstream {
    let probe = written
        .health_check
        .as_ref()
        .map(|check| probe::meant(name, check, &at.key("health_check"), problems));
    let (method, key) = method::meant(&written.balance, scope, &at.key("balance"), problems);
    method::check_servers(method, written, at, problems);
    let servers = servers::meant(name, &written.server, at, problems);
    let tls = written.tls.as_ref();
    let proxy_protocol = written.proxy_protocol.map(|version| match version {
        file::ProxyVersion::V1 => proxy_protocol::Version::V1,
        file::ProxyVersion::V2 => proxy_protocol::Version::V2,
    });
    let http2 = written.http == file::HttpVersion::Http2;
    if http2 && proxy_protocol.is_some() {
        problems.push_with_help(
            &at.key("proxy_protocol"),
            "a connection of HTTP/2 carries the requests of many clients, and the protocol names one",
            "http = \"1.1\", or leave it to X-Forwarded-For",
        );
    }
    Upstream {
        proxy_protocol,
        tls: tls.map(|tls| tls::meant(tls, &servers, &at.key("tls"), problems)),
        name: name.to_owned(),
        method,
        key,
        profile: method::profile(written, at, problems),
        sticky: written
            .sticky
            .as_ref()
            .and_then(|sticky| method::sticky(sticky, &at.key("sticky"), problems)),
        queue: written
            .queue
            .as_ref()
            .map(|queue| method::queue(queue, &at.key("queue"), problems)),
        http2,
        keepalive: IdleConnections {
            most: written.keepalive,
            timeout: written.keepalive_timeout.0,
            requests: NonZeroU32::new(written.keepalive_requests),
            silence: Some(written.keepalive_silence.0).filter(|silence| !silence.is_zero()),
        },
        servers,
        probe,
        retry: retry::meant(&written.retry, written.compat, &at.key("retry"), problems),
    }
}
