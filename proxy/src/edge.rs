//! What all workers share.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use daemon::reload::Live;
use edge_core::address::Address;
use edge_core::admission::Addresses;
use edge_core::status_page::Counts;
use prometheus::IntGauge;
use tokio::sync::{Notify, mpsc};

use crate::access_log::LogFiles;
use crate::buffer::lock;
use crate::listen::Order;
use crate::metrics::Metrics;
use crate::orders::Orders;
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
    /// Certificates that are ordered.
    pub(crate) orders: Orders,
    /// Orders to each worker.
    pub(crate) workers: Vec<mpsc::UnboundedSender<Order>>,
    /// Tells connections that wait for a request to close.
    pub(crate) leave: Notify,
    /// Tells tunnels that they have to end.
    pub(crate) stop_tunnels: Notify,
    /// Tells the server that all is over.
    pub(crate) over: Notify,
    /// Connections of each client address.
    pub(crate) addresses: Mutex<Addresses>,
    /// Why the process ends, if not because it was told to.
    failure: Mutex<Option<String>>,
    /// What connections are doing, by listener.
    occupied: Mutex<HashMap<Address, Arc<Occupied>>>,
    draining: AtomicBool,
    stopped_tunnels: AtomicBool,
    /// Milliseconds that idle connections may go on when draining.
    idle: AtomicU64,
    open: AtomicUsize,
    /// Sockets on which connections are accepted.
    accepting: AtomicUsize,
    accepted: AtomicU64,
    closed: Notify,
}

/// Connections of one listener.
#[derive(Debug, Default)]
pub(crate) struct Occupied {
    /// Those that wait for a request.
    pub(crate) idle: AtomicUsize,
    /// Those with a request under way.
    pub(crate) active: AtomicUsize,
}

impl Edge {
    /// An edge that is about to start.
    pub(crate) fn new(
        live: Live<Snapshot>,
        path: PathBuf,
        metrics: Metrics,
        logs: LogFiles,
        workers: Vec<mpsc::UnboundedSender<Order>>,
    ) -> Self {
        let edge = Self {
            live,
            path,
            metrics,
            logs,
            orders: Orders::default(),
            workers,
            leave: Notify::new(),
            stop_tunnels: Notify::new(),
            over: Notify::new(),
            addresses: Mutex::default(),
            failure: Mutex::default(),
            occupied: Mutex::default(),
            draining: AtomicBool::new(false),
            stopped_tunnels: AtomicBool::new(false),
            idle: AtomicU64::new(0),
            open: AtomicUsize::new(0),
            accepting: AtomicUsize::new(0),
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

    /// How long connections may wait for a request although all is about to end.
    pub(crate) fn idle_time(&self) -> Duration {
        Duration::from_millis(self.idle.load(Ordering::Relaxed))
    }

    /// Notes why the process ends.
    pub(crate) fn fail(&self, reason: String) {
        *lock(&self.failure) = Some(reason);
    }

    /// Why the process ends, if not because it was told to.
    pub(crate) fn failure(&self) -> Option<String> {
        lock(&self.failure).take()
    }

    /// Ends idle connections after `idle` and the others with the request under way.
    pub(crate) fn drain(&self, idle: Duration) {
        let idle = u64::try_from(idle.as_millis()).unwrap_or(u64::MAX);
        self.idle.store(idle, Ordering::Relaxed);
        self.draining.store(true, Ordering::Relaxed);
        self.leave.notify_waiters();
    }

    /// Ends tunnels, which need never end by themselves; whether there are any.
    pub(crate) fn end_tunnels(&self) -> bool {
        self.stopped_tunnels.store(true, Ordering::Relaxed);
        self.stop_tunnels.notify_waiters();
        self.metrics.tunnels.get() > 0
    }

    /// Whether there are to be no tunnels any more.
    pub(crate) fn has_stopped_tunnels(&self) -> bool {
        self.stopped_tunnels.load(Ordering::Relaxed)
    }

    /// Waits until no connection is accepted any more and the last one is closed.
    pub(crate) async fn drained(&self) {
        loop {
            let closed = self.closed.notified();
            // In this order: what is accepted is open before the socket is given up.
            if self.accepting.load(Ordering::Acquire) == 0 && self.open.load(Ordering::Acquire) == 0
            {
                return;
            }
            closed.await;
        }
    }

    /// One more socket on which connections are accepted.
    pub(crate) fn accepts(&self) {
        self.accepting.fetch_add(1, Ordering::Relaxed);
    }

    /// One less.
    pub(crate) fn accepts_no_more(&self) {
        if self.accepting.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.closed.notify_waiters();
        }
    }

    /// One more connection; how many there were before.
    pub(crate) fn opened(&self) -> usize {
        self.open.fetch_add(1, Ordering::Relaxed)
    }

    /// One connection less.
    pub(crate) fn closed(&self) {
        if self.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.closed.notify_waiters();
        }
    }

    /// The number of a connection that was just accepted, from 1 (nginx's `$connection`).
    pub(crate) fn next_connection(&self) -> u64 {
        self.accepted.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// What nginx's `stub_status` tells.
    pub(crate) fn counts(&self) -> Counts {
        let handled = self.accepted.load(Ordering::Relaxed);
        let gauge = |gauge: &IntGauge| u64::try_from(gauge.get()).unwrap_or(0);
        let (busy, waiting) = (gauge(&self.metrics.active), gauge(&self.metrics.idle));
        Counts {
            accepted: handled + self.metrics.turned_away(),
            handled,
            requests: self.metrics.requests() + busy,
            busy,
            waiting,
        }
    }

    /// What the connections of a listener are doing.
    pub(crate) fn occupied(&self, listener: &Address) -> Arc<Occupied> {
        let mut all = lock(&self.occupied);
        if let Some(found) = all.get(listener) {
            return Arc::clone(found);
        }
        Arc::clone(all.entry(listener.clone()).or_default())
    }

    /// Connections open now.
    pub(crate) fn open_connections(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }
}
