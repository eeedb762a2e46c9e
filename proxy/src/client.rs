//! A client's connection: waiting for requests, answering, leaving in an orderly way.

mod identity;
mod request;
mod secure;
mod switched;

use std::fs::File;
use std::future::poll_fn;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use edge_core::address::Peer;
use edge_core::config::{self, Listener};
use edge_core::http::HeadLimits;
use edge_core::proxy_protocol::Ends;
use edge_core::tls::Session;

use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};

use crate::buffer::{Buffer, Buffers};
use crate::io;
use crate::stream::Stream;
use crate::timer::{Patience, Timer};

pub(crate) use self::identity::NoIntroduction;
pub(crate) use self::request::{First, Next, NoRequest, Received};
pub(crate) use self::secure::Insecure;

/// Where a connection comes from.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    /// Where it came in.
    pub(crate) listener: Arc<Listener>,
    /// Who connected.
    pub(crate) peer: Peer,
    /// From which port; 0 where there is none.
    pub(crate) port: u16,
    /// The address that was connected to, if somebody has named another than the socket's.
    pub(crate) destination: Option<SocketAddr>,
    /// The connection's number, counted since the start.
    pub(crate) number: u64,
    /// Whether it is a stream of HTTP/2, presented as a connection.
    pub(crate) http2: bool,
    /// Its TLS.
    pub(crate) secure: Option<Arc<Session>>,
}

/// A client's connection.
#[derive(Debug)]
pub(crate) struct Client {
    stream: Stream,
    timer: Timer,
    /// Where it came in.
    pub(crate) listener: Arc<Listener>,
    /// Who connected, or whom the PROXY protocol has named.
    pub(crate) peer: Peer,
    /// The client's address without port, as text: the peer's, or the one for which it speaks.
    pub(crate) address: String,
    /// The address for which the peer speaks in this request.
    speaks_for: Option<IpAddr>,
    /// `http` or `https`, as the client connected to the first proxy that is trusted.
    pub(crate) scheme: &'static str,
    /// The port of whoever connected, or of whom the PROXY protocol has named; 0 where there is none.
    pub(crate) port: u16,
    /// The address that the client connected to, if the PROXY protocol has named it.
    destination: Option<SocketAddr>,
    /// The connection's number, counted since the start.
    pub(crate) number: u64,
    /// Whether it is a stream of HTTP/2, presented as a connection.
    pub(crate) http2: bool,
    /// Its TLS, if it speaks that with the edge.
    pub(crate) secure: Option<Arc<Session>>,
    /// Whether the request under way was sent before the answer to the one before was there.
    pub(crate) pipelined: bool,
    /// What it sent while its last request was being answered.
    ahead: Option<Buffer>,
    /// Bytes sent to it.
    pub(crate) sent: u64,
    /// The patience with it.
    terms: Arc<config::Client>,
    /// When it connected.
    since: Instant,
    /// Since when it has had nothing to wait for: its last answer was sent, or it has just connected.
    rested: Instant,
    /// Requests it has begun.
    served: u32,
}

/// How clients connect to us.
const HTTP: &str = "http";
const HTTPS: &str = "https";

impl Client {
    /// A connection that was just accepted.
    pub(crate) fn new(stream: Stream, origin: Origin, terms: Arc<config::Client>) -> Self {
        let now = Instant::now();
        Self {
            stream,
            timer: Timer::default(),
            listener: origin.listener,
            peer: origin.peer,
            address: origin.peer.to_string(),
            port: origin.port,
            destination: origin.destination,
            speaks_for: None,
            scheme: if origin.secure.is_some() { HTTPS } else { HTTP },
            number: origin.number,
            http2: origin.http2,
            secure: origin.secure,
            pipelined: false,
            ahead: None,
            sent: 0,
            terms,
            since: now,
            rested: now,
            served: 0,
        }
    }

    /// The client's address, by which it is balanced; one without any is as good as any other.
    pub(crate) fn ip(&self) -> IpAddr {
        match (self.speaks_for, self.peer) {
            (Some(ip), _) | (None, Peer::Ip(ip)) => ip,
            (None, Peer::Unix) => Ipv4Addr::UNSPECIFIED.into(),
        }
    }

