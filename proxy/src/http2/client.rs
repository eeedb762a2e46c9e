//! Servers that speak HTTP/2: a worker's connections to them, shared by its requests.

mod stream;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crate::stream::Stream;
use bytes::Bytes;
use edge_core::address::Address;
use edge_core::config::IdleConnections;
use edge_core::failure::Failure;
use h2::Ping;
use h2::client::{Builder, SendRequest};
use http::uri::Scheme;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use self::stream::ClientStream;
use super::{FRAME, OF_CONNECTION, OF_STREAM, UNSENT, transport};
use crate::buffer::lock;
use crate::pool::Key;
use crate::transport::Transport;
use crate::upstream::Server;

/// Streams of one connection, if the server does not allow fewer: more are better spread.
const STREAMS: usize = 128;

/// The largest list of headers that is read: as large as the exchange reads heads.
const HEADERS: u32 = 64 * 1024;

/// A worker's connections.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    to: Mutex<HashMap<Key, Group>>,
}

/// The connections to one server.
#[derive(Debug, Default)]
struct Group {
    open: Vec<Connection>,
    /// While one is being opened: ends with the reason if that fails. Requests that come meanwhile
    /// wait for it instead of opening one each.
    opening: Option<watch::Receiver<Option<Failure>>>,
    /// The most that stay while they are idle, and for how long.
    most_idle: usize,
    idle_timeout: Duration,
}

/// A connection that takes requests. Dropped, it ends with its last stream.
#[derive(Debug)]
struct Connection {
    sender: SendRequest<Bytes>,
    scheme: Scheme,
    driver: AbortHandle,
    /// Each stream holds one more.
    streams: Arc<()>,
    /// Requests it has carried.
    requests: u32,
    /// Since when it was seen without streams.
    idle_since: Option<Instant>,
}

/// What a request does for a stream.
enum Turn {
    Take(Stream),
    Wait(watch::Receiver<Option<Failure>>),
    Open(watch::Sender<Option<Failure>>),
}

impl Connections {
    /// A stream to a server: on a connection that has room for it, or on a new one; the patience is
    /// with all that it takes.
    pub(crate) async fn stream(
        &self,
        transport: &Transport,
        server: &Server,
        patience: Duration,
        keepalive: &IdleConnections,
    ) -> Result<Stream, Failure> {
        let finding = self.find(transport, server, patience, keepalive);
        let found = timeout(patience, finding).await;
        found.unwrap_or(Err(Failure::ConnectTimeout))
    }

    async fn find(
        &self,
        transport: &Transport,
        server: &Server,
        patience: Duration,
        keepalive: &IdleConnections,
    ) -> Result<Stream, Failure> {
        let key = (transport.id, server.id);
        loop {
            match self.turn(key, keepalive) {
                Turn::Take(stream) => return Ok(stream),
                Turn::Wait(mut opening) => {
                    if opening.changed().await.is_ok()
                        && let Some(failure) = *opening.borrow()
                    {
                        return Err(failure);
                    }
                }
                Turn::Open(opening) => match open(transport, &server.address, patience).await {
                    Ok(connection) => return Ok(self.insert(key, connection)),
                    Err(failure) => {
                        self.group(key, |group| group.opening = None);
                        opening.send_replace(Some(failure));
                        return Err(failure);
                    }
                },
            }
        }
    }

    fn turn(&self, key: Key, keepalive: &IdleConnections) -> Turn {
        self.group(key, |group| {
            group.most_idle = keepalive.most;
            group.idle_timeout = keepalive.timeout;
            let most = keepalive.requests.map_or(u32::MAX, std::num::NonZero::get);
            group
                .open
                .retain_mut(|connection| connection.requests < most && connection.is_alive());
            if let Some(connection) = group.open.iter_mut().find(|one| one.has_room()) {
                return Turn::Take(connection.stream());
            }
            match &group.opening {
                // One whose request was given up is not opened by anybody.
                Some(opening) if opening.has_changed().is_ok() => Turn::Wait(opening.clone()),
                _ => {
                    let (sender, receiver) = watch::channel(None);
                    group.opening = Some(receiver);
                    Turn::Open(sender)
                }
            }
        })
    }

