//! The control as pingora's server runs it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use daemon::admin::AdminServer;
use daemon::lifecycle::{self, PidFile, Signals};
use pingora::server::{ListenFds, ShutdownSignal, ShutdownSignalWatch, ShutdownWatch};
use pingora::services::Service;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use super::admin::Operators;
use super::{Control, ErrorLog, admin, watchdog};
use crate::edge::Edge;
use crate::handover::{Binary, Predecessor};
use crate::listen::{Bound, Inherited, Listening};
use crate::orders;

/// The control as the server runs it.
pub(crate) struct ControlService {
    /// What it controls.
    pub(crate) edge: Arc<Edge>,
    /// For whom.
    pub(crate) operators: Arc<Operators>,
    /// What was taken over before anything could fail half way.
    pub(crate) start: Option<Start>,
}

/// What the control begins with.
#[derive(Debug)]
pub(crate) struct Start {
    /// What operators send.
    pub(crate) signals: Signals,
    /// What is bound.
    pub(crate) sockets: Sockets,
    /// What else was there, for configurations to come.
    pub(crate) inherited: Inherited,
    /// What is started in place of this process.
    pub(crate) binary: Binary,
    /// Whose place this process takes, if anybody's.
    pub(crate) predecessor: Option<Arc<Predecessor>>,
    /// The process's own messages.
    pub(crate) log: ErrorLog,
    /// Whether whoever started this process waits for its end.
    pub(crate) is_waited_for: bool,
}

/// Sockets that were bound before the server started, so that a port in use ends it with a message
/// and not half way.
#[derive(Debug)]
pub(crate) struct Sockets {
    /// For operators.
    pub(crate) admin: Bound,
    /// For clients.
    pub(crate) clients: Vec<Bound>,
}

/// How long operators may take over the last answers of a process that has left.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// Why the control cannot go on.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    HandOver(#[from] crate::handover::Error),
}

impl ControlService {
    async fn run(&self, start: Start) -> Result<(), Error> {
        let arriving = start.predecessor.is_some();
        let control = Control::new(
            Arc::clone(&self.edge),
            Arc::clone(&self.operators),
            start.inherited,
            start.binary,
            start.log,
            arriving,
        );
        let control = Arc::new(control);
        for bound in start.sockets.clients {
            control.listen(bound.shared(self.edge.workers.len())?);
        }
        *control.watches.lock().await = control.watch(&self.edge.live.load());
        let admin = admin_server(&control, start.sockets.admin)?;
        let (stop, mut stopped) = watch::channel(false);
        let quiet = Notify::new();
        let answers = Arc::clone(&control);
        let serve = admin.serve(
            self.edge.metrics.registry.clone(),
            move |request| admin::answer(Arc::clone(&answers), request),
            async move { drop(stopped.wait_for(|stop| *stop).await) },
        );
        let serve = async {
            serve.await;
            // Another process answers operators now; this one still has something to finish.
            quiet.notify_one();
            std::future::pending::<()>().await;
        };
        let mut signals = start.signals;
        let work = async {
            let pid_file = work(&control, start.predecessor, &mut signals, &stop).await?;
            if control.has_left() {
                // Whoever asked for the upgrade is to hear of it.
                drop(timeout(LAST_ANSWERS, quiet.notified()).await);
            }
            Ok::<_, Error>(pid_file)
        };
        let worked = tokio::select! {
            worked = work => worked,
            () = control.look_after() => Ok(None),
            () = serve => Ok(None),
        };
        control.open.clear();
        control.flush_logs().await;
        if start.is_waited_for {
            control.stand_in(signals).await;
        }
        worked.map(drop)
    }
}

/// Becomes the process that is found, and is it until it is told to end, or another takes over. The
/// answer is the pid file, which is there until it is dropped.
async fn work(
    control: &Arc<Control>,
    predecessor: Option<Arc<Predecessor>>,
    signals: &mut Signals,
    stop: &watch::Sender<bool>,
) -> Result<Option<PidFile>, Error> {
    let pid_file = if let Some(predecessor) = predecessor {
        tokio::select! {
            taken = control.take_over(&predecessor) => taken?,
            _ = signals.stop() => return Ok(None),
        }
    } else {
        control.publish();
        control.write_pid_file()?
    };
    lifecycle::ready();
    tokio::select! {
        () = control.heed(signals, stop) => {}
        () = watchdog::feed(control) => {}
        () = orders::run(&control.edge) => {}
    }
    Ok(pid_file)
}

/// The admin port's server, and its socket among those that are handed on.
fn admin_server(control: &Control, bound: Bound) -> std::io::Result<AdminServer> {
    let (bound, shares) = bound.shared(1)?;
    control.open.hold(bound);
    let socket = shares.into_iter().flatten().next();
    match socket {
        Some(Listening::Tcp(socket)) => AdminServer::from_std(socket),
        Some(Listening::Unix(_)) | None => Err(std::io::ErrorKind::Unsupported.into()),
    }
}

#[async_trait]
impl Service for ControlService {
    async fn start_service(&mut self, _: Option<ListenFds>, _: ShutdownWatch, _: usize) {
        if let Some(start) = self.start.take()
            && let Err(error) = self.run(start).await
        {
            tracing::error!(%error, "the edge cannot go on");
            self.edge.fail(error.to_string());
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