    /// Whether the request that was received at `now` may be followed by another.
    pub(crate) fn may_stay(&self, now: Instant) -> bool {
        let age = now.saturating_duration_since(self.since);
        self.terms.keepalive.allows(self.served, age)
    }

    /// How many connections its address may have, if that is limited.
    pub(crate) fn most_of_one_address(&self) -> Option<NonZeroU32> {
        self.terms.max_connections_per_address
    }

    /// When it connected.
    pub(crate) fn since(&self) -> Instant {
        self.since
    }

    /// The connection itself, of which everything read was passed on.
    pub(crate) fn into_stream(self) -> Stream {
        self.stream
    }

    /// The limits of a request head.
    pub(crate) fn head_limits(&self) -> HeadLimits {
        self.terms.head
    }

    /// From now on these hold: a reload counts for the request that comes after it.
    pub(crate) fn renew_terms(&mut self, terms: &Arc<config::Client>) {
        if !Arc::ptr_eq(&self.terms, terms) {
            self.terms = Arc::clone(terms);
        }
    }

    /// Its request is answered.
    pub(crate) fn rest(&mut self, now: Instant) {
        self.rested = now;
    }

    /// Reads more of a request's body, into a buffer that is taken when there is something to read:
    /// a client that takes its time over a body costs no memory. Nothing read is the end.
    pub(crate) async fn read_body(&mut self, buffers: &Buffers) -> std::io::Result<Buffer> {
        let mut patience = self.body_patience();
        poll_fn(|cx| self.poll_read_body(cx, buffers, &mut patience)).await
    }

    /// The patience with the next read of a body.
    pub(crate) fn body_patience(&self) -> Patience {
        Patience::new(self.terms.body_timeout)
    }

    /// Reads more of a request's body; see [`Client::read_body`].
    pub(crate) fn poll_read_body(
        &mut self,
        cx: &mut Context<'_>,
        buffers: &Buffers,
        patience: &mut Patience,
    ) -> Poll<std::io::Result<Buffer>> {
        // What came while the request had to wait comes first.
        if let Some(ahead) = self.ahead.take() {
            return Poll::Ready(Ok(ahead));
        }
        let mut buffer = buffers.large_buffer();
        if let Poll::Ready(result) = buffer.poll_fill(&mut self.stream, cx) {
            return Poll::Ready(result.map(|_| buffer));
        }
        buffers.put_read(buffer);
        patience.poll_over(&mut self.timer, cx).map(Err)
    }

    /// The client's connection, as a server is told by the PROXY protocol: from the client that the
    /// request is of to the address that was connected to.
    pub(crate) fn ends(&self) -> Option<Ends> {
        let Peer::Ip(ip) = self.speaker() else {
            return None;
        };
        let source = SocketAddr::new(ip, self.port);
        Some(Ends::new(source, self.local_address()?))
    }

    /// Whose request it is: the peer's, or of somebody for whom that may speak.
    pub(crate) fn speaker(&self) -> Peer {
        self.speaks_for.map_or(self.peer, Peer::Ip)
    }

    /// Where it comes from, for whoever carries its requests on.
    pub(crate) fn origin(&self) -> Origin {
        Origin {
            listener: Arc::clone(&self.listener),
            peer: self.peer,
            port: self.port,
            destination: self.local_address(),
            number: self.number,
            http2: self.http2,
            secure: self.secure.as_ref().map(Arc::clone),
        }
    }

    /// Requests begun on the connection.
    pub(crate) fn requests(&self) -> u64 {
        u64::from(self.served)
    }

    /// The address that it connected to. Asks the kernel, so only for who wants to know.
    pub(crate) fn local_address(&self) -> Option<SocketAddr> {
        self.destination.or_else(|| self.stream.local_address())
    }

    /// Writes `first` and then `second`.
    pub(crate) async fn write(&mut self, first: &[u8], second: &[u8]) -> std::io::Result<()> {
        self.sent += (first.len() + second.len()) as u64;
        io::write_all(
            &mut self.stream,
            &mut self.timer,
            first,
            second,
            self.terms.send_timeout,
        )
        .await
    }

