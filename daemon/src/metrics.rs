//! Metrics in the Prometheus text format.

use prometheus::core::Collector;
pub use prometheus::{
    Counter, CounterVec, Gauge, Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec,
};
use prometheus::{HistogramOpts, Opts, Registry, TextEncoder};
use thiserror::Error;

mod process;

use process::Process;

/// A metric was declared twice, or with a name or label that is not one.
#[derive(Debug, Error)]
#[error("a metric cannot be registered: {0}")]
pub struct Error(#[from] prometheus::Error);

/// All metrics of a program, `process_*` among them.
///
/// Each method makes a metric and registers it. The naming rules of `promtool check metrics` are the
/// caller's: base units, `_total` on counters, a help text.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
}

impl Metrics {
    /// A registry with the `process_*` metrics.
    pub fn new() -> Result<Self, Error> {
        let metrics = Self {
            registry: Registry::new(),
        };
        metrics.register(Process::new()?)?;
        Ok(metrics)
    }

    /// A counter without labels.
    pub fn counter(&self, name: &str, help: &str) -> Result<IntCounter, Error> {
        self.register(IntCounter::new(name, help)?)
    }

    /// A counter for each combination of `labels`.
    pub fn counters(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<IntCounterVec, Error> {
        self.register(IntCounterVec::new(Opts::new(name, help), labels)?)
    }

    /// A counter with fractions, such as a time in seconds, for each combination of `labels`.
    pub fn float_counters(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<CounterVec, Error> {
        self.register(CounterVec::new(Opts::new(name, help), labels)?)
    }

    /// A whole-numbered gauge without labels.
    pub fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, Error> {
        self.register(IntGauge::new(name, help)?)
    }

    /// A whole-numbered gauge for each combination of `labels`.
    pub fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntGaugeVec, Error> {
        self.register(IntGaugeVec::new(Opts::new(name, help), labels)?)
    }

    /// A gauge with fractions, such as a time in seconds.
    pub fn float_gauge(&self, name: &str, help: &str) -> Result<Gauge, Error> {
        self.register(Gauge::new(name, help)?)
    }

    /// A histogram without labels; `buckets` are upper bounds, such as [`LATENCY`].
    pub fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> Result<Histogram, Error> {
        let opts = HistogramOpts::new(name, help).buckets(buckets.to_vec());
        self.register(Histogram::with_opts(opts)?)
    }

    /// A histogram for each combination of `labels`.
    pub fn histograms(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
        buckets: &[f64],
    ) -> Result<HistogramVec, Error> {
        let opts = HistogramOpts::new(name, help).buckets(buckets.to_vec());
        self.register(HistogramVec::new(opts, labels)?)
    }

    /// Registers a metric that was made elsewhere, such as one that reads its value when asked.
    pub fn register<C: Collector + Clone + 'static>(&self, metric: C) -> Result<C, Error> {
        self.registry.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    /// All metrics in the text format.
    pub fn encode(&self) -> Result<String, Error> {
        Ok(TextEncoder::new().encode_to_string(&self.registry.gather())?)
    }
}

/// The `Content-Type` of [`Metrics::encode`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Upper bounds for request times in seconds, from a cached answer to a client's patience.
pub const LATENCY: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// Upper bounds for bodies in bytes.
pub const BYTES: &[f64] = &[
    256.0,
    1024.0,
    4096.0,
    16384.0,
    65536.0,
    262_144.0,
    1_048_576.0,
    10_485_760.0,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_was_counted_and_what_the_process_uses() {
        let metrics = Metrics::new().unwrap();
        let requests = metrics
            .counters("edge_requests_total", "Requests.", &["code"])
            .unwrap();
        requests.with_label_values(&["200"]).inc_by(3);
        let text = metrics.encode().unwrap();
        assert!(
            text.contains("# TYPE edge_requests_total counter\n"),
            "{text}"
        );
        assert!(
            text.contains("edge_requests_total{code=\"200\"} 3\n"),
            "{text}"
        );
        assert!(
            text.contains("# TYPE process_cpu_seconds_total counter\n"),
            "{text}"
        );
        for name in [
            "process_open_fds",
            "process_max_fds",
            "process_resident_memory_bytes",
            "process_start_time_seconds",
            "process_threads",
            "process_virtual_memory_bytes",
        ] {
            let line = text
                .lines()
                .find(|line| line.starts_with(&format!("{name} ")));
            let value: f64 = line
                .and_then(|line| line.split(' ').nth(1))
                .unwrap()
                .parse()
                .unwrap();
            assert!(value > 0.0, "{name}");
        }
    }

    #[test]
    fn refuses_the_same_name_twice() {
        let metrics = Metrics::new().unwrap();
        metrics.counter("edge_retries_total", "Retries.").unwrap();
        assert!(metrics.gauge("edge_retries_total", "Retries.").is_err());
    }
}
