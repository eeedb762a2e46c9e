//! Rates and latencies of the last minutes, from counters that only ever grow.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What the counters said at a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// When.
    pub at: Instant,
    /// Requests answered since the start.
    pub requests: u64,
    /// Those answered with 5xx.
    pub errors: u64,
    /// Those that took no longer than each bound of [`Samples`], one more for all.
    pub within: Vec<u64>,
}

/// The samples of the last minutes, one a second.
#[derive(Debug, Clone)]
pub struct Samples {
    /// Upper bounds in seconds, ascending.
    bounds: Vec<f64>,
    kept: VecDeque<Sample>,
}

/// How requests fared between two samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Requests a second.
    pub rate: f64,
    /// The share of them answered with 5xx, from 0 to 1; 0 without requests.
    pub errors: f64,
    /// Seconds that half, 95 and 99 of a hundred took at most; `None` without requests.
    pub latency: Option<[f64; 3]>,
}

/// A summary of one second, and how long ago it ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Seconds before now.
    pub ago: f64,
    /// What it was like.
    pub summary: Summary,
}

/// How far back samples reach.
const KEPT: Duration = Duration::from_mins(5);

/// What the percentiles of a point are of: one second alone has too few requests.
const SMOOTH: Duration = Duration::from_secs(10);

impl Samples {
    /// None yet; `bounds` are those of the histogram.
    pub fn new(bounds: &[f64]) -> Self {
        Self {
            bounds: bounds.to_vec(),
            kept: VecDeque::new(),
        }
    }

    /// Takes the next sample.
    pub fn push(&mut self, sample: Sample) {
        let oldest = sample.at.checked_sub(KEPT);
        // The last one before the window is where the window begins.
        while let (Some(oldest), Some(second)) = (oldest, self.kept.get(1))
            && second.at <= oldest
        {
            self.kept.pop_front();
        }
        self.kept.push_back(sample);
    }

    /// The last `window` before `now`, or as much of it as there is; `None` before two samples.
    pub fn summary(&self, window: Duration, now: Instant) -> Option<Summary> {
        let last = self.kept.back()?;
        let begin = now.checked_sub(window);
        let first = self
            .kept
            .iter()
            .rev()
            .find(|sample| begin.is_some_and(|begin| sample.at <= begin));
        let first = first.or_else(|| self.kept.front())?;
        self.between(first, last)
    }

    /// A point for each second, the oldest first.
    pub fn points(&self, now: Instant) -> Vec<Point> {
        let seconds = self.kept.iter().zip(self.kept.iter().skip(1));
        seconds
            .filter_map(|(before, after)| {
                let mut summary = self.between(before, after)?;
                let begin = after.at.checked_sub(SMOOTH);
                let first = self
                    .kept
                    .iter()
                    .find(|sample| begin.is_none_or(|begin| sample.at >= begin))?;
                summary.latency = self.between(first, after).and_then(|wide| wide.latency);
                let ago = now.saturating_duration_since(after.at).as_secs_f64();
                Some(Point { ago, summary })
            })
            .collect()
    }

    #[expect(clippy::cast_precision_loss, reason = "rates are approximate")]
    fn between(&self, first: &Sample, last: &Sample) -> Option<Summary> {
        let time = last.at.saturating_duration_since(first.at).as_secs_f64();
        if time <= 0.0 {
            return None;
        }
        let requests = last.requests.saturating_sub(first.requests) as f64;
        let errors = last.errors.saturating_sub(first.errors) as f64;
        let within: Vec<f64> = last
            .within
            .iter()
            .zip(&first.within)
            .map(|(last, first)| last.saturating_sub(*first) as f64)
            .collect();
        let all = within.last().copied().unwrap_or(0.0);
        Some(Summary {
            rate: requests / time,
            errors: if requests > 0.0 {
                errors / requests
            } else {
                0.0
            },
            latency: (all > 0.0)
                .then(|| [0.5, 0.95, 0.99].map(|share| self.quantile(&within, all * share))),
        })
    }

    /// Where the request of this rank lies, as Prometheus' `histogram_quantile` has it: evenly
    /// within its bucket, and at the last bound if it is beyond that.
    fn quantile(&self, within: &[f64], rank: f64) -> f64 {
        let (mut lower, mut below) = (0.0, 0.0);
        for (bound, count) in self.bounds.iter().zip(within) {
            if *count >= rank {
                let inside = count - below;
                let part = if inside > 0.0 {
                    (rank - below) / inside
                } else {
                    1.0
                };
                return lower + (bound - lower) * part;
            }
            (lower, below) = (*bound, *count);
        }
        lower
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "a test begins at some time")]
    fn start() -> Instant {
        Instant::now()
    }

    fn close(one: f64, other: f64) {
        assert!((one - other).abs() < 1e-9, "{one} is not {other}");
    }

    /// Samples of so many seconds, in each of which ten requests take up to 0.1 s and ten up to 1 s.
    fn steady(seconds: u32) -> (Samples, Instant) {
        let mut samples = Samples::new(&[0.1, 1.0]);
        let begin = start();
        for second in 0..=seconds {
            let (n, at) = (
                u64::from(second),
                begin + Duration::from_secs(second.into()),
            );
            samples.push(Sample {
                at,
                requests: n * 20,
                errors: n * 5,
                within: vec![n * 10, n * 20, n * 20],
            });
        }
        (samples, begin + Duration::from_secs(seconds.into()))
    }

    #[test]
    fn says_rates_and_percentiles() {
        let (samples, now) = steady(30);
        let summary = samples.summary(Duration::from_secs(10), now).unwrap();
        close(summary.rate, 20.0);
        close(summary.errors, 0.25);
        let [half, most, nearly_all] = summary.latency.unwrap();
        close(half, 0.1);
        close(most, 0.1 + 0.9 * 0.9);
        close(nearly_all, 0.1 + 0.9 * 0.98);
    }

    #[test]
    fn is_bounded() {
        let (samples, now) = steady(1000);
        assert!(samples.kept.len() <= 302, "{}", samples.kept.len());
        let points = samples.points(now);
        assert_eq!(points.len(), samples.kept.len() - 1);
        close(points.first().unwrap().summary.rate, 20.0);
        close(points.last().unwrap().ago, 0.0);
    }

    #[test]
    fn without_requests_there_is_no_latency() {
        let mut samples = Samples::new(&[1.0]);
        let now = start();
        assert_eq!(samples.summary(KEPT, now), None);
        for second in 0..3 {
            let at = now + Duration::from_secs(second);
            samples.push(Sample {
                at,
                requests: 7,
                errors: 0,
                within: vec![7, 7],
            });
        }
        let summary = samples.summary(KEPT, now + Duration::from_secs(2)).unwrap();
        close(summary.rate, 0.0);
        assert_eq!(summary.latency, None);
    }

    #[test]
    fn what_is_beyond_the_bounds_is_at_the_last() {
        let mut samples = Samples::new(&[0.1, 1.0]);
        let now = start();
        let later = now + Duration::from_secs(1);
        samples.push(Sample {
            at: now,
            requests: 0,
            errors: 0,
            within: vec![0, 0, 0],
        });
        samples.push(Sample {
            at: later,
            requests: 4,
            errors: 0,
            within: vec![0, 0, 4],
        });
        let summary = samples.summary(KEPT, later).unwrap();
        close(summary.latency.unwrap()[0], 1.0);
    }
}
