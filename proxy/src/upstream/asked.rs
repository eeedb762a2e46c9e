//! A server asked for one request, and what came of it.

use std::sync::Arc;
use std::time::Instant;

use edge_core::failure::Failure;
use edge_core::template::Try;
use edge_core::trace::Id;

use super::Server;

/// One try.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Which server.
    pub(crate) server: Arc<Server>,
    /// When it was asked.
    pub(crate) started: Instant,
    /// What the log says of it, but for its address.
    pub(crate) tried: Try<'static>,
    /// How it failed.
    pub(crate) failure: Option<Failure>,
    /// Its own span, which the server has as its parent, if the trace is recorded.
    pub(crate) span: Option<Id<16>>,
}

impl Asked {
    /// A server that is about to be asked.
    pub(crate) fn new(server: Arc<Server>, started: Instant, span: Option<Id<16>>) -> Self {
        Self {
            server,
            started,
            tried: Try::default(),
            failure: None,
            span,
        }
    }

    /// What the log says of it.
    pub(crate) fn logged(&self) -> Try<'_> {
        Try {
            address: &self.server.label,
            ..self.tried
        }
    }
}
