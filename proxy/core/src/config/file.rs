//! The edge's configuration as it is written (`conf/edge.toml`), without any logic.
//!
//! Every field's doc comment is its documentation in the JSON Schema that `hifate-edge schema`
//! prints; defaults are named here and their reasons stand beside them.

mod access_log;
mod acme;
mod auth;
mod browser;
mod client;
mod compress;
mod errors;
mod files;
mod headers;
mod http2;
mod listener;
mod map;
mod path;
mod proxy;
mod rate_limit;
mod resolver;
mod respond;
mod rewrite;
mod route;
mod server;
mod site;
mod upstream;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

pub use access_log::{AccessLog, AccessLogFile, LogEscape};
pub use acme::{Acme, AcmeChallenge, AcmeExternalAccount};
pub use auth::{BasicAuth, BasicAuthWith, ForwardAuth, ForwardAuthWith, Satisfy};
pub use browser::{Cors, CorsFor, Hsts, HstsFor, HttpsOnly};
pub use client::Client;
pub use compress::{CodingName, Compress, Gzip};
pub use errors::{Errors, Otlp, Tracing};
pub use files::Files;
pub use headers::{Forwarding, Headers};
pub use http2::Http2;
pub(in crate::config) use listener::default_lifetime;
pub use listener::{
    CipherSuite, ClientAuth, Keepalive, KeepaliveProbes, Listener, ListenerCertificate,
    ListenerTls, ProxyProtocol, Tickets, TicketsWith, TlsVersion,
};
pub use map::{Map, MapRegex};
pub use path::{Condition, ExactPath, PrefixPath, RegexPath, RoutePath, When};
pub use proxy::{Proxy, ProxyRedirect};
pub use rate_limit::RateLimit;
pub use resolver::Resolver;
pub use respond::{Redirect, RedirectWith, Respond};
pub use rewrite::{ErrorPage, ErrorPageWith, OwnStatus, PageStatus, Rewrite, Then};
pub use route::Route;
pub use server::{Admin, ErrorLog, ErrorLogFormat, Server};
pub use site::Site;
pub use upstream::{
    Balance, BalanceMethod, Compat, HashBalance, HealthCheck, HealthCheckType, HttpVersion,
    ProxyVersion, Queue, Retry, RetryBudget, SameSite, Sticky, Upstream, UpstreamServer,
    UpstreamTls,
};

/// The edge's configuration file.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The process.
    #[serde(default)]
    pub server: Server,
    /// The port for operators.
    #[serde(default)]
    pub admin: Admin,
    /// How the names of servers are looked up.
    #[serde(default)]
    pub resolver: Resolver,
    /// What clients learn of errors.
    #[serde(default)]
    pub errors: Errors,
    /// Distributed traces.
    #[serde(default)]
    pub tracing: Tracing,
    /// How certificates are ordered (ACME).
    pub acme: Option<Acme>,
    /// Where clients connect.
    #[serde(default)]
    pub listener: Vec<Listener>,
    /// Patience and limits with clients.
    #[serde(default)]
    pub client: Client,
    /// Groups of servers, by name.
    #[serde(default)]
    pub upstream: BTreeMap<String, Upstream>,
    /// Variables of the configuration's own, by name.
    #[serde(default)]
    pub map: BTreeMap<String, Map>,
    /// How often something may be asked for, by name.
    #[serde(default)]
    pub rate_limit: BTreeMap<String, RateLimit>,
    /// Sites, chosen by host name.
    #[serde(default)]
    pub site: Vec<Site>,
}
