//! What the admin port keeps between requests: who may ask, what they have changed, how requests fare.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use edge_core::admin::Samples;
use edge_core::config;
use serde_json::json;
use tokio::sync::watch;

use super::access::{Access, BadToken};
use super::state::{BadState, StateFile};
use crate::buffer::lock;
use crate::control::Control;
use crate::metrics::Metrics;
use crate::snapshot::Snapshot;
use crate::upstream::Upstream;

/// What the admin port keeps between requests.
#[derive(Debug)]
pub(crate) struct Operators {
    pub(super) access: Access,
    /// Changes that outlive a restart, if any do.
    pub(super) state: Option<Arc<StateFile>>,
    /// Held by whoever changes something.
    pub(super) turn: tokio::sync::Mutex<()>,
    /// How requests have fared lately.
    pub(super) samples: Mutex<Samples>,
    /// Tells of every sample.
    pub(super) sampled: watch::Sender<()>,
}

/// `[admin]` cannot be put into use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Its token.
    #[error("{0}")]
    Token(#[from] BadToken),
    /// Its state file.
    #[error("{0}")]
    State(#[from] BadState),
}

impl Operators {
    /// Reads the files that `[admin]` names.
    pub(crate) fn open(config: &config::Admin) -> Result<Self, Error> {
        let state = config.state_file.as_deref().map(Path::new);
        Ok(Self {
            access: Access::open(config)?,
            state: state.map(StateFile::open).transpose()?.map(Arc::new),
            turn: tokio::sync::Mutex::default(),
            samples: Mutex::new(Samples::new(daemon::metrics::LATENCY)),
            sampled: watch::Sender::new(()),
        })
    }

    /// Changes the servers of the upstreams that `old` does not have as operators did before.
    pub(crate) fn restore(&self, new: &Snapshot, old: Option<&Snapshot>, metrics: &Metrics) {
        let Some(state) = &self.state else { return };
        let known = old.map_or(&[][..], |old| &old.upstreams);
        let is_new =
            |upstream: &&Arc<Upstream>| known.iter().all(|known| known.name() != upstream.name());
        state.restore(new.upstreams.iter().filter(is_new), metrics);
    }

    /// Notes how requests fare, as is done every second.
    pub(crate) fn sample(&self, metrics: &Metrics) {
        lock(&self.samples).push(metrics.sample(Instant::now()));
        self.sampled.send_replace(());
    }
}

impl Control {
    /// Tells operators who watch of a reload.
    pub(in crate::control) fn tell_reload(&self, result: &Result<u64, String>) {
        let (message, data) = match result {
            Ok(generation) => (
                format!("configuration reloaded; generation {generation}"),
                json!({ "result": "success", "generation": generation }),
            ),
            Err(reason) => (
                "configuration refused, the old one stays in use".to_owned(),
                json!({ "result": "failure", "error": reason }),
            ),
        };
        self.edge.metrics.events.push("reload", &message, data);
    }

    /// Tells operators who watch that the edge is about to end.
    pub(in crate::control) fn tell_drain(&self) {
        let connections = self.edge.open_connections();
        let message = format!(
            "the edge stops after the requests under way; {connections} connections are open"
        );
        let data = json!({ "connections": connections });
        self.edge.metrics.events.push("drain", &message, data);
    }
}
