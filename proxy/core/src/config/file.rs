//! The edge's configuration as it is written (`conf/edge.toml`), without any logic.
//!
//! Every field's doc comment is its documentation in the JSON Schema that `hifate-edge schema`
//! prints; defaults are named here and their reasons stand beside them.

mod client;
mod errors;
mod headers;
mod listener;
mod resolver;
mod respond;
mod server;
mod site;
mod upstream;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

pub use client::Client;
pub use errors::{Errors, Otlp, Tracing};
pub use headers::Headers;
pub use listener::{Keepalive, KeepaliveProbes, Listener, ProxyProtocol};
pub use resolver::Resolver;
pub use respond::{Redirect, RedirectWith, Respond};
pub use server::{Admin, ErrorLog, Server};
pub use site::{
    AccessLog, AccessLogFile, CodingName, Compress, ExactPath, Gzip, LogEscape, PrefixPath, Proxy,
    RegexPath, Route, RoutePath, Site,
};
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
    /// Where clients connect.
    #[serde(default)]
    pub listener: Vec<Listener>,
    /// Patience and limits with clients.
    #[serde(default)]
    pub client: Client,
    /// Groups of servers, by name.
    #[serde(default)]
    pub upstream: BTreeMap<String, Upstream>,
    /// Sites, chosen by host name.
    #[serde(default)]
    pub site: Vec<Site>,
}
