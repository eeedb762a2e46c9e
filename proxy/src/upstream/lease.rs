//! Borrowing a server for a request, and waiting for one.

use std::collections::VecDeque;
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, Instant};

use edge_core::balance::{Ask, Lease, Pick};
use edge_core::config::Queue;
use edge_core::failure::Failure;
use prometheus::IntGauge;
use tokio::sync::oneshot;

use super::servers::State;
use super::{Server, Servers};
use crate::buffer::lock;

/// A server for as long as it is busy with a request.
#[derive(Debug)]
pub(crate) struct Lent {
    /// Which one.
    pub(crate) server: Arc<Server>,
    /// Its slot and part in the accounting.
    pub(crate) lease: Lease,
    servers: Arc<Servers>,
}

/// Why no server is lent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// None may be asked.
    Nobody,
    /// All are busy, and this is what came of waiting.
    Busy(Failure),
}

/// Requests that wait, the longest first. Each is told once that it may try.
#[derive(Debug, Default)]
pub(super) struct Waiting(VecDeque<oneshot::Sender<()>>);

impl Waiting {
    /// Lets the next one try; those that have given up meanwhile are passed over.
    pub(super) fn wake_one(&mut self) {
        while let Some(next) = self.0.pop_front() {
            if next.send(()).is_ok() {
                return;
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A place at the end, if there is one.
    fn join(&mut self, queue: &Queue) -> Option<oneshot::Receiver<()>> {
        let size = usize::try_from(queue.size.get()).unwrap_or(usize::MAX);
        if self.0.len() >= size {
            // Those that gave up do not count.
            self.0.retain(|waiting| !waiting.is_closed());
        }
        (self.0.len() < size).then(|| {
            let (wake, woken) = oneshot::channel();
            self.0.push_back(wake);
            woken
        })
    }
}

impl Servers {
    /// Lends the server that is to take a request, or, where `queue` says so, waits for one.
    pub(crate) async fn lend(
        self: &Arc<Self>,
        ask: Ask<'_>,
        queue: Option<&Queue>,
    ) -> Result<Lent, Refused> {
        if let Some(result) = self.begin(&ask, queue) {
            return result;
        }
        let Some(queue) = queue else {
            return Err(Refused::Busy(Failure::Busy));
        };
        let end = Instant::now() + queue.timeout;
        loop {
            let Some(woken) = lock(&self.state).waiting.join(queue) else {
                return Err(Refused::Busy(Failure::QueueFull));
            };
            let left = end.saturating_duration_since(Instant::now());
            let _queued = Counted::new(&self.queued);
            if left == Duration::ZERO || tokio::time::timeout(left, woken).await.is_err() {
                return Err(Refused::Busy(Failure::QueueTimeout));
            }
            let now = Instant::now();
            let state = lock(&self.state);
            if let Some(result) = self.pick(state, &Ask { now, ..ask }) {
                return result;
            }
        }
    }

    /// Counts a new request, and lends a server at once; `None` if all are busy, or if others wait
    /// already and this one has to go behind them.
    fn begin(
        self: &Arc<Self>,
        ask: &Ask<'_>,
        queue: Option<&Queue>,
    ) -> Option<Result<Lent, Refused>> {
        let mut state = lock(&self.state);
        if ask.tried.is_empty() {
            state.budget.deposit(ask.now);
        }
        if queue.is_some() && !state.waiting.is_empty() {
            return None;
        }
        self.pick(state, ask)
    }

    /// Lends a server at once; `None` if all are busy.
    fn pick(
        self: &Arc<Self>,
        mut state: MutexGuard<'_, State>,
        ask: &Ask<'_>,
    ) -> Option<Result<Lent, Refused>> {
        let lease = match state.group.pick(ask) {
            Pick::Server(lease) => lease,
            Pick::Busy => return None,
            Pick::Nobody => return Some(Err(Refused::Nobody)),
        };
        let Some(server) = self.server(lease.index) else {
            state.group.release(&lease);
            return Some(Err(Refused::Nobody));
        };
        drop(state);
        server.active.inc();
        Some(Ok(Lent {
            server,
            lease,
            servers: Arc::clone(self),
        }))
    }
}

/// Counts a request that waits for as long as it does.
struct Counted<'a>(&'a IntGauge);

impl<'a> Counted<'a> {
    fn new(gauge: &'a IntGauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Lent {
    /// Notes that the server answered, and how long that took.
    pub(crate) fn succeeded(&self, now: Instant, latency: Duration) {
        lock(&self.servers.state)
            .group
            .handle_success(&self.lease, now, latency);
    }

    /// Notes that the server failed, and says so if that takes it out. `key` is the same for
    /// requests that ask for the same thing, if that may be the reason.
    pub(crate) fn failed(&self, now: Instant, key: Option<u64>) {
        let ejected = lock(&self.servers.state)
            .group
            .handle_failure(&self.lease, now, key);
        if ejected {
            tracing::warn!(
                upstream.name = %self.servers.name,
                server.addr = %self.server.label,
                "taken out after too many failures; asked again after fail_timeout"
            );
            self.servers.show_standings(now);
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.server.active.dec();
        let mut state = lock(&self.servers.state);
        state.group.release(&self.lease);
        state.waiting.wake_one();
    }
}
