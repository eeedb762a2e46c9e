//! What an exchange becomes when its server switches protocols (RFC 9110 §7.8): bytes in both
//! directions, until both sides have ended, one breaks off, or nobody says anything for too long.
//!
//! It is all that is kept of the exchange, so that ten thousand silent ones are cheap: no buffer, and
//! of the request what its log line wants to know.

mod direction;

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use edge_core::http::RequestHead;
use edge_core::reason::Reason;
use prometheus::IntGauge;
use socket2::SockRef;
use tokio::io::AsyncWrite as _;

use self::direction::{Broken, Direction};
use super::answer::Engaged;
use super::record::{Record, Subject};
use super::switch::Switched;
use crate::client::Client;
use crate::metrics::TunnelBytes;
use crate::snapshot::Snapshot;
use crate::stream::Stream;
use crate::timer::Patience;
use crate::upstream::Upstream;
use crate::worker::Worker;

/// A tunnel that is not carried yet, or is.
#[derive(Debug)]
pub(crate) struct Tunnel {
    snapshot: Arc<Snapshot>,
    /// The site and the route of the request, by their indices.
    of: (usize, usize),
    upstream: Arc<Upstream>,
    /// The head of the request.
    head: Box<[u8]>,
    record: Record,
    /// The server, which is not free before the tunnel ends.
    server: Engaged,
    /// When it was asked.
    asked: Instant,
    /// How long both sides may be silent, and how long one may when the other has ended.
    longest: (Duration, Duration),
    silence: Patience,
    to_server: Direction,
    to_client: Direction,
    /// What of the two directions has been counted.
    counted: (u64, u64),
}

/// How a tunnel ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Both sides have ended, or one has left whose word was ended.
    Orderly,
    /// A side broke off.
    Broken(Side),
    /// A side took nothing for too long.
    Stuck(Side),
    /// Nobody said anything for too long.
    Silent,
    /// The edge ends.
    Stopped,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Client,
    Server,
}

impl End {
    fn reason(self) -> Option<Reason> {
        match self {
            Self::Orderly => None,
            Self::Broken(Side::Client) | Self::Stuck(Side::Client) => Some(Reason::CLIENT_GONE),
            Self::Broken(Side::Server) => Some(Reason::CUT_OFF),
            Self::Stuck(Side::Server) => Some(Reason::SEND_TIMEOUT),
            Self::Silent => Some(Reason::TUNNEL_TIMEOUT),
            Self::Stopped => Some(Reason::STOPPED),
        }
    }
}

impl Tunnel {
    /// The tunnel of a request with this `head`, whose `record` goes on.
    pub(super) fn new(
        (snapshot, head): (&Arc<Snapshot>, &[u8]),
        switched: Switched,
        record: Record,
        client: &Client,
    ) -> Self {
        let Switched {
            server,
            asked,
            of,
            upstream,
            early,
            longest,
            send_timeout,
        } = switched;
        Self {
            snapshot: Arc::clone(snapshot),
            of,
            upstream,
            head: head.into(),
            record,
            server,
            asked,
            longest,
            silence: Patience::new(longest.0),
            to_server: Direction::new(early, send_timeout),
            to_client: Direction::new(None, client.send_timeout()),
            counted: (0, 0),
        }
    }

    /// Carries it to its end.
    pub(crate) async fn run(mut self: Box<Self>, worker: &Worker, client: &mut Client) {
        let _open = Open::new(&worker.edge.metrics.tunnels);
        let mut stop = pin!(worker.edge.stop_tunnels.notified());
        stop.as_mut().enable();
        let end = if worker.edge.has_stopped_tunnels() {
            End::Stopped
        } else {
            poll_fn(|cx| self.poll_carry(cx, worker, client, stop.as_mut())).await
        };
        self.close(client, end).await;
        self.to_server.release(&worker.buffers);
        self.to_client.release(&worker.buffers);
        self.finish(worker, client, end);
    }

    fn poll_carry(
        &mut self,
        cx: &mut Context<'_>,
        worker: &Worker,
        client: &mut Client,
        stop: Pin<&mut impl Future<Output = ()>>,
    ) -> Poll<End> {
        let carried = self.carry(cx, worker, client);
        self.count(&worker.edge.metrics.tunnel_bytes);
        if let Some(end) = carried {
            return Poll::Ready(end);
        }
        if stop.poll(cx).is_ready() {
            return Poll::Ready(End::Stopped);
        }
        let timer = &mut self.server.connection.timer;
        if self.to_server.poll_stuck(timer, cx).is_ready() {
            return Poll::Ready(End::Stuck(Side::Server));
        }
        if self.to_client.poll_stuck(timer, cx).is_ready() {
            return Poll::Ready(End::Stuck(Side::Client));
        }
        self.silence.poll_over(timer, cx).map(|_| End::Silent)
    }

