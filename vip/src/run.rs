//! From a configuration file to a daemon at work.

use std::io;
use std::path::Path;

use daemon::admin::AdminServer;
use daemon::config::Report;
use daemon::lifecycle::Signals;
use tokio::runtime::Builder;
use tokio::sync::mpsc;

use crate::admin;
use crate::config::Config;
use crate::metrics::Metrics;
use crate::net::Kernel;
use crate::node::{Node, Start};
use crate::record::Recorder;
use crate::timer::Timer;

/// Why the daemon does not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The configuration is wrong.
    #[error("{0}")]
    Config(#[from] Report),
    /// The log was started twice.
    #[error("{0}")]
    Log(#[from] daemon::log::Error),
    /// A metric is declared wrongly.
    #[error("{0}")]
    Metrics(#[from] daemon::metrics::Error),
    /// The port for operators is in use, or not for us.
    #[error("cannot listen on {0}: {1}")]
    Listen(std::net::SocketAddr, io::Error),
    /// The recording cannot be written.
    #[error("{0} cannot be written: {1}")]
    Record(String, io::Error),
    /// There is no netlink, or no signals.
    #[error("the kernel cannot be asked: {0}")]
    Kernel(io::Error),
}

/// Runs the daemon until it is told to stop.
pub(crate) fn run(path: &Path, record: Option<&Path>) -> Result<(), Error> {
    let loaded = Config::load(path)?;
    let config = loaded.config;
    let log = daemon::log::start(config.log_level, config.log_format, io::stderr)?;
    if !loaded.warnings.is_empty() {
        tracing::warn!("{}", loaded.warnings);
    }
    let recorder = record.map_or_else(
        || Ok(Recorder::default()),
        |file| {
            Recorder::open(file).map_err(|error| Error::Record(file.display().to_string(), error))
        },
    )?;
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(Error::Kernel)?.block_on(async {
        let signals = Signals::listen().map_err(Error::Kernel)?;
        let address = config.admin;
        let server = AdminServer::bind(address).await;
        let server = server.map_err(|error| Error::Listen(address, error))?;
        let timer = Timer::new().map_err(Error::Kernel)?;
        let metrics = Metrics::new()?;
        let (kernel, changes) = Kernel::open().map_err(Error::Kernel)?;
        let (requests, received) = mpsc::channel(16);
        let handler = move |request| admin::answer(request, requests.clone());
        let registry = metrics.registry.clone();
        tokio::spawn(server.serve(registry, handler, std::future::pending()));
        let node = Node::new(Start {
            path: path.to_owned(),
            config,
            kernel,
            changes,
            metrics,
            recorder,
            log,
            requests: received,
        });
        node.run(signals, timer).await;
        Ok(())
    })
}
