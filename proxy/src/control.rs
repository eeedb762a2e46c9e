//! What operators ask for: reload, stop, new log files; and the admin port.

mod admin;
pub(crate) mod load;

use std::collections::HashMap;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use daemon::admin::AdminServer;
use daemon::lifecycle::{self, PidFile, Signal, Signals};
use edge_core::address::Address;
use edge_core::config::Listener;
use pingora::server::{ListenFds, ShutdownSignal, ShutdownSignalWatch, ShutdownWatch};
use pingora::services::Service;
use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinSet;

use crate::buffer::lock;
use crate::edge::Edge;
use crate::listen::{self, Bound, Order, SocketFile};
use crate::probe;
use crate::resolve;
use crate::snapshot::Snapshot;

/// The part of the edge that serves its operators.
#[derive(Debug)]
pub(crate) struct Control {
    edge: Arc<Edge>,
    /// Probes and name lookups of the configuration in use. Holding them serialises reloads.
    watches: Mutex<JoinSet<()>>,
    /// The places of the Unix sockets that clients find.
    socket_files: std::sync::Mutex<HashMap<Address, SocketFile>>,
}

impl Control {
    /// The control of an edge that is about to start.
    pub(crate) fn new(edge: Arc<Edge>) -> Self {
        Self {
            edge,
            watches: Mutex::default(),
            socket_files: std::sync::Mutex::default(),
        }
    }

    /// Reads the configuration again and puts it into use, or leaves everything as it is and says
    /// why. The answer is the new generation.
    pub(crate) async fn reload(&self) -> Result<u64, String> {
        let mut watches = self.watches.lock().await;
        lifecycle::reloading();
        let result = self.replace(&mut watches);
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
        new.apply(&edge.metrics);
        let generation = edge.live.replace(new);
        for bound in changed {
            self.listen(bound);
        }
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
    fn bind_changed(&self, old: &[Listener], new: &[Listener]) -> Result<Vec<Bound>, String> {
        let workers = self.edge.workers.len();
        new.iter()
            .filter(|listener| !old.iter().any(|old| old.binds_as(listener)))
            .map(|listener| {
                listen::bind(listener, workers, old)
                    .map_err(|error| format!("cannot listen on {}: {error}", listener.address))
            })
            .collect()
    }

    /// Has the workers accept connections on what was bound, in place of what its address had.
    fn listen(&self, bound: Bound) {
        let address = &bound.listener.address;
        tracing::info!(%address, "listening");
        for (worker, socket) in self.edge.workers.iter().zip(bound.sockets) {
            if worker
                .send(Order::Listen(bound.listener.clone(), socket))
                .is_err()
            {
                tracing::error!(%address, "a worker has ended");
            }
        }
        if let Some(mut file) = bound.file {
            if let Err(error) = file.publish() {
                tracing::error!(%address, %error, "the socket cannot be put in its place");
            }
            lock(&self.socket_files).insert(address.clone(), file);
        }
    }

    fn close(&self, address: &Address) {
        tracing::info!(%address, "no longer listening");
        // Before the socket closes, so that no client finds one that refuses it.
        drop(lock(&self.socket_files).remove(address));
        self.order(|| Order::Close(address.clone()));
    }

    /// Gives an order to every worker.
    fn order(&self, order: impl Fn() -> Order) {
        for worker in &self.edge.workers {
            if worker.send(order()).is_err() {
                tracing::error!("a worker has ended");
            }
        }
    }

    /// Waits until every worker has carried out the orders given so far.
    async fn carried_out(&self) {
        for worker in &self.edge.workers {
            let (done, report) = oneshot::channel();
            if worker.send(Order::Report(done)).is_err() || report.await.is_err() {
                tracing::error!("a worker has ended");
            }
        }
    }

    /// Stops listening and waits for requests under way, but not longer than `graceful_timeout`.
    async fn drain(&self) {
        let snapshot = self.edge.live.load_full();
        let timeout = snapshot.config.server.graceful_timeout;
        tracing::info!(connections = self.edge.open_connections(), "draining");
        for listener in &snapshot.config.listeners {
            self.close(&listener.address);
        }
        self.edge.drain();
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

    async fn heed(&self, mut signals: Signals) {
        loop {
            match signals.next().await {
                Signal::Hangup => drop(self.reload().await),
                Signal::User1 => {
                    tracing::info!("opening the log files again");
                    self.edge.logs.reopen();
                }
                Signal::User2 => tracing::error!("a binary upgrade is not possible yet"),
                Signal::Quit => {
                    // A second signal ends the wait.
                    tokio::select! {
                        () = self.drain() => {}
                        _ = signals.stop() => {}
                    }
                    return;
                }
                Signal::Interrupt | Signal::Terminate => return,
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
                upstream.servers.show_standings(Instant::now());
            }
            snapshot.follow(&self.edge.metrics);
            self.edge.logs.prune();
        }
    }
}

/// How long tunnels have to end when they are told to, and to write their log lines.
const TOLD: Duration = Duration::from_secs(1);

/// The control as the server runs it.
pub(crate) struct ControlService {
    /// What it controls.
    pub(crate) edge: Arc<Edge>,
    /// What was taken over before anything could fail half way.
    pub(crate) start: Option<(Signals, Sockets)>,
}

/// Sockets that were bound before the server started, so that a port in use ends it with a message
/// and not half way.
#[derive(Debug)]
pub(crate) struct Sockets {
    /// For operators.
    pub(crate) admin: TcpListener,
    /// For clients.
    pub(crate) clients: Vec<Bound>,
}

impl ControlService {
    async fn run(&self, signals: Signals, sockets: Sockets) -> Result<(), std::io::Error> {
        let config = self.edge.live.load_full();
        let _pid_file = config
            .config
            .server
            .pid_file
            .as_ref()
            .map(PidFile::write)
            .transpose()?;
        let control = Arc::new(Control::new(Arc::clone(&self.edge)));
        for bound in sockets.clients {
            control.listen(bound);
        }
        *control.watches.lock().await = control.watch(&config);
        drop(config);
        let admin = AdminServer::from_std(sockets.admin)?;
        let metrics = self.edge.metrics.registry.clone();
        let answers = Arc::clone(&control);
        let serve = admin.serve(
            metrics,
            move |request| admin::answer(Arc::clone(&answers), request),
            std::future::pending(),
        );
        lifecycle::ready();
        tokio::select! {
            () = control.heed(signals) => lifecycle::stopping(),
            () = control.look_after() => {}
            () = serve => {}
        }
        lock(&control.socket_files).clear();
        control.flush_logs().await;
        Ok(())
    }
}

#[async_trait]
impl Service for ControlService {
    async fn start_service(&mut self, _: Option<ListenFds>, _: ShutdownWatch, _: usize) {
        if let Some((signals, sockets)) = self.start.take()
            && let Err(error) = self.run(signals, sockets).await
        {
            tracing::error!(%error, "the edge cannot go on");
        }
        self.edge.over.notify_one();
    }

    fn name(&self) -> &'static str {
        "control"
    }

    fn threads(&self) -> Option<usize> {
        Some(1)
    }
}

/// Ends the server when the control says so: by then everything is drained, so nothing is waited
/// for again.
pub(crate) struct Over(pub(crate) Arc<Edge>);

#[async_trait]
impl ShutdownSignalWatch for Over {
    async fn recv(&self) -> ShutdownSignal {
        self.0.over.notified().await;
        ShutdownSignal::FastShutdown
    }
}
