//! `[upstream.NAME]`: groups of servers.

mod balance;
mod health;
mod retry;
mod tls;

use schemars::JsonSchema;
use serde::Deserialize;
use settings::Period;

pub use balance::{Balance, BalanceMethod, Compat, HashBalance, Queue, SameSite, Sticky};
pub use health::{HealthCheck, HealthCheckType};
pub use retry::{Retry, RetryBudget};
pub use tls::UpstreamTls;

/// A group of servers that answer the same requests.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-block" = "upstream"))]
pub struct Upstream {
    /// How a server is chosen.
    #[serde(default)]
    pub balance: Balance,
    /// What failures lead to: `safe`, or `nginx` for exactly what nginx does.
    #[serde(default)]
    pub compat: Compat,
    /// The largest share of the servers that may be out because of requests that they took and did
    /// not answer, in percent (`safe` only; probes and refused connections may take out any number).
    #[serde(default = "default_max_ejected")]
    pub max_ejected: u32,
    /// Keeps each client with one server, by a cookie.
    pub sticky: Option<Sticky>,
    /// Requests that wait while all servers answer as many as `max_conns` says; without it they
    /// are refused at once.
    pub queue: Option<Queue>,
    /// The protocol spoken with the servers: `"2"` is HTTP/2, in which requests share connections;
    /// with prior knowledge (h2c), or over TLS as agreed there (ALPN).
    #[serde(default)]
    pub http: HttpVersion,
    /// Idle connections that each worker keeps to each server.
    #[serde(default = "default_keepalive")]
    pub keepalive: usize,
    /// How long an idle connection is kept.
    #[serde(default = "default_keepalive_timeout")]
    pub keepalive_timeout: Period,
    /// Requests that one connection carries before it is closed; 0: any number.
    #[serde(default = "default_keepalive_requests")]
    pub keepalive_requests: u32,
    /// How long a connection of HTTP/2 may be silent before its server is asked for a sign of life;
    /// without one in half that time the connection is closed. 0: never asked.
    #[serde(default = "default_keepalive_silence")]
    pub keepalive_silence: Period,
    /// The servers.
    #[serde(default)]
    pub server: Vec<UpstreamServer>,
    /// The version of the PROXY protocol by which servers are told who the client is; each connection
    /// then carries the requests of one client only, and none is kept.
    pub proxy_protocol: Option<ProxyVersion>,
    /// TLS to the servers; plain text if absent.
    pub tls: Option<UpstreamTls>,
    /// Probes; without them only requests tell whether a server works.
    pub health_check: Option<HealthCheck>,
    /// When a failed request goes to the next server.
    #[serde(default)]
    pub retry: Retry,
}

/// A version of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
pub enum HttpVersion {
    /// One request at a time on a connection.
    #[default]
    #[serde(rename = "1.1")]
    Http1,
    /// Many requests at a time on a connection.
    #[serde(rename = "2")]
    Http2,
}

fn default_max_ejected() -> u32 {
    // Half: of two servers one, so that the other has to answer whatever becomes of its requests.
    50
}

fn default_keepalive() -> usize {
    // nginx 1.29.7 keeps 32 per worker; more costs only file descriptors.
    64
}

fn default_keepalive_timeout() -> Period {
    // As nginx. Below the 75 s after which common application servers close.
    Period(std::time::Duration::from_mins(1))
}

fn default_keepalive_requests() -> u32 {
    // As nginx.
    1000
}

fn default_keepalive_silence() -> Period {
    // Far below the read timeout, and longer than a server is stopped to collect its garbage.
    Period(std::time::Duration::from_secs(10))
}

/// A version of the PROXY protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProxyVersion {
    /// One line of text.
    V1,
    /// Binary.
    V2,
}

/// A server of an upstream.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-block" = "server"))]
pub struct UpstreamServer {
    /// IP address or name, and port; or `unix:` and the path of a socket.
    pub address: String,
    /// Share of the requests within its tier.
    #[serde(default = "one")]
    pub weight: u32,
    /// Failures within `fail_timeout` that take it out; 0: never.
    #[serde(default = "one")]
    pub max_fails: u32,
    /// How long failures count, and how long the server is then out.
    #[serde(default = "default_fail_timeout")]
    pub fail_timeout: Period,
    /// The most requests it answers at a time, over all workers; 0: any number.
    #[serde(default)]
    pub max_conns: u32,
    /// How long its share grows from a tenth to the whole after it has come back; 0: at once.
    #[serde(default)]
    pub slow_start: Period,
    /// Asked only when no other can be.
    #[serde(default)]
    pub backup: bool,
    /// Not asked at all.
    #[serde(default)]
    pub down: bool,
}

fn one() -> u32 {
    1
}

fn default_fail_timeout() -> Period {
    Period(std::time::Duration::from_secs(10))
}
