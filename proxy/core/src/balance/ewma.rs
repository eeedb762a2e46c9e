//! How long a server takes to answer, with more weight on what is recent and none on how rare a
//! peak is ("peak EWMA", as in Finagle and linkerd).

use std::time::{Duration, Instant};

use super::memory::{age, ago};

/// A moving average that jumps up at once and comes down slowly.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ewma {
    seconds: f64,
    at: Option<Instant>,
}

/// After this time an old value has lost two thirds of its weight.
const DECAY: Duration = Duration::from_secs(10);

/// What a server that has not answered yet is taken to need: little, so that it is tried.
const UNKNOWN: f64 = 0.001;

impl Ewma {
    /// Takes the time of one answer.
    pub(super) fn observe(&mut self, now: Instant, latency: Duration) {
        let new = latency.as_secs_f64();
        let old = self.seconds(now);
        self.seconds = match self.at {
            Some(at) if new <= old => {
                let keep = decay(now.saturating_duration_since(at));
                old * keep + new * (1.0 - keep)
            }
            _ => new,
        };
        self.at = Some(now);
    }

    /// The average and how long ago it was last brought up to date, if there is one.
    pub(super) fn memory(self, now: Instant) -> Option<(f64, Duration)> {
        Some((self.seconds, age(self.at?, now)))
    }

    /// Goes on with an average that another process has taken; nonsense is passed over.
    pub(super) fn recall(memory: Option<(f64, Duration)>, now: Instant) -> Self {
        match memory {
            Some((seconds, age)) if seconds.is_finite() && seconds >= 0.0 => Self {
                seconds,
                at: Some(ago(age, now)),
            },
            _ => Self::default(),
        }
    }

    /// What the next answer is expected to take. Without answers it drifts towards the unknown, so
    /// that a server which was slow once is tried again.
    pub(super) fn seconds(self, now: Instant) -> f64 {
        let Some(at) = self.at else {
            return UNKNOWN;
        };
        let keep = decay(now.saturating_duration_since(at));
        self.seconds * keep + UNKNOWN.min(self.seconds) * (1.0 - keep)
    }
}

fn decay(elapsed: Duration) -> f64 {
    (-elapsed.as_secs_f64() / DECAY.as_secs_f64()).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test is the outside")]
    fn peaks_count_at_once_and_fade() {
        let start = Instant::now();
        let mut ewma = Ewma::default();
        ewma.observe(start, Duration::from_millis(10));
        ewma.observe(start, Duration::from_secs(1));
        assert!((ewma.seconds(start) - 1.0).abs() < 1e-9);
        let later = start + DECAY;
        let faded = ewma.seconds(later);
        assert!(faded > 0.3 && faded < 0.4, "{faded}");
        ewma.observe(later, Duration::from_millis(10));
        assert!(ewma.seconds(later) < faded);
    }
}
