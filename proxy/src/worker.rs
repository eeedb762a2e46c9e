//! What a worker has: one thread with its own runtime, sockets, buffers and upstream connections.
//!
//! Workers share the balancer's state and the counters, nothing else, so a request costs no
//! hand-over between threads.

use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;

use crate::access_log::Pending;
use crate::buffer::Buffers;
use crate::clock::Clock;
use crate::compress::Compressors;
use crate::edge::Edge;
use crate::http2;
use crate::pool::Pool;

/// What the connections of one worker use.
pub(crate) struct Worker {
    /// What all workers share.
    pub(crate) edge: Arc<Edge>,
    /// Spare buffers.
    pub(crate) buffers: Buffers,
    /// Spare compressors.
    pub(crate) compressors: Compressors,
    /// The time as text.
    pub(crate) clock: Clock,
    /// Idle connections to servers.
    pub(crate) pool: Pool,
    /// HTTP/2 connections to servers.
    pub(crate) http2: http2::Connections,
    /// Log lines not yet written.
    pub(crate) log: Pending,
}

impl Worker {
    /// A worker that serves nothing yet, made on the thread that it will use.
    pub(crate) fn new(edge: Arc<Edge>) -> Self {
        // The generator's own seed is the time, and two nodes may start at the same.
        fastrand::seed(RandomState::new().build_hasher().finish());
        Self {
            edge,
            buffers: Buffers::default(),
            compressors: Compressors::default(),
            clock: Clock::default(),
            pool: Pool::default(),
            http2: http2::Connections::default(),
            log: Pending::default(),
        }
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").finish_non_exhaustive()
    }
}
