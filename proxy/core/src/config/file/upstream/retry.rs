//! Retries, as they are written.

use schemars::JsonSchema;
use serde::Deserialize;
use settings::Period;

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
    /// How long one server has until the head of its answer, connecting included; 0: as long as
    /// the route's timeouts say.
    pub per_try_timeout: Period,
    /// How many retries the upstream affords; by default none is refused with `compat = "nginx"`.
    pub budget: Option<RetryBudget>,
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
            per_try_timeout: Period::default(),
            budget: None,
        }
    }
}

/// How many retries an upstream affords.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RetryBudget {
    /// Retries for every hundred requests of the last ten seconds.
    pub percent: u32,
    /// Retries in ten seconds that are afforded however few the requests are.
    pub reserve: u32,
}

impl Default for RetryBudget {
    fn default() -> Self {
        // Finagle's: a fifth, and ten a second.
        Self {
            percent: 20,
            reserve: 100,
        }
    }
}
