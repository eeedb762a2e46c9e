//! Idle connections to upstream servers, kept by each worker for itself.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::Poll;
use std::time::Instant;

use crate::stream::Stream;
use edge_core::config::IdleConnections;
use tokio::io::{AsyncRead, ReadBuf};

use crate::buffer::lock;
use crate::timer::Timer;

/// A connection to an upstream server.
#[derive(Debug)]
pub(crate) struct Connection {
    /// The transport.
    pub(crate) stream: Stream,
    /// Its timer.
    pub(crate) timer: Timer,
    /// Requests it has carried.
    requests: u32,
    /// Bytes sent and received for the request that it carries.
    pub(crate) traffic: (u64, u64),
}

impl Connection {
    /// A connection that has carried nothing yet.
    pub(crate) fn new(stream: Stream) -> Self {
        Self {
            stream,
            timer: Timer::default(),
            requests: 0,
            traffic: (0, 0),
        }
    }
}

/// By which transport a connection is, and to which server.
pub(crate) type Key = (u64, u64);

/// A worker's idle connections.
///
/// Servers are few, so comparing keys costs less than hashing them.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    idle: Mutex<BTreeMap<Key, Vec<Idle>>>,
}

#[derive(Debug)]
struct Idle {
    connection: Connection,
    until: Instant,
}

impl Pool {
    /// The idle connection to a server that was used last and still works.
    pub(crate) async fn reuse(&self, key: Key, now: Instant) -> Option<Connection> {
        loop {
            let mut idle = lock(&self.idle).get_mut(&key)?.pop()?;
            if idle.until > now && is_quiet(&mut idle.connection.stream).await {
                return Some(idle.connection);
            }
        }
    }

    /// Keeps a connection for the next request, as far as `keepalive` allows.
    pub(crate) fn keep(
        &self,
        key: Key,
        mut connection: Connection,
        keepalive: &IdleConnections,
        now: Instant,
    ) {
        connection.requests += 1;
        connection.traffic = (0, 0);
        if keepalive
            .requests
            .is_some_and(|most| connection.requests >= most.get())
        {
            return;
        }
        let mut idle = lock(&self.idle);
        let kept = idle.entry(key).or_default();
        if kept.len() < keepalive.most {
            let until = now + keepalive.timeout;
            kept.push(Idle { connection, until });
        }
    }

    /// Closes the connections whose time is over, and those by transports that are not `current`: a reload
    /// has replaced them, and nobody would ask for their connections any more.
    pub(crate) fn sweep(&self, now: Instant, current: &BTreeSet<u64>) {
        lock(&self.idle).retain(|(transport, _), kept| {
            kept.retain(|idle| idle.until > now);
            !kept.is_empty() && current.contains(transport)
        });
    }
}

/// Whether the server has neither closed the connection nor sent anything unasked. Costs no system
/// call unless the kernel has reported something.
async fn is_quiet(stream: &mut Stream) -> bool {
    poll_fn(|cx| {
        let mut byte = [0];
        let pending = Pin::new(&mut *stream)
            .poll_read(cx, &mut ReadBuf::new(&mut byte))
            .is_pending();
        Poll::Ready(pending)
    })
    .await
}