    /// Moves what there is to move, each direction in turn, so that a busy one does not keep the other
    /// waiting; the runtime ends the turn of a tunnel that never has to wait.
    fn carry(&mut self, cx: &mut Context<'_>, worker: &Worker, client: &mut Client) -> Option<End> {
        loop {
            match self.step(cx, worker, client) {
                Ok(true) => {}
                Ok(false) => return None,
                Err(side) => return Some(self.broken(side)),
            }
            if self.to_server.has_ended() && self.to_client.has_ended() {
                return Some(End::Orderly);
            }
            let half = self.to_server.is_over() || self.to_client.is_over();
            let longest = if half { self.longest.1 } else { self.longest.0 };
            self.silence = Patience::new(longest);
        }
    }

    /// One step in each direction; whether there was any progress.
    fn step(
        &mut self,
        cx: &mut Context<'_>,
        worker: &Worker,
        client: &mut Client,
    ) -> Result<bool, Side> {
        let (client, server) = (client.stream(), &mut self.server.connection.stream);
        let up = self.to_server.step(cx, (client, server), &worker.buffers);
        let up = up.map_err(|broken| match broken {
            Broken::Source => Side::Client,
            Broken::Sink => Side::Server,
        })?;
        let down = self.to_client.step(cx, (server, client), &worker.buffers);
        let down = down.map_err(|broken| match broken {
            Broken::Source => Side::Server,
            Broken::Sink => Side::Client,
        })?;
        Ok(up || down)
    }

    /// A side that has said that it is at its end may well be gone when it is written to.
    fn broken(&self, side: Side) -> End {
        let had_ended = match side {
            Side::Client => self.to_server.is_over(),
            Side::Server => self.to_client.is_over(),
        };
        if had_ended {
            End::Orderly
        } else {
            End::Broken(side)
        }
    }

    fn count(&mut self, bytes: &TunnelBytes) {
        let written = (self.to_server.written, self.to_client.written);
        bytes.to_server.inc_by(written.0 - self.counted.0);
        bytes.to_client.inc_by(written.1 - self.counted.1);
        self.counted = written;
    }

    /// Tells both sides of the end: a side that broke off is told to the other as it was told to us.
    async fn close(&mut self, client: &mut Client, end: End) {
        let (client, server) = (client.stream(), &mut self.server.connection.stream);
        match end {
            End::Broken(Side::Client) => reset(server),
            End::Broken(Side::Server) => reset(client),
            End::Orderly | End::Stuck(_) | End::Silent | End::Stopped => {
                poll_fn(|cx| {
                    for side in [&mut *client, &mut *server] {
                        // Nobody waits for a side that does not take it.
                        let _told = Pin::new(side).poll_shutdown(cx);
                    }
                    Poll::Ready(())
                })
                .await;
            }
        }
    }

    /// Counts and logs the request, whose answer this was.
    fn finish(mut self, worker: &Worker, client: &mut Client, end: End) {
        client.sent += self.to_client.written;
        let record = &mut self.record;
        record.body_sent += self.to_client.written;
        record.complete = end == End::Orderly;
        record.reason = end.reason();
        let (sent, received) = self.server.connection.traffic;
        record.traffic((
            sent + self.to_server.written,
            received + self.to_client.read,
        ));
        record.took(self.asked.elapsed());
        let Some(route) = self.snapshot.route(self.of.0, self.of.1) else {
            return;
        };
        let Ok(head) = RequestHead::parse_within(&self.head, &client.head_limits()) else {
            return;
        };
        let subject = Subject {
            upstream: Some(&self.upstream),
            ..Subject::of(&route.target, &head)
        };
        record.finish(worker, subject, client);
    }
}

/// Has the connection end with a reset when it is closed, where that is possible. A stream of HTTP/2
/// ends so by itself.
fn reset(stream: &Stream) {
    if let Stream::Tcp(stream) = stream {
        // Without it the peer finds an end where there was a break.
        drop(SockRef::from(stream).set_linger(Some(Duration::ZERO)));
    }
}

/// Counts a tunnel for as long as it is open.
struct Open<'a>(&'a IntGauge);

impl<'a> Open<'a> {
    fn new(gauge: &'a IntGauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}
