//! What all workers share.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use daemon::reload::Live;
use tokio::sync::{Notify, mpsc};

use crate::access_log::LogFiles;
use crate::listen::Order;
use crate::metrics::Metrics;
use crate::snapshot::Snapshot;

/// The edge: its configuration in use, its metrics, and how far it is from its end.
#[derive(Debug)]
pub(crate) struct Edge {
    /// The configuration in use.
    pub(crate) live: Live<Snapshot>,
    /// Where the configuration is written.
    pub(crate) path: PathBuf,
    /// The metrics.
    pub(crate) metrics: Metrics,
    /// The access logs.
    pub(crate) logs: LogFiles,
    /// Orders to each worker.
    pub(crate) workers: Vec<mpsc::UnboundedSender<Order>>,
    /// Tells connections that wait for a request to close.
    pub(crate) leave: Notify,
    /// Tells the server that all is over.
    pub(crate) over: Notify,
    draining: AtomicBool,
    open: AtomicUsize,
    accepted: AtomicU64,
    closed: Notify,
}

impl Edge {
    /// An edge that is about to start.
    pub(crate) fn new(
        snapshot: Snapshot,
        path: PathBuf,
        metrics: Metrics,
        logs: LogFiles,
        workers: Vec<mpsc::UnboundedSender<Order>>,
    ) -> Self {
        let edge = Self {
            live: Live::new(snapshot),
            path,
            metrics,
            logs,
            workers,
            leave: Notify::new(),
            over: Notify::new(),
            draining: AtomicBool::new(false),
            open: AtomicUsize::new(0),
            accepted: AtomicU64::new(0),
            closed: Notify::new(),
        };
        edge.show_generation();
        edge
    }

    /// Brings the metrics about the configuration up to date.
    pub(crate) fn show_generation(&self) {
        let state = self.live.state();
        let since = state
            .since
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        self.metrics
            .generation
            .set(i64::try_from(state.generation).unwrap_or(i64::MAX));
        self.metrics.reloaded_at.set(since.as_secs_f64());
    }

    /// Whether connections end with the request under way.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Ends idle connections now and the others with the request under way.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
        self.leave.notify_waiters();
    }

    /// Waits until the last connection is closed.
    pub(crate) async fn drained(&self) {
        loop {
            let closed = self.closed.notified();
            if self.open.load(Ordering::Acquire) == 0 {
                return;
            }
            closed.await;
        }
    }

    /// The number of a connection that was just accepted, from 1 (nginx's `$connection`).
    pub(crate) fn next_connection(&self) -> u64 {
        self.accepted.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Connections open now.
    pub(crate) fn open_connections(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }
}

/// Counts a connection for as long as it lives, by what it is doing.
#[derive(Debug)]
pub(crate) struct Counted<'a> {
    edge: &'a Edge,
    active: bool,
}

impl<'a> Counted<'a> {
    /// A connection that waits for its first request.
    pub(crate) fn new(edge: &'a Edge) -> Self {
        edge.open.fetch_add(1, Ordering::Relaxed);
        edge.metrics.idle.inc();
        Self {
            edge,
            active: false,
        }
    }

    /// A request is under way.
    pub(crate) fn begin(&mut self) {
        self.edge.metrics.idle.dec();
        self.edge.metrics.active.inc();
        self.active = true;
    }

    /// It has ended.
    pub(crate) fn end(&mut self) {
        self.edge.metrics.active.dec();
        self.edge.metrics.idle.inc();
        self.active = false;
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        if self.active {
            self.end();
        }
        if std::thread::panicking() {
            // The runtime stops the panic at this connection; the others go on.
            self.edge.metrics.panics.inc();
        }
        self.edge.metrics.idle.dec();
        if self.edge.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.edge.closed.notify_waiters();
        }
    }
}
