//! Clients that speak HTTP/2: one connection, its streams, its end.

mod frames;
mod intake;
mod stream;

use std::future::{Future, pending, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use edge_core::config;
use h2::server::{Builder, Connection, SendResponse};
use h2::{Reason, RecvStream};
use http::{HeaderValue, Request};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep_until, timeout_at};

use self::frames::Frames;
use self::intake::{Intake, Verdict};
use self::stream::ServerStream;
use super::transport::Transport;
use super::{FRAME, UNSENT};
use crate::admission::Counted;
use crate::client::{Client, First, Next, Origin};
use crate::exchange::{self, After, Served};
use crate::stream::{Replay, Stream};
use crate::worker::Worker;

/// What HPACK adds to the size of each header line (RFC 9113 §10.5.1).
const LINE_OVERHEAD: usize = 32;

/// The start of the client preface (RFC 9113 §3.4): it reads as the head of a request that no
/// HTTP/1 client can mean.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\n";

/// Whether a connection's `first` word says that it speaks HTTP/2. It has the deadline of a head, and
/// nothing waits for bytes that an HTTP/1 client would not send.
pub(crate) async fn is_preface(client: &mut Client, first: &mut First) -> bool {
    // Boxed, because it nearly always tells at once, and a task is as large as its largest wait.
    PREFACE.first() == first.buffer.filled().first()
        && Box::pin(client.begins_with(PREFACE, first)).await
}

/// A connection, as long as it lives.
struct Session<'a, 'e> {
    worker: &'a Arc<Worker>,
    /// Who each stream's client is.
    client: Origin,
    /// When it began.
    since: Instant,
    counted: &'a mut Counted<'e>,
    exchanges: JoinSet<()>,
    /// How many may be under way, those included whose stream the client has reset: a client that resets as
    /// fast as it asks ("rapid reset", CVE-2023-44487) waits until they have noticed, and is disconnected when
    /// it goes on meanwhile.
    room: usize,
    /// What is found out about its frames.
    verdict: Verdict,
    /// Streams it has opened.
    served: u32,
    /// When it is over unless a stream is opened; for as long as none is open.
    deadline: Instant,
    /// Whether it opens no more streams.
    leaving: bool,
}

/// Serves a client whose `first` word is the [preface](is_preface). `leave` asks it to go.
pub(crate) async fn serve(
    worker: &Arc<Worker>,
    client: Client,
    first: First,
    counted: &mut Counted<'_>,
    leave: Pin<&mut impl Future<Output = ()>>,
) {
    let terms = terms(worker);
    let deadline = first.since + terms.header_timeout;
    let (origin, since) = (client.origin(), client.since());
    let stream = Replay::new(first.buffer.filled(), client.into_stream());
    worker.buffers.put_read(first.buffer);
    let limits = terms.http2;
    let frames = Frames::new(limits.overhead, Instant::now());
    let (intake, verdict) = Intake::new(stream, frames);
    let handshake = builder(&terms).handshake(intake);
    let Ok(Ok(connection)) = timeout_at(deadline.into(), handshake).await else {
        return;
    };
    let session = Session {
        worker,
        client: Origin {
            http2: true,
            ..origin
        },
        since,
        counted,
        exchanges: JoinSet::new(),
        room: (limits.streams + limits.resets) as usize,
        verdict,
        served: 0,
        deadline,
        leaving: false,
    };
    session.run(connection, leave).await;
}

fn terms(worker: &Worker) -> Arc<config::Client> {
    Arc::clone(&worker.edge.live.load().config.client)
}

/// Whatever a client does, a connection holds no more than its window of what it sends and [`UNSENT`] for
/// each stream of what it does not read. Floods of resets, of small or empty frames and of continuations end
/// it: h2 counts them, and its limits are kept. Pings, settings and whatever else is no request do not prolong
/// it, and end it when they are many ([`Frames`]).
fn builder(terms: &config::Client) -> Builder {
    let (limits, http2) = (terms.head, terms.http2);
    // Twice what may pass, so that it is our own limits that answer, and the log has it; what is
    // larger still h2 answers by itself (431), or ends the connection for.
    let list = 2 * (limits.head + limits.headers * LINE_OVERHEAD);
    let mut builder = Builder::new();
    builder
        .max_concurrent_streams(http2.streams)
        .max_header_list_size(u32::try_from(list).unwrap_or(u32::MAX))
        .max_frame_size(FRAME)
        .initial_window_size(http2.stream_window)
        .initial_connection_window_size(http2.connection_window)
        .max_send_buffer_size(UNSENT)
        .enable_connect_protocol();
    builder
}

