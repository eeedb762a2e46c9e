//! What `/metrics` says. Names and labels are a contract (golden test), and every label's values
//! come from the configuration or a closed list, never from a client.

use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use std::time::Instant;

use edge_core::admin::Sample;
use edge_core::http::Method;
use prometheus::core::Collector as _;
use prometheus::proto::MetricFamily;
use prometheus::{
    Gauge, Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec,
};

use crate::admission::Refused;
use crate::events::Events;
use crate::handover::Upgrades;
use crate::orders::OrderMetrics;
use crate::spans::Counts;
use crate::tls::TlsMetrics;

/// The edge's metrics.
#[derive(Debug)]
pub(crate) struct Metrics {
    /// The registry behind them.
    pub(crate) registry: daemon::metrics::Metrics,
    /// What cannot be counted: what has happened, and when.
    pub(crate) events: Arc<Events>,
    /// Connections that wait for a request.
    pub(crate) idle: IntGauge,
    /// Connections with a request under way.
    pub(crate) active: IntGauge,
    /// Requests whose protocols were switched, as long as both sides speak.
    pub(crate) tunnels: IntGauge,
    /// What has passed through them.
    pub(crate) tunnel_bytes: TunnelBytes,
    /// Connections that were closed at once, by reason.
    pub(crate) refused: Codes<Refused>,
    /// Requests being answered by a server.
    pub(crate) upstream_active: IntGaugeVec,
    /// Requests that wait for a server.
    pub(crate) upstream_queued: IntGaugeVec,
    /// Whether a server is asked.
    pub(crate) upstream_up: IntGaugeVec,
    /// Seconds from asking a server to the end of its answer.
    pub(crate) upstream_seconds: HistogramVec,
    /// Generation of the configuration in use.
    pub(crate) generation: IntGauge,
    /// When it was last replaced.
    pub(crate) reloaded_at: Gauge,
    /// Reloads by result.
    pub(crate) reloads: IntCounterVec,
    /// Binary upgrades by result.
    pub(crate) upgrades: IntCounterVec,
    /// Access log lines that could not be written.
    pub(crate) log_lost: IntCounter,
    /// Spans by what became of them.
    pub(crate) spans: Counts,
    /// TLS with clients.
    pub(crate) tls: TlsMetrics,
    /// Of certificates that are ordered.
    pub(crate) orders: OrderMetrics,
    /// Panics that were caught.
    pub(crate) panics: IntCounter,
    requests: IntCounterVec,
    failures: IntCounterVec,
    duration: HistogramVec,
    request_size: HistogramVec,
    response_size: HistogramVec,
    upstream_requests: IntCounterVec,
    retries: IntCounterVec,
    rate_limited: IntCounterVec,
}

