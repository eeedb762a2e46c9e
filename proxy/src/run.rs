//! From a configuration file to a running server.

use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::thread::available_parallelism;

use daemon::config::Report;
use daemon::lifecycle::Signals;
use edge_core::address::Address;
use edge_core::config::Config;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use pingora::server::configuration::ServerConf;
use pingora::server::{RunArgs, Server};
use tokio::sync::mpsc;

use crate::access_log::LogFiles;
use crate::control::{ControlService, Over, Sockets, load};
use crate::edge::Edge;
use crate::listen;
use crate::metrics::Metrics;
use crate::service::WorkerService;
use crate::snapshot::{self, Snapshot};

/// Why the edge does not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The configuration is wrong.
    #[error("{0}")]
    Config(#[from] Report),
    /// A port is in use, or not for us.
    #[error("cannot listen on {0}: {1}")]
    Listen(Address, io::Error),
    /// The configuration cannot be put into use.
    #[error("{0}")]
    Snapshot(#[from] snapshot::Error),
    /// The log cannot be written.
    #[error("the error log {0} cannot be opened: {1}")]
    LogFile(String, io::Error),
    /// Signals cannot be received.
    #[error("signals cannot be received: {0}")]
    Signals(io::Error),
    /// The log was started twice.
    #[error("{0}")]
    Log(#[from] daemon::log::Error),
    /// A metric is declared wrongly.
    #[error("{0}")]
    Metrics(#[from] daemon::metrics::Error),
}

/// Runs the edge until it is told to stop.
pub(crate) fn run(path: &Path) -> Result<(), Error> {
    let signals = signals().map_err(Error::Signals)?;
    let loaded = load::load(path)?;
    start_log(&loaded.config)?;
    loaded.log_warnings();
    let config = loaded.config;
    raise_file_limit();
    let threads = config
        .server
        .threads
        .or_else(|| available_parallelism().ok());
    let threads = threads.map_or(1, std::num::NonZeroUsize::get);
    let sockets = bind(&config, threads)?;
    let metrics = Metrics::new()?;
    let logs = LogFiles::new(metrics.log_lost.clone());
    let snapshot = Snapshot::new(config, None, &metrics, &logs)?;
    snapshot.apply(&metrics);
    let (senders, orders): (Vec<_>, Vec<_>) =
        (0..threads).map(|_| mpsc::unbounded_channel()).unzip();
    let edge = Arc::new(Edge::new(snapshot, path.to_owned(), metrics, logs, senders));
    let mut server = Server::new_with_opt_and_conf(None, server_conf());
    for (index, orders) in orders.into_iter().enumerate() {
        server.add_service(WorkerService::new(index, Arc::clone(&edge), orders));
    }
    server.add_service(ControlService {
        edge: Arc::clone(&edge),
        start: Some((signals, sockets)),
    });
    tracing::info!(version = env!("CARGO_PKG_VERSION"), threads, config = %path.display(), "starting");
    server.run(RunArgs {
        shutdown_signal: Box::new(Over(Arc::clone(&edge))),
    });
    tracing::info!("stopped");
    Ok(())
}

/// A connection needs a descriptor on either side, and the customary soft limit of 1024 is meant for
/// programs that use `select`.
fn raise_file_limit() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard, hard));
    if let Err(error) = raised {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}

/// Takes over the signals before anything else, because their default is to kill. What arrives from
/// here on waits for the control, whose runtime delivers it.
fn signals() -> io::Result<Signals> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let _inside = runtime.enter();
    Signals::listen()
}

/// One single-threaded runtime for each service; ending is our own affair.
fn server_conf() -> ServerConf {
    ServerConf {
        threads: 1,
        work_stealing: false,
        grace_period_seconds: Some(0),
        graceful_shutdown_timeout_seconds: Some(0),
        ..ServerConf::default()
    }
}

fn bind(config: &Config, workers: usize) -> Result<Sockets, Error> {
    let failed = |address| move |error| Error::Listen(address, error);
    let clients = config
        .listeners
        .iter()
        .map(|listener| {
            listen::bind(listener, workers, &[]).map_err(failed(listener.address.clone()))
        })
        .collect::<Result<_, Error>>()?;
    // The last, so that whoever sees the admin port open can connect to all others.
    let admin = TcpListener::bind(config.admin)
        .and_then(|socket| socket.set_nonblocking(true).map(|()| socket))
        .map_err(failed(Address::Tcp(config.admin)))?;
    Ok(Sockets { admin, clients })
}

fn start_log(config: &Config) -> Result<(), Error> {
    let level = config.server.level;
    let format = daemon::log::Format::Text;
    match &config.server.error_log {
        None => daemon::log::start(level, format, io::stderr)?,
        Some(path) => {
            let file = std::fs::OpenOptions::new()
                .append(true)
                .create(true)
                .open(path);
            let file = file.map_err(|error| Error::LogFile(path.display().to_string(), error))?;
            daemon::log::start(level, format, Arc::new(file))?
        }
    };
    Ok(())
}
