//! Upstreams at run time: what the configuration says about one, and its servers.
//!
//! An [`Upstream`] belongs to one snapshot of the configuration. Its [`Servers`] live on through
//! reloads, with everything that is known about them.

mod asked;
mod lease;
mod members;
mod operated;
mod server;
mod servers;

use std::sync::Arc;
use std::time::Instant;

use edge_core::config;
use edge_core::failure::Failure;
use edge_core::retry::Progress;

pub(crate) use self::asked::Asked;
pub(crate) use self::lease::{Lent, Refused};
pub(crate) use self::members::Override;
pub(crate) use self::operated::{Change, Restored, Unchanged};
pub(crate) use self::server::Server;
pub(crate) use self::servers::{Row, Servers};
use crate::metrics::{Codes, Metrics};
use crate::tls;
use crate::transport::Transport;

/// A group of servers in use.
#[derive(Debug)]
pub(crate) struct Upstream {
    /// What the configuration says.
    pub(crate) config: config::Upstream,
    /// How they are connected to.
    pub(crate) transport: Arc<Transport>,
    /// Its servers.
    pub(crate) servers: Arc<Servers>,
    retries: Codes<&'static str>,
}

impl Upstream {
    /// Sets an upstream up. Its servers are those of `old`, if there is one, and stay as they are
    /// until [`Upstream::apply`].
    pub(crate) fn new(
        config: config::Upstream,
        old: Option<&Self>,
        metrics: &Metrics,
    ) -> Result<Self, tls::Error> {
        let servers = match old {
            Some(old) => Arc::clone(&old.servers),
            None => Arc::new(Servers::new(&config, metrics)),
        };
        Ok(Self {
            transport: Arc::new(Transport::new(&config)?),
            retries: metrics.retries(&config.name),
            servers,
            config,
        })
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.config.name
    }

    /// Makes the servers those of this configuration.
    pub(crate) fn apply(&self, metrics: &Metrics, now: Instant) {
        self.servers.apply(&self.config, metrics, now);
    }

    /// Whether the next server may be asked after a failure.
    pub(crate) fn may_retry(&self, failure: Failure, progress: &Progress) -> bool {
        let policy = &self.config.retry;
        let others = usize::try_from(progress.tries).unwrap_or(usize::MAX) < self.servers.count();
        let affords = |terms| self.servers.affords_retry(terms, Instant::now());
        policy.allows(failure, progress) && others && policy.budget.is_none_or(affords)
    }

    /// Notes that another server is asked because `server` failed.
    pub(crate) fn retried(&self, server: &Server, failure: Failure) {
        self.servers.count_retry(Instant::now());
        self.retries.inc(failure.code());
        tracing::warn!(
            upstream.name = %self.name(),
            server.addr = %server.label,
            reason = failure.code(),
            "asking another server: {}",
            failure.explanation()
        );
    }
}
