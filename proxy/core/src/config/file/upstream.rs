//! `[upstream.NAME]`: groups of servers.

use schemars::JsonSchema;
use serde::Deserialize;
use settings::Period;

/// A group of servers that answer the same requests.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// How a server is chosen.
    #[serde(default)]
    pub balance: Balance,
    /// Idle connections kept open to this upstream by each worker.
    #[serde(default = "default_keepalive")]
    pub keepalive: usize,
    /// How long an idle connection is kept.
    #[serde(default = "default_keepalive_timeout")]
    pub keepalive_timeout: Period,
    /// The servers.
    #[serde(default)]
    pub server: Vec<UpstreamServer>,
    /// Probes; without them only requests tell whether a server works.
    pub health_check: Option<HealthCheck>,
    /// When a failed request goes to the next server.
    #[serde(default)]
    pub retry: Retry,
}

fn default_keepalive() -> usize {
    // nginx 1.29.7 keeps 32 per worker; more costs only file descriptors.
    64
}

fn default_keepalive_timeout() -> Period {
    // As nginx. Below the 75 s after which common application servers close.
    Period(std::time::Duration::from_mins(1))
}

/// How a server is chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Balance {
    /// In turn, smoothly by weight.
    #[default]
    RoundRobin,
}

/// A server of an upstream.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpstreamServer {
    /// IP address and port.
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

/// Active probes of an upstream's servers.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HealthCheck {
    /// What is asked.
    #[serde(rename = "type", default)]
    pub kind: HealthCheckType,
    /// The path to GET; any status from 200 to 399 is good.
    #[serde(default = "default_health_path")]
    pub path: String,
    /// The time from one probe to the next.
    #[serde(default = "default_interval")]
    pub interval: Period,
    /// How long an answer may take.
    #[serde(default = "default_probe_timeout")]
    pub timeout: Period,
    /// Good answers in a row that bring a server back.
    #[serde(default = "default_rise")]
    pub rise: u32,
    /// Bad answers in a row that take a server out.
    #[serde(default = "default_fall")]
    pub fall: u32,
}

/// What a probe asks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HealthCheckType {
    /// A GET request.
    #[default]
    Http,
}

fn default_health_path() -> String {
    "/health".to_owned()
}

fn default_interval() -> Period {
    // 2 s: HAProxy's; a dead server is noticed within three of them.
    Period(std::time::Duration::from_secs(2))
}

fn default_probe_timeout() -> Period {
    Period(std::time::Duration::from_secs(1))
}

fn default_rise() -> u32 {
    2
}

fn default_fall() -> u32 {
    3
}

/// When a failed request goes to the next server (nginx's `proxy_next_upstream`).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Retry {
    /// `error`, `timeout`, `invalid_header`, `non_idempotent`, or a status such as `http_502`.
    pub on: Vec<String>,
    /// The most servers asked for one request; 0: each once.
    pub tries: u32,
    /// No further server is asked after this time; 0: no limit.
    pub timeout: Period,
}

impl Default for Retry {
    fn default() -> Self {
        let on = ["error", "timeout", "invalid_header"]
            .map(str::to_owned)
            .to_vec();
        Self {
            on,
            tries: 0,
            timeout: Period::default(),
        }
    }
}
