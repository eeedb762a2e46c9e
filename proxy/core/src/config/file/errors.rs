//! `[errors]` and `[tracing]`: what is told of a request, to whom.

use schemars::JsonSchema;
use serde::Deserialize;
use settings::Period;

/// What clients learn of errors.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Errors {
    /// Addresses and networks whose clients are told why a request failed: in the header
    /// `Edge-Reason`, and in the body also of what happened behind the edge.
    pub reason_to: Vec<String>,
}

impl Default for Errors {
    fn default() -> Self {
        // Who is on this machine may read its logs anyway.
        Self {
            reason_to: vec!["127.0.0.0/8".to_owned(), "::1".to_owned()],
        }
    }
}

/// Distributed traces. The trace context is always passed on to servers.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tracing {
    /// The share of the traces that begin here which are marked as recorded, 0 to 1. A trace that a
    /// client began keeps the mark it has.
    pub sample: f64,
    /// Where recorded spans are sent; nowhere if absent.
    pub otlp: Option<Otlp>,
}

/// An OpenTelemetry collector that takes OTLP over HTTP in its binary form.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Otlp {
    /// `http://host:port/path`; a collector's usual one is `http://127.0.0.1:4318/v1/traces`.
    pub endpoint: String,
    /// For connecting, and for the collector's answer.
    #[serde(default = "default_timeout")]
    pub timeout: Period,
    /// A file with header lines to send, such as `Authorization: ...`.
    pub headers_file: Option<String>,
}

fn default_timeout() -> Period {
    // Half of OpenTelemetry's: it is usually on the same machine.
    Period(std::time::Duration::from_secs(5))
}

impl Default for Tracing {
    fn default() -> Self {
        // What a server would do by itself: OpenTelemetry's default sampler records every trace
        // that begins with it, and follows the mark of every other.
        Self {
            sample: 1.0,
            otlp: None,
        }
    }
}
