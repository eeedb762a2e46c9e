//! What the backend counts. Every label has a bounded set of values, whatever a client sends.

use std::time::Duration;

use daemon::metrics::{
    Error, HistogramVec, IntCounterVec, IntGaugeVec, LATENCY, Metrics as Registry,
};
use store::{Connections, Lookup};

/// The metrics of this process.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    http_requests: IntCounterVec,
    http_seconds: HistogramVec,
    grpc_requests: IntCounterVec,
    grpc_seconds: HistogramVec,
    cache_requests: IntCounterVec,
    pool_connections: IntGaugeVec,
}

impl Metrics {
    /// Declares every metric.
    pub fn new() -> Result<Self, Error> {
        let registry = Registry::new()?;
        Ok(Self {
            http_requests: registry.counters(
                "hifate_http_requests_total",
                "HTTP requests answered by the Web App.",
                &["method", "route", "code"],
            )?,
            http_seconds: registry.histograms(
                "hifate_http_request_duration_seconds",
                "Time the Web App took to answer, in seconds.",
                &["method", "route"],
                LATENCY,
            )?,
            grpc_requests: registry.counters(
                "hifate_grpc_requests_total",
                "gRPC calls answered.",
                &["service", "method", "code"],
            )?,
            grpc_seconds: registry.histograms(
                "hifate_grpc_request_duration_seconds",
                "Time a gRPC call took to be answered, in seconds.",
                &["service", "method"],
                LATENCY,
            )?,
            cache_requests: registry.counters(
                "hifate_cache_requests_total",
                "Answers asked of a cache.",
                &["tier", "result"],
            )?,
            pool_connections: registry.gauges(
                "hifate_db_pool_connections",
                "Connections to the database.",
                &["role", "state"],
            )?,
            registry,
        })
    }

    /// Counts an answered HTTP request.
    pub fn http(&self, method: &str, route: &str, code: u16, took: Duration) {
        self.http_requests
            .with_label_values(&[method, route, &code.to_string()])
            .inc();
        self.http_seconds
            .with_label_values(&[method, route])
            .observe(took.as_secs_f64());
    }

    /// Counts an answered gRPC call.
    pub fn grpc(&self, service: &str, method: &str, code: &str, took: Duration) {
        self.grpc_requests
            .with_label_values(&[service, method, code])
            .inc();
        self.grpc_seconds
            .with_label_values(&[service, method])
            .observe(took.as_secs_f64());
    }

    /// Counts an answer asked of the cache in memory.
    pub fn cache(&self, lookup: Lookup) {
        let result = match lookup {
            Lookup::Hit => "hit",
            Lookup::Miss => "miss",
        };
        self.cache_requests
            .with_label_values(&["memory", result])
            .inc();
    }

    /// The text form, with the connections of the database as they are now.
    pub fn encode(&self, connections: Connections) -> Result<String, Error> {
        for (state, count) in [("idle", connections.idle), ("used", connections.used)] {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            self.pool_connections
                .with_label_values(&["primary", state])
                .set(count);
        }
        self.registry.encode()
    }
}