impl Metrics {
    /// Registers all of them.
    #[expect(clippy::too_many_lines, reason = "a table of names and help texts")]
    pub(crate) fn new() -> Result<Self, daemon::metrics::Error> {
        let registry = daemon::metrics::Metrics::new()?;
        let connections = registry.gauges(
            "edge_connections",
            "Client connections by state.",
            &["state"],
        )?;
        let of_route = ["site", "route"];
        let of_server = ["upstream", "server"];
        let seconds = daemon::metrics::LATENCY;
        let bytes = daemon::metrics::BYTES;
        let r = &registry;
        Ok(Self {
            idle: connections.with_label_values(&["idle"]),
            active: connections.with_label_values(&["active"]),
            tunnels: r.gauge(
                "edge_tunnels",
                "Requests that became another protocol (WebSocket) and have not ended.",
            )?,
            tunnel_bytes: TunnelBytes::new(r)?,
            refused: refused(r)?,
            upstream_active: r.gauges(
                "edge_upstream_active",
                "Requests a server is answering.",
                &of_server,
            )?,
            upstream_queued: r.gauges(
                "edge_upstream_queued",
                "Requests that wait for a server.",
                &["upstream"],
            )?,
            upstream_up: r.gauges(
                "edge_upstream_up",
                "Whether a server takes requests.",
                &of_server,
            )?,
            upstream_seconds: r.histograms(
                "edge_upstream_response_seconds",
                "Time a server took to answer.",
                &of_server,
                seconds,
            )?,
            generation: r.gauge(
                "edge_config_generation",
                "Generation of the configuration in use.",
            )?,
            reloaded_at: r.float_gauge(
                "edge_config_last_reload_timestamp_seconds",
                "When the configuration in use was loaded.",
            )?,
            reloads: r.counters(
                "edge_config_reload_total",
                "Reloads by result.",
                &["result"],
            )?,
            upgrades: r.counters(
                "edge_upgrades_total",
                "Binary upgrades by result, those of the processes before this one included.",
                &["result"],
            )?,
            log_lost: r.counter(
                "edge_access_log_lost_total",
                "Access log lines that could not be written.",
            )?,
            spans: Counts {
                exported: r.counter(
                    "edge_spans_exported_total",
                    "Trace spans that the collector took.",
                )?,
                dropped: r.counter(
                    "edge_spans_dropped_total",
                    "Trace spans that the collector did not take.",
                )?,
            },
            tls: TlsMetrics::new(r)?,
            orders: OrderMetrics::new(r)?,
            panics: r.counter(
                "edge_panics_total",
                "Panics caught while serving a connection.",
            )?,
            requests: r.counters(
                "edge_requests_total",
                "Requests answered.",
                &["site", "route", "method", "code"],
            )?,
            failures: r.counters(
                "edge_failures_total",
                "Requests the edge had to answer itself, by reason.",
                &["site", "route", "reason"],
            )?,
            duration: r.histograms(
                "edge_request_duration_seconds",
                "Time from the request's first byte to the response's last.",
                &of_route,
                seconds,
            )?,
            request_size: r.histograms(
                "edge_request_size_bytes",
                "Size of requests, head and body.",
                &of_route,
                bytes,
            )?,
            response_size: r.histograms(
                "edge_response_size_bytes",
                "Size of responses, head and body.",
                &of_route,
                bytes,
            )?,
            upstream_requests: r.counters(
                "edge_upstream_requests_total",
                "Requests a server was asked, by its answer; 0 if there was none.",
                &["upstream", "server", "code"],
            )?,
            retries: r.counters(
                "edge_upstream_retries_total",
                "Requests that went to another server, by reason.",
                &["upstream", "reason"],
            )?,
            rate_limited: r.counters(
                "edge_rate_limited_total",
                "Requests that a rate limit delayed or refused, or would have (dry run).",
                &["limit", "result"],
            )?,
            registry,
            events: Arc::default(),
        })
    }

    /// Goes on counting upgrades where another process has left off.
    pub(crate) fn set_upgrades(&self, counted: Upgrades) {
        for (result, count) in [("success", counted.success), ("failure", counted.failure)] {
            self.upgrades.with_label_values(&[result]).inc_by(count);
        }
    }

    /// What has been counted of upgrades.
    pub(crate) fn upgrades(&self) -> Upgrades {
        let count = |result| self.upgrades.with_label_values(&[result]).get();
        Upgrades {
            success: count("success"),
            failure: count("failure"),
        }
    }

    /// What the counters say now: requests, those answered with 5xx, and how many took no longer than
    /// each bound.
    pub(crate) fn sample(&self, at: Instant) -> Sample {
        let mut within = vec![0; daemon::metrics::LATENCY.len() + 1];
        for family in self.duration.collect() {
            for sample in family.get_metric() {
                let histogram = sample.get_histogram();
                let buckets = histogram.get_bucket().iter();
                let counts = buckets.map(prometheus::proto::Bucket::cumulative_count);
                let counts = counts.take(within.len() - 1);
                for (sum, count) in within.iter_mut().zip(counts) {
                    *sum += count;
                }
                if let Some(all) = within.last_mut() {
                    *all += histogram.get_sample_count();
                }
            }
        }
        Sample {
            at,
            requests: self.requests(),
            errors: self.requests_where(|code| code.starts_with('5')),
            within,
        }
    }

    /// Requests answered since the start.
    pub(crate) fn requests(&self) -> u64 {
        self.requests_where(|_| true)
    }

    fn requests_where(&self, counts: impl Fn(&str) -> bool) -> u64 {
        let families = self.requests.collect();
        let samples = families.iter().flat_map(MetricFamily::get_metric);
        let samples = samples.filter(|sample| {
            let mut labels = sample.get_label().iter();
            labels.any(|label| label.name() == "code" && counts(label.value()))
        });
        let counts = samples.map(|sample| sample.get_counter().get_value());
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a counter is a whole number, told as a float"
        )]
        let count = counts.sum::<f64>() as u64;
        count
    }

    /// Connections that were closed because there were too many in all.
    pub(crate) fn turned_away(&self) -> u64 {
        let labels = [Refused::Connections.code()];
        self.refused.family.with_label_values(&labels).get()
    }

    /// The metrics of one route.
    pub(crate) fn route(&self, site: &str, route: &str) -> RouteMetrics {
        let labels = [site, route];
        RouteMetrics {
            requests: Codes::new(&self.requests, &labels, |(method, code): &(_, u16)| {
                vec![*method, code_label(*code)]
            }),
            failures: Codes::new(&self.failures, &labels, |reason: &&'static str| {
                vec![*reason]
            }),
            duration: self.duration.with_label_values(&labels),
            request_size: self.request_size.with_label_values(&labels),
            response_size: self.response_size.with_label_values(&labels),
        }
    }

    /// Requests that a rate limit held up in one way; there from the start.
    pub(crate) fn rate_limited(&self, limit: &str, result: &str) -> IntCounter {
        self.rate_limited.with_label_values(&[limit, result])
    }

    /// Requests to one server, by status.
    pub(crate) fn upstream_requests(&self, upstream: &str, server: &str) -> Codes<u16> {
        let labels = [upstream, server];
        Codes::new(&self.upstream_requests, &labels, |code| {
            vec![code_label(*code)]
        })
    }

    /// Retries of one upstream, by reason.
    pub(crate) fn retries(&self, upstream: &str) -> Codes<&'static str> {
        Codes::new(&self.retries, &[upstream], |reason| vec![*reason])
    }
}