    fn insert(&self, key: Key, mut connection: Connection) -> Stream {
        let stream = connection.stream();
        self.group(key, |group| {
            group.opening = None;
            group.open.push(connection);
        });
        stream
    }

    fn group<T>(&self, key: Key, with: impl FnOnce(&mut Group) -> T) -> T {
        with(lock(&self.to).entry(key).or_default())
    }

    /// Closes connections that have been idle for too long, or are too many.
    pub(crate) fn sweep(&self, now: Instant) {
        lock(&self.to).retain(|_, group| {
            let mut idle = 0;
            let (most, longest) = (group.most_idle, group.idle_timeout);
            group.open.retain_mut(|connection| {
                let since = connection.look(now);
                idle += usize::from(since.is_some());
                let stays = since.is_none_or(|since| now < since + longest && idle <= most);
                stays && connection.is_alive()
            });
            let is_opening = |opening: &watch::Receiver<_>| opening.has_changed().is_ok();
            !group.open.is_empty() || group.opening.as_ref().is_some_and(is_opening)
        });
    }
}

impl Connection {
    /// Whether it still takes requests: it has not ended, and the server has not asked us to leave.
    fn is_alive(&mut self) -> bool {
        let cx = &mut Context::from_waker(Waker::noop());
        !self.driver.is_finished() && matches!(self.sender.poll_ready(cx), Poll::Ready(Ok(())))
    }

    fn has_room(&self) -> bool {
        let most = self.sender.current_max_send_streams().min(STREAMS);
        Arc::strong_count(&self.streams) <= most
    }

    fn stream(&mut self) -> Stream {
        self.requests = self.requests.saturating_add(1);
        self.idle_since = None;
        let (sender, scheme) = (self.sender.clone(), self.scheme.clone());
        let held = Arc::clone(&self.streams);
        let stream = ClientStream::new(sender, scheme, held);
        Stream::Layered(Box::new(transport::Transport(stream)))
    }

    /// Since when it has been idle.
    fn look(&mut self, now: Instant) -> Option<Instant> {
        self.idle_since = match self.idle_since {
            _ if Arc::strong_count(&self.streams) > 1 => None,
            None => Some(now),
            since => since,
        };
        self.idle_since
    }
}

async fn open(
    transport: &Transport,
    address: &Address,
    patience: Duration,
) -> Result<Connection, Failure> {
    let stream = transport.connect(address, patience, || None).await?;
    handshake(stream, transport.scheme())
        .await
        .map_err(|_| Failure::ConnectError)
}

/// Begins to speak HTTP/2, and waits until the server does, with a ping: by its answer it is known
/// how many streams the server takes (RFC 9113 §3.4), and that it is not of another protocol.
/// Streams beyond that number would be refused.
async fn handshake(stream: Stream, scheme: Scheme) -> Result<Connection, h2::Error> {
    let mut builder = Builder::new();
    builder
        .enable_push(false)
        .max_header_list_size(HEADERS)
        .max_frame_size(FRAME)
        .initial_window_size(OF_STREAM)
        .initial_connection_window_size(OF_CONNECTION)
        .max_send_buffer_size(UNSENT);
    let (sender, mut connection) = builder.handshake(stream).await?;
    let ping = connection.ping_pong();
    let driver = tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to a server ended");
        }
    });
    if let Some(mut ping) = ping {
        ping.ping(Ping::opaque()).await?;
    }
    Ok(Connection {
        sender,
        scheme,
        driver: driver.abort_handle(),
        streams: Arc::default(),
        requests: 0,
        idle_since: None,
    })
}

/// A stream that has a connection, just opened, to itself.
pub(crate) async fn alone(stream: Stream, scheme: Scheme) -> Result<Stream, h2::Error> {
    Ok(handshake(stream, scheme).await?.stream())
}
