//! One server of an upstream.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use edge_core::address::Address;
use edge_core::balance::Standing;
use edge_core::hex;
use prometheus::{Histogram, IntGauge};
use sha2::{Digest as _, Sha256};

use crate::buffer::lock;
use crate::metrics::{Codes, Metrics};

/// A server in use.
#[derive(Debug)]
pub(crate) struct Server {
    /// A number that no other server has, in no upstream.
    pub(crate) id: u64,
    /// Where it is.
    pub(crate) address: Address,
    /// The same as text, for logs and labels.
    pub(crate) label: String,
    /// What a client's cookie says to stay with it.
    pub(crate) token: String,
    /// Requests by status.
    pub(crate) requests: Codes<u16>,
    /// Seconds from asking to the end of the answer.
    pub(crate) seconds: Histogram,
    /// Requests it is answering now.
    pub(super) active: IntGauge,
    /// Whether it is asked.
    pub(super) up: IntGauge,
    /// What operators were last told of it.
    shown: Mutex<Shown>,
}

/// What operators are told of a server.
#[derive(Debug, Default)]
struct Shown {
    /// How it stood, and since when.
    standing: Option<(Standing, SystemTime)>,
    /// Why its last probe failed, if it did.
    unwell: Option<String>,
}

impl Server {
    pub(super) fn new(upstream: &str, address: Address, metrics: &Metrics) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let label = address.to_string();
        let labels = [upstream, &label];
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            address,
            token: token(upstream, &label),
            requests: metrics.upstream_requests(upstream, &label),
            seconds: metrics.upstream_seconds.with_label_values(&labels),
            active: metrics.upstream_active.with_label_values(&labels),
            up: metrics.upstream_up.with_label_values(&labels),
            label,
            shown: Mutex::default(),
        }
    }

    /// Notes the outcome of a probe.
    pub(super) fn probed(&self, failure: Option<&str>) {
        let mut shown = lock(&self.shown);
        if shown.unwell.as_deref() != failure {
            shown.unwell = failure.map(str::to_owned);
        }
    }

    /// Why its last probe failed, if it did.
    pub(super) fn unwell(&self) -> Option<String> {
        lock(&self.shown).unwell.clone()
    }

    /// Since when it has stood as it does.
    pub(crate) fn since(&self) -> Option<SystemTime> {
        lock(&self.shown).standing.map(|(_, since)| since)
    }

    /// Notes how it stands; whether that is news to operators, as its first standing is not if it is
    /// up.
    pub(super) fn shows(&self, standing: Standing) -> bool {
        let mut shown = lock(&self.shown);
        let before = shown.standing.map(|(before, _)| before);
        if before == Some(standing) {
            return false;
        }
        shown.standing = Some((standing, SystemTime::now()));
        before.is_some() || standing != Standing::Up
    }
}

/// The same on both nodes and after a restart, so that a client stays with its server through
/// either; says nothing about the server to somebody who reads it.
fn token(upstream: &str, address: &str) -> String {
    let digest = Sha256::new()
        .chain_update(upstream)
        .chain_update([0])
        .chain_update(address)
        .finalize();
    hex::text(digest.into_iter().take(8))
}
