//! From a configuration file to a running server.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::thread::available_parallelism;

use daemon::config::Report;
use daemon::lifecycle::Signals;
use daemon::log::{Levels, LogFile};
use daemon::reload::Live;
use edge_core::address::Address;
use edge_core::config::{Config, Listener};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use pingora::server::configuration::ServerConf;
use pingora::server::{RunArgs, Server};
use tokio::sync::mpsc;

use crate::access_log::LogFiles;
use crate::control::admin::{self, Operators};
use crate::control::{ControlService, ErrorLog, Over, Sockets, Start, load};
use crate::edge::Edge;
use crate::handover::{self, Binary, Predecessor, Upgrades};
use crate::listen::{self, Inherited, Order};
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
    /// The port for operators cannot be put into use.
    #[error("{0}")]
    Admin(#[from] admin::Error),
    /// The configuration cannot be put into use.
    #[error("{0}")]
    Snapshot(#[from] snapshot::Error),
    /// The service manager has passed something that is not understood.
    #[error("a socket of the service manager cannot be used: {0}")]
    Activation(io::Error),
    /// This program does not know itself.
    #[error("the program of this process cannot be found: {0}")]
    Binary(io::Error),
    /// Another process's place cannot be taken.
    #[error("{0}")]
    HandOver(#[from] handover::Error),
    /// It started, and could not go on.
    #[error("{0}")]
    Control(String),
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

/// Runs the edge until it is told to stop. `follow_stdin`: also when standard input ends, and for as long
/// as a process does that has taken over, because whoever started this one waits for it.
pub(crate) fn run(path: &Path, follow_stdin: bool) -> Result<(), Error> {
    // Before there is any other thread.
    let mut inherited = Inherited::from_environment().map_err(Error::Activation)?;
    let binary = Binary::of_this_process().map_err(Error::Binary)?;
    let signals = signals().map_err(Error::Signals)?;
    let predecessor = Predecessor::greet(&mut inherited)?.map(Arc::new);
    if follow_stdin {
        daemon::lifecycle::end_with_stdin();
    }
    let process = Process {
        signals,
        inherited,
        binary,
        predecessor: predecessor.clone(),
        is_waited_for: follow_stdin,
    };
    let result = serve(path, process);
    if let (Err(error), Some(predecessor)) = (&result, &predecessor) {
        predecessor.refuse(&error.to_string());
    }
    result
}

/// What the process begins with.
struct Process {
    signals: Signals,
    inherited: Inherited,
    binary: Binary,
    predecessor: Option<Arc<Predecessor>>,
    is_waited_for: bool,
}

fn serve(path: &Path, mut process: Process) -> Result<(), Error> {
    let loaded = load::load(path)?;
    let log = start_log(&loaded.config)?;
    loaded.log_warnings();
    let config = loaded.config;
    raise_file_limit();
    let threads = config
        .server
        .threads
        .or_else(|| available_parallelism().ok());
    let threads = threads.map_or(1, std::num::NonZeroUsize::get);
    let operators = Arc::new(Operators::open(&config.admin)?);
    let sockets = bind(&config, threads, &mut process.inherited)?;
    let (senders, orders): (Vec<_>, Vec<_>) =
        (0..threads).map(|_| mpsc::unbounded_channel()).unzip();
    let edge = Arc::new(edge(
        config,
        path,
        senders,
        (process.predecessor.as_deref(), &operators),
    )?);
    let mut server = Server::new_with_opt_and_conf(None, server_conf());
    for (index, orders) in orders.into_iter().enumerate() {
        server.add_service(WorkerService::new(index, Arc::clone(&edge), orders));
    }
    server.add_service(ControlService {
        edge: Arc::clone(&edge),
        operators,
        start: Some(Start {
            signals: process.signals,
            sockets,
            inherited: process.inherited,
            binary: process.binary,
            predecessor: process.predecessor,
            log,
            is_waited_for: process.is_waited_for,
        }),
    });
    tracing::info!(version = env!("CARGO_PKG_VERSION"), threads, config = %path.display(), "starting");
    server.run(RunArgs {
        shutdown_signal: Box::new(Over(Arc::clone(&edge))),
    });
    tracing::info!("stopped");
    edge.failure()
        .map_or(Ok(()), |reason| Err(Error::Control(reason)))
}

/// An edge with this configuration, which knows what its predecessor knew.
fn edge(
    config: Config,
    path: &Path,
    workers: Vec<mpsc::UnboundedSender<Order>>,
    (predecessor, operators): (Option<&Predecessor>, &Operators),
) -> Result<Edge, Error> {
    let metrics = Metrics::new()?;
    let logs = LogFiles::new(metrics.log_lost.clone());
    let snapshot = Snapshot::new(config, None, &metrics, &logs)?;
    snapshot.apply(&metrics);
    operators.restore(&snapshot, None, &metrics);
    let mut upgrades = Upgrades::default();
    let mut generation = 0;
    if let Some(predecessor) = predecessor {
        let known = &predecessor.manifest;
        snapshot.recall(&known.upstreams, &metrics);
        generation = known.generation;
        // This one will have been a success by the time that anybody looks.
        upgrades = Upgrades {
            success: known.upgrades.success + 1,
            ..known.upgrades
        };
    }
    metrics.set_upgrades(upgrades);
    let live = Live::after(generation, snapshot);
    Ok(Edge::new(live, path.to_owned(), metrics, logs, workers))
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

/// Binds what is not there yet. Sockets that were handed over for addresses that are no longer configured
/// are closed.
fn bind(config: &Config, workers: usize, inherited: &mut Inherited) -> Result<Sockets, Error> {
    let present = inherited.listeners();
    let mut bound = |listener: &Listener, sockets: usize| {
        let failed = |error| Error::Listen(listener.address.clone(), error);
        match inherited.take(listener).map_err(failed)? {
            Some(bound) => Ok(bound),
            None => listen::bind(listener, sockets, &present).map_err(failed),
        }
    };
    let clients = config.listeners.iter();
    let clients = clients
        .map(|listener| bound(listener, workers))
        .collect::<Result<_, Error>>()?;
    // The last, so that whoever sees the admin port open can connect to all others.
    let admin = Listener::new(Address::Tcp(config.admin.listen));
    let admin = bound(&admin, 1)?;
    for address in inherited.settle(&config.listeners) {
        if *address != admin.listener.address {
            tracing::warn!(%address, "the service manager listens here, and no listener does");
        }
    }
    Ok(Sockets { admin, clients })
}

fn start_log(config: &Config) -> Result<ErrorLog, Error> {
    let written = &config.server.error_log;
    let format = if written.json {
        daemon::log::Format::Json
    } else {
        daemon::log::Format::Text
    };
    let levels = levels(config);
    let Some(path) = &written.path else {
        let handle = daemon::log::start(levels, format, io::stderr)?;
        return Ok(ErrorLog { handle, file: None });
    };
    let file = LogFile::open(path);
    let file = file.map_err(|error| Error::LogFile(path.display().to_string(), error))?;
    let handle = daemon::log::start(levels, format, file.clone())?;
    let file = Some(file);
    Ok(ErrorLog { handle, file })
}

/// What a configuration says of how much is logged.
pub(crate) fn levels(config: &Config) -> Levels {
    let written = &config.server.error_log;
    Levels {
        level: written.level,
        modules: written.levels.clone(),
    }
}
