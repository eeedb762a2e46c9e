//! The connection on which a server is asked: one that others have used, or a new one.

use std::sync::Arc;
use std::time::Instant;

use edge_core::failure::Failure;

use super::attempt::{Attempt, Error};
use super::record::Record;
use crate::client::Client;
use crate::http2::Link;
use crate::pool::{self, Connection};

/// What a connection was before the request.
pub(super) enum Past {
    /// It was not there.
    None,
    /// It was idle.
    Idle,
    /// Others were using it.
    Shared(Arc<Link>),
}

impl Past {
    /// Whether a failure is that of a connection which had come to its end, and no fault of the
    /// server.
    pub(super) fn explains(&self, failure: Failure) -> bool {
        match self {
            Self::None => false,
            Self::Idle => matches!(
                failure,
                Failure::SendError | Failure::ClosedEarly | Failure::ReadError
            ),
            Self::Shared(link) => link.is_over(),
        }
    }
}

impl Attempt<'_> {
    /// A connection that is kept, if there is one that may be used.
    pub(super) async fn reuse(&self) -> Option<Connection> {
        let transport = &self.proxy.upstream.transport;
        if transport.is_personal() {
            return None;
        }
        self.worker.pool.reuse(self.key(), self.started).await
    }

    /// A connection that is not kept, or a stream of one that is shared.
    pub(super) async fn connect(
        &self,
        record: &mut Record,
        client: &Client,
    ) -> Result<(Connection, Past), Error> {
        let started = Instant::now();
        let transport = &self.proxy.upstream.transport;
        let patience = self.proxy.terms.connect_timeout;
        // Boxed, because a handshake keeps much across its waits, and a request that finds a kept
        // connection should not make room for it.
        let connected = if transport.http2 {
            let keepalive = &self.proxy.upstream.config.keepalive;
            let connections = &self.worker.http2;
            let lane =
                Box::pin(connections.stream(transport, self.server, patience, keepalive)).await;
            lane.map(|(stream, link)| (stream, link.map_or(Past::None, Past::Shared)))
        } else {
            let stream =
                Box::pin(transport.connect(&self.server.address, patience, || client.ends())).await;
            stream.map(|stream| (stream, Past::None))
        };
        let (stream, past) = connected.map_err(|failure| Error::Failed {
            failure,
            sent: false,
        })?;
        record.connected(started.elapsed());
        Ok((Connection::new(stream), past))
    }

    fn key(&self) -> pool::Key {
        (self.proxy.upstream.transport.id, self.server.id)
    }
}
