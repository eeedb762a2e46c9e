//! One connection to a server: how it begins, what it carries, how it is found dead.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use edge_core::address::Address;
use edge_core::config::IdleConnections;
use edge_core::failure::Failure;
use h2::Ping;
use h2::client::{Builder, SendRequest};
use http::uri::Scheme;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_util::io::InspectReader;

use super::Lane;
use super::pulse::{Finding, Pulse};
use super::stream::ClientStream;
use crate::http2::{FRAME, OF_CONNECTION, OF_STREAM, UNSENT, transport};
use crate::stream::Stream;
use crate::transport::Transport;

/// Streams of one connection, if the server does not allow fewer: more are better spread.
const STREAMS: usize = 128;

/// The largest list of headers that is read: as large as the exchange reads heads.
const HEADERS: u32 = 64 * 1024;

/// A connection that takes requests. Dropped, it ends with its last stream.
#[derive(Debug)]
pub(super) struct Connection {
    sender: SendRequest<Bytes>,
    scheme: Scheme,
    link: Arc<Link>,
    /// Each stream holds one more.
    streams: Arc<()>,
    /// Requests it has carried.
    requests: u32,
    /// Since when it was seen without streams.
    idle_since: Option<Instant>,
}

/// A connection, for who uses it.
#[derive(Debug, Default)]
pub(crate) struct Link {
    over: AtomicBool,
}

impl Link {
    /// It has ended, or refused a stream: it takes no more.
    pub(super) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    /// Whether it takes no more streams.
    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

impl Connection {
    pub(super) async fn open(
        transport: &Transport,
        address: &Address,
        patience: Duration,
        keepalive: &IdleConnections,
    ) -> Result<Self, Failure> {
        let stream = transport.connect(address, patience, || None).await?;
        handshake(stream, transport.scheme(), address, keepalive.silence)
            .await
            .map_err(|_| Failure::ConnectError)
    }

    /// Whether it still takes requests: it has not ended, and the server has not asked us to leave.
    pub(super) fn is_alive(&mut self) -> bool {
        let cx = &mut Context::from_waker(Waker::noop());
        !self.link.is_over() && matches!(self.sender.poll_ready(cx), Poll::Ready(Ok(())))
    }

    pub(super) fn has_room(&self) -> bool {
        let most = self.sender.current_max_send_streams().min(STREAMS);
        Arc::strong_count(&self.streams) <= most
    }

    pub(super) fn requests(&self) -> u32 {
        self.requests
    }

    pub(super) fn stream(&mut self) -> Lane {
        let before = (self.requests > 0).then(|| Arc::clone(&self.link));
        self.requests = self.requests.saturating_add(1);
        self.idle_since = None;
        let (sender, scheme) = (self.sender.clone(), self.scheme.clone());
        let (link, held) = (Arc::clone(&self.link), Arc::clone(&self.streams));
        let stream = ClientStream::new(sender, scheme, link, held);
        let stream = Box::new(transport::Transport(stream));
        (Stream::Layered(stream), before)
    }

    /// Since when it has been idle.
    pub(super) fn look(&mut self, now: Instant) -> Option<Instant> {
        self.idle_since = match self.idle_since {
            _ if Arc::strong_count(&self.streams) > 1 => None,
            None => Some(now),
            since => since,
        };
        self.idle_since
    }
}

/// Begins to speak HTTP/2, and waits until the server does, with a ping: by its answer it is known
/// how many streams the server takes (RFC 9113 §3.4), and that it is not of another protocol.
/// Streams beyond that number would be refused.
async fn handshake(
    stream: Stream,
    scheme: Scheme,
    server: &Address,
    silence: Option<Duration>,
) -> Result<Connection, h2::Error> {
    let heard = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&heard);
    let stream = InspectReader::new(stream, move |bytes: &[u8]| {
        counter.fetch_add(bytes.len() as u64, Ordering::Relaxed);
    });
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
    let link = Arc::<Link>::default();
    let (driven, server) = (Arc::clone(&link), server.clone());
    tokio::spawn(async move {
        if let Some(ended) = drive(&mut connection, &heard, silence).await {
            tracing::debug!(?ended, "a connection to a server ended");
        } else {
            tracing::warn!(server.addr = %server, "the server gives no sign of life");
        }
        // Before the streams hear of it.
        driven.end();
    });
    if let Some(mut ping) = ping {
        ping.ping(Ping::opaque()).await?;
    }
    Ok(Connection {
        sender,
        scheme,
        link,
        streams: Arc::default(),
        requests: 0,
        idle_since: None,
    })
}

/// Drives a connection to its end; `None` if its server gives no sign of life.
///
/// It is asked for one by settings, which have to be acknowledged as pings have (RFC 9113 §6.5.3):
/// servers of gRPC take two pings in five minutes, and end the connection at the third.
async fn drive(
    connection: &mut h2::client::Connection<impl AsyncRead + AsyncWrite + Unpin>,
    heard: &AtomicU64,
    silence: Option<Duration>,
) -> Option<Result<(), h2::Error>> {
    let Some(silence) = silence else {
        return Some(connection.await);
    };
    let mut pulse = Pulse::default();
    loop {
        if let Ok(ended) = timeout(silence / 2, &mut *connection).await {
            return Some(ended);
        }
        match pulse.look(heard.load(Ordering::Relaxed)) {
            Finding::Well => {}
            Finding::Ask => {
                if let Err(error) = connection.set_initial_window_size(OF_STREAM) {
                    // It has not acknowledged our first settings.
                    return Some(Err(error));
                }
            }
            Finding::Dead => return None,
        }
    }
}

/// A stream that has a connection, just opened, to itself.
pub(crate) async fn alone(
    stream: Stream,
    scheme: Scheme,
    server: &Address,
) -> Result<Stream, h2::Error> {
    Ok(handshake(stream, scheme, server, None).await?.stream().0)
}