/// What has passed through tunnels.
#[derive(Debug)]
pub(crate) struct TunnelBytes {
    /// From clients to servers.
    pub(crate) to_server: IntCounter,
    /// From servers to clients.
    pub(crate) to_client: IntCounter,
}

impl TunnelBytes {
    fn new(registry: &daemon::metrics::Metrics) -> Result<Self, daemon::metrics::Error> {
        let family = registry.counters(
            "edge_tunnel_bytes_total",
            "Bytes that have passed through tunnels, by the side that they were for.",
            &["to"],
        )?;
        Ok(Self {
            to_server: family.with_label_values(&["server"]),
            to_client: family.with_label_values(&["client"]),
        })
    }
}

/// All reasons are there from the start, so that the first refusal is an increase.
fn refused(registry: &daemon::metrics::Metrics) -> Result<Codes<Refused>, daemon::metrics::Error> {
    let family = registry.counters(
        "edge_connections_refused_total",
        "Connections closed at once, by reason.",
        &["reason"],
    )?;
    for reason in Refused::ALL {
        family.with_label_values(&[reason.code()]).reset();
    }
    Ok(Codes::new(&family, &[], |reason: &Refused| {
        vec![reason.code()]
    }))
}

/// The metrics of one route, looked up once.
#[derive(Debug)]
pub(crate) struct RouteMetrics {
    /// Requests by method and status.
    pub(crate) requests: Codes<(&'static str, u16)>,
    /// Answers that the edge had to make itself, by reason.
    pub(crate) failures: Codes<&'static str>,
    /// Seconds.
    pub(crate) duration: Histogram,
    /// Bytes.
    pub(crate) request_size: Histogram,
    /// Bytes.
    pub(crate) response_size: Histogram,
}

/// Counters of one family that differ in their last labels only, found without formatting.
///
/// A route sees a handful of statuses in its life, so they are searched in order of appearance.
#[derive(Debug)]
pub(crate) struct Codes<K> {
    family: IntCounterVec,
    labels: Vec<String>,
    rest: fn(&K) -> Vec<&'static str>,
    known: RwLock<Vec<(K, IntCounter)>>,
}

impl<K: Copy + Eq> Codes<K> {
    fn new(family: &IntCounterVec, labels: &[&str], rest: fn(&K) -> Vec<&'static str>) -> Self {
        Self {
            family: family.clone(),
            labels: labels.iter().map(ToString::to_string).collect(),
            rest,
            known: RwLock::default(),
        }
    }

    /// Counts one more of `key`.
    pub(crate) fn inc(&self, key: K) {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, counter)) = known.iter().find(|(other, _)| *other == key) {
            counter.inc();
            return;
        }
        drop(known);
        let rest = (self.rest)(&key);
        let labels: Vec<&str> = self.labels.iter().map(String::as_str).chain(rest).collect();
        let counter = self.family.with_label_values(&labels);
        counter.inc();
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.iter().all(|(other, _)| *other != key) {
            known.push((key, counter));
        }
    }
}

/// The method as a label; clients may invent methods, labels may not.
pub(crate) fn method_label(method: Method<'_>) -> &'static str {
    match method {
        Method::Delete => "DELETE",
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Options => "OPTIONS",
        Method::Patch => "PATCH",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Other(_) => "OTHER",
    }
}

/// A status as a label: servers may answer any status from 100 to 599, and 0 stands for none.
fn code_label(code: u16) -> &'static str {
    static LABELS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
        (0..600)
            .map(|code| &*String::leak(code.to_string()))
            .collect()
    });
    LABELS.get(usize::from(code)).copied().unwrap_or("0")
}
