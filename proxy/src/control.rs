//! What operators ask for: reload, upgrade, stop, new log files; and the admin port.

pub(crate) mod admin;
pub(crate) mod load;
mod service;
mod upgrade;
mod watchdog;

use std::sync::{Arc, Mutex as Exclusive};
use std::time::{Duration, Instant};

use daemon::lifecycle::{self, PidFile, Signal, Signals};
use edge_core::address::Address;
use edge_core::config::Listener;
use tokio::sync::{Mutex, Notify, oneshot, watch};
use tokio::task::JoinSet;

use self::admin::Operators;
pub(crate) use self::service::{ControlService, Over, Sockets, Start};
use self::upgrade::Phase;
use crate::buffer::lock;
use crate::edge::Edge;
use crate::handover::Binary;
use crate::listen::{self, Bound, Inherited, Open, Order, Shares};
use crate::probe;
use crate::resolve;
use crate::run::levels;
use crate::snapshot::Snapshot;

/// The part of the edge that serves its operators.
#[derive(Debug)]
pub(crate) struct Control {
    edge: Arc<Edge>,
    /// Who may ask, and what they have asked for.
    operators: Arc<Operators>,
    /// Probes and name lookups of the configuration in use. Holding them serialises reloads.
    watches: Mutex<JoinSet<()>>,
    /// What clients and operators connect to.
    open: Open,
    /// What the service manager holds for this process.
    inherited: Exclusive<Inherited>,
    /// What is started in place of this process.
    binary: Binary,
    log: ErrorLog,
    phase: Exclusive<Phase>,
    /// Says that another process has taken over.
    left: Notify,
}

/// The process's own messages.
#[derive(Debug)]
pub(crate) struct ErrorLog {
    /// Changes how much is written.
    pub(crate) handle: daemon::log::Handle,
    /// Where that is; `None`: standard error.
    pub(crate) file: Option<daemon::log::LogFile>,
}

impl Control {
    /// The control of an edge that is about to start, in another's place if it is `arriving`.
    fn new(
        edge: Arc<Edge>,
        operators: Arc<Operators>,
        inherited: Inherited,
        binary: Binary,
        log: ErrorLog,
        arriving: bool,
    ) -> Self {
        Self {
            edge,
            operators,
            watches: Mutex::default(),
            open: Open::default(),
            inherited: Exclusive::new(inherited),
            binary,
            log,
            phase: Exclusive::new(if arriving {
                Phase::Arriving
            } else {
                Phase::Serving
            }),
            left: Notify::new(),
        }
    }

    /// Reads the configuration again and puts it into use, or leaves everything as it is and says
    /// why. The answer is the new generation.
    pub(crate) async fn reload(&self) -> Result<u64, String> {
        let refused = self.refusal();
        let mut watches = self.watches.lock().await;
        let refused = refused.and_then(|()| self.refusal());
        lifecycle::reloading();
        let result = refused.and_then(|()| self.replace(&mut watches));
        // So that whoever is told of it finds it in use, on whichever worker.
        self.carried_out().await;
        lifecycle::ready();
        match &result {
            Ok(generation) => {
                tracing::info!(config.generation = generation, "configuration reloaded");
            }
            Err(reason) => {
                tracing::error!("configuration refused, the old one stays in use\n{reason}");
                self.edge.live.refuse(reason.clone());
            }
        }
        self.tell_reload(&result);
        let label = if result.is_ok() { "success" } else { "failure" };
        self.edge.metrics.reloads.with_label_values(&[label]).inc();
        self.edge.show_generation();
        result
    }

    fn replace(&self, watches: &mut JoinSet<()>) -> Result<u64, String> {
        let edge = &self.edge;
        let loaded = load::load(&edge.path).map_err(|report| report.to_string())?;
        loaded.log_warnings();
        let config = loaded.config;
        let old = edge.live.load_full();
        // Whatever can fail comes before anything changes.
        let changed = self.bind_changed(&old.config.listeners, &config.listeners)?;
        let new = Snapshot::new(config, Some(&old), &edge.metrics, &edge.logs)
            .map_err(|error| error.to_string())?;
        load::warn_of_restart(&old.config, &new.config);
        self.log.handle.configure(levels(&new.config));
        new.apply(&edge.metrics);
        self.operators.restore(&new, Some(&old), &edge.metrics);
        let generation = edge.live.replace(new);
        edge.orders.try_again();
        for bound in changed {
            self.listen(bound);
        }
        self.publish();
        let listeners = &edge.live.load().config.listeners;
        for listener in listeners {
            self.order(|| Order::Change(listener.clone()));
        }
        for gone in &old.config.listeners {
            if listeners.iter().all(|kept| kept.address != gone.address) {
                self.close(&gone.address);
            }
        }
        *watches = self.watch(&edge.live.load());
        Ok(generation)
    }

    /// Starts the probes and name lookups of a configuration.
    fn watch(&self, snapshot: &Snapshot) -> JoinSet<()> {
        let mut watches = JoinSet::new();
        probe::start(&snapshot.upstreams, &mut watches);
        resolve::start(&self.edge, snapshot, &mut watches);
        watches
    }

    /// Binds the listeners that are new, or whose sockets have to be others.
    fn bind_changed(
        &self,
        old: &[Listener],
        new: &[Listener],
    ) -> Result<Vec<(Bound, Shares)>, String> {
        let workers = self.edge.workers.len();
        new.iter()
            .filter(|listener| !old.iter().any(|old| old.binds_as(listener)))
            .map(|listener| {
                let failed = |error| format!("cannot listen on {}: {error}", listener.address);
                let bound = match lock(&self.inherited).take(listener).map_err(failed)? {
                    Some(bound) => bound,
                    None => listen::bind(listener, workers, old).map_err(failed)?,
                };
                bound.shared(workers).map_err(failed)
            })
            .collect()
    }

