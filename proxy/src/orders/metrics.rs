//! What is counted of orders.

use edge_core::config::OrderedCertificate;
use prometheus::{IntCounterVec, IntGaugeVec};

/// The metrics of certificates that are ordered.
#[derive(Debug)]
pub(crate) struct OrderMetrics {
    ended: IntCounterVec,
    next: IntGaugeVec,
}

impl OrderMetrics {
    /// Registers them.
    pub(crate) fn new(registry: &daemon::metrics::Metrics) -> Result<Self, daemon::metrics::Error> {
        Ok(Self {
            ended: registry.counters(
                "edge_acme_orders_total",
                "Orders of certificates, by what became of them.",
                &["result"],
            )?,
            next: registry.gauges(
                "edge_acme_next_order_timestamp_seconds",
                "When a certificate is ordered next; 0: at once.",
                &["name"],
            )?,
        })
    }

    /// When an order is due.
    pub(super) fn due(&self, ordered: &OrderedCertificate, due: i64) {
        let next = self.next.with_label_values(&[ordered.name()]);
        next.set(due.max(0));
    }

    /// An order has come to an end.
    pub(super) fn ended(&self, result: &str) {
        self.ended.with_label_values(&[result]).inc();
    }

    /// Forgets certificates that are no longer ordered.
    pub(crate) fn forget(&self) {
        self.next.reset();
    }
}
