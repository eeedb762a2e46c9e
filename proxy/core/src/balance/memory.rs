//! What is known of a server, for the process that takes over from this one.
//!
//! An `Instant` means nothing to another process, so all times are told as how long ago they were, or
//! how long they still are away.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// What is known of a server, apart from what the configuration and operators say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// Whether its probes say that it may be asked.
    pub(super) healthy: bool,
    /// Probes in a row that contradict that.
    pub(super) against: u32,
    /// Probes passed in a row since the last failure of a request or a probe.
    pub(super) passed: u32,
    /// How long ago it came back from being out, while its share still grows.
    pub(super) back: Option<Duration>,
    /// Its failures.
    pub(super) failures: Failures,
    /// How many seconds it takes to answer, and how long ago that was last measured.
    pub(super) latency: Option<(f64, Duration)>,
}

/// Failures, as the profile counts them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Failures {
    /// [`Profile::Nginx`](super::Profile::Nginx).
    Nginx {
        fails: u32,
        accessed: Option<Duration>,
        checked: Option<Duration>,
        effective_weight: u32,
    },
    /// [`Profile::Safe`](super::Profile::Safe).
    Safe {
        /// How long ago each was.
        failures: Vec<Duration>,
        answered: Option<Duration>,
        /// How long the server is still out; zero if one request may find out whether it is back.
        ejected: Option<Duration>,
    },
}

/// How long `then` is ago.
pub(super) fn age(then: Instant, now: Instant) -> Duration {
    now.saturating_duration_since(then)
}

/// When it was, `age` ago; not before the clock began.
pub(super) fn ago(age: Duration, now: Instant) -> Instant {
    now.checked_sub(age).unwrap_or(now)
}
