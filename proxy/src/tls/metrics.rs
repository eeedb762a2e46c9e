//! What is counted of TLS.

use edge_core::tls::Session;
use prometheus::{IntCounterVec, IntGaugeVec};

/// The metrics of TLS with clients.
#[derive(Debug)]
pub(crate) struct TlsMetrics {
    handshakes: IntCounterVec,
    failures: IntCounterVec,
    /// When certificates expire.
    pub(super) expiry: IntGaugeVec,
    /// How reading certificates again went.
    pub(super) reads: IntCounterVec,
}

impl TlsMetrics {
    /// Registers them.
    pub(crate) fn new(registry: &daemon::metrics::Metrics) -> Result<Self, daemon::metrics::Error> {
        Ok(Self {
            handshakes: registry.counters(
                "edge_tls_handshakes_total",
                "TLS handshakes with clients.",
                &["version", "resumed"],
            )?,
            failures: registry.counters(
                "edge_tls_handshake_failures_total",
                "TLS handshakes with clients that came to nothing, by cause.",
                &["cause"],
            )?,
            expiry: registry.gauges(
                "edge_tls_certificate_expiry_timestamp_seconds",
                "When a certificate expires.",
                &["name"],
            )?,
            reads: registry.counters(
                "edge_tls_certificate_reads_total",
                "How often changed certificates were read again, by result.",
                &["result"],
            )?,
        })
    }

    /// A handshake has succeeded.
    pub(crate) fn agreed(&self, session: &Session) {
        let resumed = if session.resumed { "true" } else { "false" };
        let labels = [session.version, resumed];
        self.handshakes.with_label_values(&labels).inc();
    }

    /// A handshake has failed, for a cause of a closed list.
    pub(crate) fn failed(&self, cause: &str) {
        self.failures.with_label_values(&[cause]).inc();
    }

    /// Forgets certificates that are no longer there.
    pub(crate) fn forget(&self) {
        self.expiry.reset();
    }
}