    /// Sends the beginning of a part of a file that is in memory, without copying it; how much that
    /// was. `None` if that is not possible on this connection.
    pub(crate) async fn send_file(
        &mut self,
        file: &File,
        part: &Range<u64>,
    ) -> Option<std::io::Result<u64>> {
        let Stream::Tcp(stream) = &self.stream else {
            return None;
        };
        let patience = self.terms.send_timeout;
        let sent = io::send_file(stream, &mut self.timer, (file, part), patience).await;
        self.sent += sent.as_ref().copied().unwrap_or_default();
        Some(sent)
    }

    /// Writes what can be written at once of `first` and then `second`; how much that was.
    pub(crate) async fn try_write(
        &mut self,
        first: &[u8],
        second: &[u8],
    ) -> std::io::Result<usize> {
        let written = io::try_write(&mut self.stream, first, second).await?;
        self.sent += written as u64;
        Ok(written)
    }

    /// The patience with the next write.
    pub(crate) fn patience(&self) -> Patience {
        Patience::new(self.terms.send_timeout)
    }

    /// Writes some of `bytes`.
    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
        patience: &mut Patience,
    ) -> Poll<std::io::Result<usize>> {
        match io::poll_write(&mut self.stream, cx, bytes, &[]) {
            Poll::Ready(Ok(0)) => Poll::Ready(Err(std::io::ErrorKind::WriteZero.into())),
            Poll::Ready(Ok(count)) => {
                self.sent += count as u64;
                Poll::Ready(Ok(count))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => patience.poll_over(&mut self.timer, cx).map(Err),
        }
    }

    /// Ready when the client has left; bytes of its next request are kept. Called while a server is
    /// being waited for, so that it is not kept busy for nobody (nginx's 499).
    pub(crate) fn poll_gone(&mut self, cx: &mut Context<'_>, buffers: &Buffers) -> Poll<()> {
        if let Some(ahead) = &mut self.ahead {
            return poll_ahead(ahead, &mut self.stream, cx);
        }
        // Nearly always there is nothing, so a buffer is taken only for what is there.
        let mut byte = [0];
        let mut first = ReadBuf::new(&mut byte);
        match Pin::new(&mut self.stream).poll_read(cx, &mut first) {
            Poll::Ready(Ok(())) if !first.filled().is_empty() => {
                let ahead = self.ahead.insert(buffers.read_buffer());
                ahead.append(first.filled());
                poll_ahead(ahead, &mut self.stream, cx)
            }
            Poll::Ready(_) => Poll::Ready(()),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Whether it has sent more than the request just answered. Closing a socket with unread bytes
    /// resets the connection, which may destroy the answer.
    pub(crate) fn has_sent_ahead(&self) -> bool {
        self.ahead.is_some()
    }

    /// Keeps what came after a request for the next one.
    pub(crate) fn keep_ahead(&mut self, mut rest: Buffer, buffers: &Buffers) {
        if let Some(later) = self.ahead.take() {
            rest.append(later.filled());
            buffers.put_read(later);
        }
        if rest.filled().is_empty() {
            buffers.put_read(rest);
        } else {
            self.ahead = Some(rest);
        }
    }

    /// Closes the sending side, and reads over what the client still sends for a while: closing at
    /// once would reset the connection and could destroy the answer before the client has read it.
    pub(crate) async fn linger(&mut self, buffers: &Buffers) {
        if poll_fn(|cx| Pin::new(&mut self.stream).poll_shutdown(cx))
            .await
            .is_err()
        {
            return;
        }
        let mut buffer = self.ahead.take().unwrap_or_else(|| buffers.read_buffer());
        let mut now = Instant::now();
        let end = now + self.terms.lingering_time;
        // Also for a client that sends so fast that it is never waited for.
        while now < end {
            buffer.clear();
            let deadline = end.min(now + self.terms.lingering_timeout);
            match io::fill(&mut self.stream, &mut self.timer, &mut buffer, deadline).await {
                Ok(count) if count > 0 => now = Instant::now(),
                _ => break,
            }
        }
        buffers.put_read(buffer);
    }
}

/// Reads what there is; ready when the stream has ended.
fn poll_ahead(ahead: &mut Buffer, stream: &mut Stream, cx: &mut Context<'_>) -> Poll<()> {
    while !ahead.is_full() {
        match ahead.poll_fill(stream, cx) {
            Poll::Ready(Ok(count)) if count > 0 => {}
            Poll::Ready(_) => return Poll::Ready(()),
            Poll::Pending => break,
        }
    }
    Poll::Pending
}
