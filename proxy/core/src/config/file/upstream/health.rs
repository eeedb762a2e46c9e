//! Active probes, as they are written.

use schemars::JsonSchema;
use serde::Deserialize;
use settings::Period;

/// Active probes of an upstream's servers.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HealthCheck {
    /// What is asked.
    #[serde(rename = "type", default)]
    pub kind: HealthCheckType,
    /// `http`: the path to GET.
    pub path: Option<String>,
    /// `http`: the Host to name; absent: the upstream's name.
    pub host: Option<String>,
    /// `http`: statuses that are good, such as `["200-299", "401"]`; absent: 200 to 399.
    pub status: Option<Vec<String>>,
    /// `http`: an expression that must be found in the first 64k of the body.
    pub body: Option<String>,
    /// `grpc`: the service to ask about (`grpc.health.v1`); absent: the server as a whole.
    pub service: Option<String>,
    /// Another port than that of the server; a server on a Unix socket has none.
    pub port: Option<u16>,
    /// The time from one probe to the next.
    #[serde(default = "default_interval")]
    pub interval: Period,
    /// How much earlier or later than that a probe may be, by chance, in percent: so that many
    /// probes do not fall together.
    #[serde(default = "default_jitter")]
    pub jitter: u32,
    /// How long an answer may take.
    #[serde(default = "default_timeout")]
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
    /// Whether a connection is accepted.
    Tcp,
    /// The health service of gRPC.
    Grpc,
}

fn default_interval() -> Period {
    // 2 s: HAProxy's; a dead server is noticed within three of them.
    Period(std::time::Duration::from_secs(2))
}

fn default_jitter() -> u32 {
    10
}

fn default_timeout() -> Period {
    Period(std::time::Duration::from_secs(1))
}

fn default_rise() -> u32 {
    2
}

fn default_fall() -> u32 {
    3
}