    /// Has the workers accept connections on what was bound, in place of what its address had.
    fn listen(&self, (bound, shares): (Bound, Shares)) {
        let listener = bound.listener.clone();
        let address = &listener.address;
        self.open.hold(bound);
        tracing::info!(%address, "listening");
        for (worker, sockets) in self.edge.workers.iter().zip(shares) {
            if worker
                .send(Order::Listen(listener.clone(), sockets))
                .is_err()
            {
                tracing::error!(%address, "a worker has ended");
            }
        }
    }

    /// Lets clients find the Unix sockets.
    fn publish(&self) {
        self.open.publish(|address, error| {
            tracing::error!(%address, %error, "the socket cannot be put in its place");
        });
    }

    fn close(&self, address: &Address) {
        tracing::info!(%address, "no longer listening");
        // Before the workers close it, so that no client finds a file that leads nowhere, and none is
        // left in the queue of a socket that only this holds.
        self.open.close(address);
        self.order(|| Order::Close(address.clone()));
    }

    /// Writes the process id to where it is to be found, until the answer is dropped.
    fn write_pid_file(&self) -> std::io::Result<Option<PidFile>> {
        let snapshot = self.edge.live.load();
        let path = snapshot.config.server.pid_file.as_ref();
        path.map(PidFile::write).transpose()
    }

    /// Gives an order to every worker.
    fn order(&self, order: impl Fn() -> Order) {
        for worker in &self.edge.workers {
            if worker.send(order()).is_err() {
                tracing::error!("a worker has ended");
            }
        }
    }

    /// Waits until every worker has carried out the orders given so far; whether all have.
    async fn carried_out(&self) -> bool {
        let mut all = true;
        for worker in &self.edge.workers {
            let (done, report) = oneshot::channel();
            if worker.send(Order::Report(done)).is_err() || report.await.is_err() {
                tracing::error!("a worker has ended");
                all = false;
            }
        }
        all
    }

    /// Stops listening and waits for requests under way, but not longer than `graceful_timeout`. Idle
    /// connections of HTTP/1 may still bring a request for the time of `idle`.
    async fn drain(&self, idle: Duration) {
        let snapshot = self.edge.live.load_full();
        let timeout = snapshot.config.server.graceful_timeout;
        tracing::info!(connections = self.edge.open_connections(), "draining");
        self.tell_drain();
        for listener in &snapshot.config.listeners {
            self.close(&listener.address);
        }
        self.edge.drain(idle);
        if tokio::time::timeout(timeout, self.edge.drained())
            .await
            .is_err()
        {
            tracing::warn!(
                connections = self.edge.open_connections(),
                "graceful_timeout is over; closing what is left"
            );
            if self.edge.end_tunnels() {
                drop(tokio::time::timeout(TOLD, self.edge.drained()).await);
            }
        }
    }

    /// Has every worker hand over the log lines that it still holds, and waits for their writing.
    async fn flush_logs(&self) {
        self.order(|| Order::Flush);
        self.carried_out().await;
        self.edge.logs.written().await;
        if let Some(spans) = &self.edge.live.load().spans {
            spans.sent().await;
        }
    }

    /// Does what signals say, until this process is to end; `stop` closes the admin port.
    async fn heed(self: &Arc<Self>, signals: &mut Signals, stop: &watch::Sender<bool>) {
        loop {
            let signal = tokio::select! {
                signal = signals.next() => signal,
                () = self.left.notified() => {
                    stop.send_replace(true);
                    return self.leave(signals).await;
                }
            };
            match signal {
                Signal::Hangup => drop(self.reload().await),
                Signal::User1 => {
                    tracing::info!("opening the log files again");
                    self.edge.logs.reopen();
                    let reopened = self
                        .log
                        .file
                        .as_ref()
                        .map_or(Ok(()), daemon::log::LogFile::reopen);
                    if let Err(error) = reopened {
                        tracing::error!(%error, "the error log cannot be opened again, and goes on where it was");
                    }
                }
                Signal::User2 => {
                    let control = Arc::clone(self);
                    // What becomes of it is in the log.
                    tokio::spawn(async move { control.upgrade().await });
                }
                Signal::Quit => {
                    self.give_up_upgrade();
                    lifecycle::stopping();
                    // A second signal ends the wait.
                    tokio::select! {
                        () = self.drain(Duration::ZERO) => {}
                        _ = signals.stop() => {}
                    }
                    return;
                }
                Signal::Interrupt | Signal::Terminate => {
                    self.give_up_upgrade();
                    return lifecycle::stopping();
                }
            }
        }
    }

    /// Ejections end, files change, and logs fall out of use, without any event.
    #[expect(clippy::infinite_loop, reason = "it ends with the control")]
    async fn look_after(&self) {
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        loop {
            tick.tick().await;
            let snapshot = self.edge.live.load_full();
            for upstream in &snapshot.upstreams {
                upstream.servers.sweep(&self.edge.metrics);
                upstream.servers.show_standings(Instant::now());
            }
            snapshot.follow(&self.edge.metrics);
            self.edge.logs.prune();
            self.operators.sample(&self.edge.metrics);
        }
    }
}

/// How long tunnels have to end when they are told to, and to write their log lines.
const TOLD: Duration = Duration::from_secs(1);
