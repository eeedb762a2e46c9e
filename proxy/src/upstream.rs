//! Upstreams at run time: the balancer's state behind a lock, and connections to the servers.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use edge_core::balance::{self, Group, Standing};
use edge_core::config;
use edge_core::failure::Failure;
use edge_core::health::Change;
use edge_core::retry;
use prometheus::{Histogram, IntGauge};

use crate::buffer::lock;
use crate::metrics::{Codes, Metrics};

/// A group of servers in use.
#[derive(Debug)]
pub(crate) struct Upstream {
    /// Its name in the configuration.
    pub(crate) name: String,
    /// Its servers, in the order of the configuration.
    pub(crate) servers: Vec<Server>,
    /// When a failed request goes to the next server.
    pub(crate) retry: retry::Policy,
    /// How its servers are probed.
    pub(crate) probe: Option<config::Probe>,
    /// Idle connections each worker keeps, and for how long.
    pub(crate) keepalive: (usize, Duration),
    group: Mutex<Group>,
    retries: Codes<&'static str>,
}

/// A server in use.
#[derive(Debug)]
pub(crate) struct Server {
    /// Where it is.
    pub(crate) address: SocketAddr,
    /// The same as text, for logs and labels.
    pub(crate) label: String,
    /// What the configuration says about it.
    pub(crate) settings: balance::Server,
    /// Requests by status.
    pub(crate) requests: Codes<u16>,
    /// Seconds from asking to the end of the answer.
    pub(crate) seconds: Histogram,
    /// Requests it is answering now.
    pub(crate) active: IntGauge,
    up: IntGauge,
}

impl Upstream {
    /// Sets an upstream up. What `old` knew of servers at the same address is kept.
    pub(crate) fn new(config: &config::Upstream, old: Option<&Self>, metrics: &Metrics) -> Self {
        let mut group = Group::new(config.servers.iter().map(|(_, server)| *server));
        if let Some(old) = old {
            let known = lock(&old.group);
            for (to, (address, _)) in config.servers.iter().enumerate() {
                let same = |server: &Server| server.address == *address;
                if let Some(from) = old.servers.iter().position(same) {
                    group.inherit(to, &known, from);
                }
            }
        }
        let servers = config
            .servers
            .iter()
            .map(|(address, server)| Server::new(&config.name, *address, *server, metrics))
            .collect();
        let upstream = Self {
            name: config.name.clone(),
            servers,
            retry: config.retry.clone(),
            probe: config.probe.clone(),
            keepalive: (config.keepalive, config.keepalive_timeout),
            group: Mutex::new(group),
            retries: metrics.retries(&config.name),
        };
        upstream.show_standings(Instant::now());
        upstream
    }

    /// The server to ask, of those not yet tried for this request.
    pub(crate) fn pick(&self, now: Instant, tried: &[usize]) -> Option<(usize, &Server)> {
        let index = lock(&self.group).pick(now, tried)?;
        Some((index, self.servers.get(index)?))
    }

    /// Notes that a server answered.
    pub(crate) fn succeeded(&self, index: usize) {
        lock(&self.group).handle_success(index);
    }

    /// Notes that a server failed, and says so if that takes it out.
    pub(crate) fn failed(&self, index: usize, now: Instant) {
        let ejected = lock(&self.group).handle_failure(index, now);
        let Some(server) = self.servers.get(index) else {
            return;
        };
        if ejected {
            tracing::warn!(
                upstream.name = %self.name,
                server.addr = %server.label,
                "taken out after too many failures; asked again after fail_timeout"
            );
            self.show_standings(now);
        }
    }

    /// Notes that another server is asked because `server` failed.
    pub(crate) fn retried(&self, server: &Server, failure: Failure) {
        self.retries.inc(failure.code());
        tracing::warn!(
            upstream.name = %self.name,
            server.addr = %server.label,
            reason = failure.code(),
            "asking another server: {}",
            failure.explanation()
        );
    }

    /// Notes the outcome of a probe, and says so if that changes the verdict.
    pub(crate) fn probed(&self, index: usize, outcome: Result<(), &str>) {
        let (Some(probe), Some(server)) = (&self.probe, self.servers.get(index)) else {
            return;
        };
        let change = lock(&self.group).handle_probe(index, outcome.is_ok(), &probe.thresholds);
        match change {
            Some(Change::Up) => tracing::info!(
                upstream.name = %self.name,
                server.addr = %server.label,
                "healthy again: {} probes in a row passed",
                probe.thresholds.rise
            ),
            Some(Change::Down) => tracing::warn!(
                upstream.name = %self.name,
                server.addr = %server.label,
                reason = outcome.err().unwrap_or_default(),
                "unhealthy: {} probes in a row failed",
                probe.thresholds.fall
            ),
            None => {}
        }
        self.show_standings(Instant::now());
    }

    /// Whether server `index` would be asked now, and if not, why.
    pub(crate) fn standing(&self, index: usize, now: Instant) -> Standing {
        lock(&self.group).standing(index, now)
    }

    /// Whether any server is up.
    pub(crate) fn is_up(&self, now: Instant) -> bool {
        (0..self.servers.len()).any(|index| self.standing(index, now) == Standing::Up)
    }

    /// Brings `edge_upstream_up` up to date; an ejection ends without any event, so the
    /// control calls this every second as well.
    pub(crate) fn show_standings(&self, now: Instant) {
        for (index, server) in self.servers.iter().enumerate() {
            server
                .up
                .set(i64::from(self.standing(index, now) == Standing::Up));
        }
    }
}

impl Server {
    fn new(
        upstream: &str,
        address: SocketAddr,
        settings: balance::Server,
        metrics: &Metrics,
    ) -> Self {
        let label = address.to_string();
        Self {
            address,
            settings,
            requests: metrics.upstream_requests(upstream, &label),
            seconds: metrics
                .upstream_seconds
                .with_label_values(&[upstream, &label]),
            active: metrics
                .upstream_active
                .with_label_values(&[upstream, &label]),
            up: metrics.upstream_up.with_label_values(&[upstream, &label]),
            label,
        }
    }
}
