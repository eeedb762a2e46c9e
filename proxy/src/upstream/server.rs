//! One server of an upstream.

use std::sync::atomic::{AtomicU64, Ordering};

use edge_core::address::Address;
use prometheus::{Histogram, IntGauge};
use sha2::{Digest as _, Sha256};

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
        }
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
    digest.iter().take(8).fold(String::new(), |text, byte| {
        let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
        text + &String::from_iter([digit(byte >> 4), digit(byte & 15)])
    })
}
