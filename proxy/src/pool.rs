//! Idle connections to upstream servers, kept by each worker for itself.

use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::Poll;
use std::time::{Duration, Instant};

use edge_core::failure::Failure;
use pingora::connectors::TransportConnector;
use pingora::protocols::Stream;
use pingora::upstreams::peer::BasicPeer;
use pingora::{Error, ErrorType};
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
    /// Bytes sent and received for the request that it carries.
    pub(crate) traffic: (u64, u64),
}

/// A worker's idle connections, and the way to new ones.
pub(crate) struct Pool {
    connector: TransportConnector,
    idle: Mutex<HashMap<SocketAddr, Vec<Idle>>>,
}

struct Idle {
    connection: Connection,
    until: Instant,
}

impl Pool {
    /// An empty pool.
    pub(crate) fn new() -> Self {
        Self {
            connector: TransportConnector::new(None),
            idle: Mutex::default(),
        }
    }

    /// The idle connection to `address` that was used last and still works.
    pub(crate) async fn reuse(&self, address: SocketAddr, now: Instant) -> Option<Connection> {
        loop {
            let mut idle = lock(&self.idle).get_mut(&address)?.pop()?;
            if idle.until > now && is_quiet(&mut idle.connection.stream).await {
                return Some(idle.connection);
            }
        }
    }

    /// A new connection to `address`.
    pub(crate) async fn connect(
        &self,
        address: SocketAddr,
        patience: Duration,
    ) -> Result<Connection, Failure> {
        let peer = BasicPeer::new(&address.to_string());
        // Boxed, because connecting keeps 9 KB across its waits, and a request that finds a kept
        // connection should not make room for them.
        let connecting = Box::pin(self.connector.new_stream(&peer));
        let connected = tokio::time::timeout(patience, connecting).await;
        match connected {
            Ok(Ok(stream)) => Ok(Connection {
                stream,
                timer: Timer::default(),
                traffic: (0, 0),
            }),
            Ok(Err(error)) => Err(failure(&error)),
            Err(_) => Err(Failure::ConnectTimeout),
        }
    }

    /// Keeps a connection for the next request, unless `most` are kept, and not longer than `until`.
    pub(crate) fn keep(
        &self,
        address: SocketAddr,
        mut connection: Connection,
        most: usize,
        until: Instant,
    ) {
        connection.traffic = (0, 0);
        let mut idle = lock(&self.idle);
        let kept = idle.entry(address).or_default();
        if kept.len() < most {
            kept.push(Idle { connection, until });
        }
    }

    /// Closes the connections whose time is over.
    pub(crate) fn sweep(&self, now: Instant) {
        lock(&self.idle).retain(|_, kept| {
            kept.retain(|idle| idle.until > now);
            !kept.is_empty()
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

fn failure(error: &Error) -> Failure {
    if *error.etype() == ErrorType::ConnectRefused {
        return Failure::ConnectRefused;
    }
    let cause = error.cause.as_ref();
    let cause = cause.and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.map_or(Failure::ConnectError, Failure::of_connect)
}