impl Session<'_, '_> {
    async fn run(
        mut self,
        mut connection: Connection<Intake, Bytes>,
        mut leave: Pin<&mut impl Future<Output = ()>>,
    ) {
        loop {
            let has_room = self.exchanges.len() < self.room;
            tokio::select! {
                biased;
                Some(ended) = self.exchanges.join_next() => self.end(&ended),
                // Before the connection, which need never have to wait for a client that floods it.
                () = leave.as_mut(), if !self.leaving => self.leave(&mut connection),
                () = sleep_until(self.deadline.into()), if self.exchanges.is_empty() => {
                    if self.leaving {
                        break;
                    }
                    self.leave(&mut connection);
                }
                opened = poll_fn(|cx| poll_opened(&mut connection, has_room, &self.verdict, cx)) => match opened {
                    Some((request, respond)) => {
                        self.begin(request, respond);
                        if !self.may_stay() {
                            self.leave(&mut connection);
                        }
                    }
                    None => break,
                },
            }
        }
        // Exchanges learn that their client has gone, and end by themselves.
        match self.verdict.reason() {
            Some(reason) => {
                expel(connection, reason, terms(self.worker).lingering_timeout).await;
            }
            None => drop(connection),
        }
        while let Some(ended) = self.exchanges.join_next().await {
            self.end(&ended);
        }
    }

    /// Answers the request of a stream.
    fn begin(&mut self, request: Request<RecvStream>, mut respond: SendResponse<Bytes>) {
        if is_malformed(&request) {
            self.served = self.served.saturating_add(1);
            return respond.send_reset(Reason::PROTOCOL_ERROR);
        }
        if self.exchanges.is_empty() {
            self.counted.begin();
        }
        self.served = self.served.saturating_add(1);
        let stream = Box::new(Transport(ServerStream::new(request, respond)));
        let stream = Stream::Layered(stream);
        let client = Client::new(stream, self.client.clone(), terms(self.worker));
        self.exchanges
            .spawn(answer(Arc::clone(self.worker), client));
    }

    /// An exchange has ended.
    fn end(&mut self, ended: &Result<(), JoinError>) {
        if ended.as_ref().is_err_and(JoinError::is_panic) {
            self.worker.edge.metrics.panics.inc();
        }
        if self.exchanges.is_empty() {
            self.counted.end();
            let terms = terms(self.worker);
            let patience = if self.leaving {
                terms.lingering_timeout
            } else {
                terms.keepalive.timeout
            };
            self.deadline = Instant::now() + patience;
        }
    }

    fn may_stay(&self) -> bool {
        let age = self.since.elapsed();
        terms(self.worker).keepalive.allows(self.served, age)
    }

    /// Tells the client to open no more streams (GOAWAY). Those that are open, or on their way, are
    /// answered; then the connection ends.
    fn leave(&mut self, connection: &mut Connection<Intake, Bytes>) {
        self.leaving = true;
        self.deadline = Instant::now() + terms(self.worker).lingering_timeout;
        connection.graceful_shutdown();
    }
}

/// The next stream, or the end of the connection, also by a verdict. Without room for another exchange the
/// connection goes on with those it has.
fn poll_opened(
    connection: &mut Connection<Intake, Bytes>,
    has_room: bool,
    verdict: &Verdict,
    cx: &mut Context<'_>,
) -> Poll<Option<(Request<RecvStream>, SendResponse<Bytes>)>> {
    let polled = if has_room {
        connection.poll_accept(cx).map(|opened| opened?.ok())
    } else {
        connection.poll_closed(cx).map(|_| None)
    };
    if polled.is_pending() && verdict.reason().is_some() {
        return Poll::Ready(None);
    }
    polled
}

/// Whether it is one of the malformed requests that h2 lets pass: values are not to begin or end with a blank
/// (RFC 9113 §8.2.1), and behind the gate nobody would see that they did; a scheme is not to be empty (§8.3.1).
fn is_malformed(request: &Request<RecvStream>) -> bool {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let is_padded = |value: &HeaderValue| {
        let value = value.as_bytes();
        value.first().is_some_and(is_blank) || value.last().is_some_and(is_blank)
    };
    request.headers().values().any(is_padded)
        || request.uri().scheme_str().is_some_and(str::is_empty)
}

/// Ends a connection at once, and tells its client why, if it listens.
async fn expel(mut connection: Connection<Intake, Bytes>, reason: Reason, patience: Duration) {
    connection.abrupt_shutdown(reason);
    let closed = poll_fn(|cx| connection.poll_closed(cx));
    // It ends in one way or another.
    drop(timeout_at((Instant::now() + patience).into(), closed).await);
}

/// One exchange.
async fn answer(worker: Arc<Worker>, mut client: Client) {
    let leave = pin!(pending());
    let next = client.next(Duration::MAX, &worker.buffers, leave);
    let Next::First(first) = next.await else {
        return;
    };
    // Boxed, because a tunnel keeps much less, and may last for days.
    let served = Box::pin(exchange::serve(&worker, &mut client, first)).await;
    match served {
        // RFC 9113 §8.1 lets a server reset a stream whose request it does not want to the end, but
        // clients take that for a failure and never show the answer.
        Served::Over(After::Linger) => Box::pin(client.linger(&worker.buffers)).await,
        Served::Over(After::Next | After::Close | After::Finish) => {}
        Served::Tunnel(tunnel) => Box::pin(tunnel.run(&worker, &mut client)).await,
    }
}
