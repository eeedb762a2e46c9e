//! What operators ask for: reload, stop, new log files; and the admin port.

mod admin;
pub(crate) mod load;

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use daemon::admin::AdminServer;
use daemon::lifecycle::{self, PidFile, Signal, Signals};
use pingora::server::{ListenFds, ShutdownSignal, ShutdownSignalWatch, ShutdownWatch};
use pingora::services::Service;
use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinSet;

use crate::edge::Edge;
use crate::listen::{self, Order};
use crate::probe;
use crate::snapshot::Snapshot;

/// The part of the edge that serves its operators.
#[derive(Debug)]
pub(crate) struct Control {
    edge: Arc<Edge>,
    /// The probes of the configuration in use. Holding them serialises reloads.
    probes: Mutex<JoinSet<()>>,
}

impl Control {
    /// The control of an edge that is about to start.
    pub(crate) fn new(edge: Arc<Edge>) -> Self {
        Self {
            edge,
            probes: Mutex::default(),
        }
    }

    /// Reads the configuration again and puts it into use, or leaves everything as it is and says
    /// why. The answer is the new generation.
    pub(crate) async fn reload(&self) -> Result<u64, String> {
        let mut probes = self.probes.lock().await;
        lifecycle::reloading();
        let result = self.replace(&mut probes);
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

    fn replace(&self, probes: &mut JoinSet<()>) -> Result<u64, String> {
        let edge = &self.edge;
        let config = load::load(&edge.path).map_err(|report| report.to_string())?;
        let old = edge.live.load_full();
        let wanted: BTreeSet<SocketAddr> = config.listeners.iter().copied().collect();
        let present: BTreeSet<SocketAddr> = old.config.listeners.iter().copied().collect();
        // Whatever can fail comes before anything changes.
        let mut added = Vec::new();
        for address in wanted.difference(&present) {
            let sockets = listen::bind(*address, edge.workers.len())
                .map_err(|error| format!("cannot listen on {address}: {error}"))?;
            added.push((*address, sockets));
        }
        let new = Snapshot::new(config, Some(&old), &edge.metrics, &edge.logs)
            .map_err(|error| error.to_string())?;
        load::warn_of_restart(&old.config, &new.config);
        let generation = edge.live.replace(new);
        for (address, sockets) in added {
            self.listen(address, sockets);
        }
        for address in present.difference(&wanted) {
            self.close(*address);
        }
        *probes = probe::start(&edge.live.load().upstreams);
        Ok(generation)
    }

    fn listen(&self, address: SocketAddr, sockets: Vec<TcpListener>) {
        tracing::info!(%address, "listening");
        for (worker, socket) in self.edge.workers.iter().zip(sockets) {
            if worker.send(Order::Listen(address, socket)).is_err() {
                tracing::error!(%address, "a worker has ended");
            }
        }
    }

    fn close(&self, address: SocketAddr) {
        tracing::info!(%address, "no longer listening");
        for worker in &self.edge.workers {
            if worker.send(Order::Close(address)).is_err() {
                tracing::error!(%address, "a worker has ended");
            }
        }
    }

    /// Stops listening and waits for requests under way, but not longer than `graceful_timeout`.
    async fn drain(&self) {
        let snapshot = self.edge.live.load_full();
        let timeout = snapshot.config.server.graceful_timeout;
        tracing::info!(connections = self.edge.open_connections(), "draining");
        for address in &snapshot.config.listeners {
            self.close(*address);
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
        }
    }

    /// Has every worker hand over the log lines that it still holds, and waits for their writing.
    async fn flush_logs(&self) {
        for worker in &self.edge.workers {
            let (done, flushed) = oneshot::channel();
            if worker.send(Order::Flush(done)).is_ok() && flushed.await.is_err() {
                tracing::error!("a worker has ended with log lines unwritten");
            }
        }
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

    /// Ejections end, and logs fall out of use, without any event.
    #[expect(clippy::infinite_loop, reason = "it ends with the control")]
    async fn look_after(&self) {
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        loop {
            tick.tick().await;
            let snapshot = self.edge.live.load_full();
            for upstream in &snapshot.upstreams {
                upstream.show_standings(Instant::now());
            }
            self.edge.logs.prune();
        }
    }
}

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
    pub(crate) clients: Vec<(SocketAddr, Vec<TcpListener>)>,
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
        for (address, sockets) in sockets.clients {
            control.listen(address, sockets);
        }
        *control.probes.lock().await = probe::start(&config.upstreams);
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
