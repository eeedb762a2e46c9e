//! A client's connection: waiting for requests, answering, leaving in an orderly way.

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use edge_core::http::{HeadEnd, find_head_end};
use pingora::protocols::{SocketDigest, Stream};
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};

use crate::buffer::{Buffer, Buffers};
use crate::io;
use crate::timer::{Patience, Timer};

/// A client's connection.
#[derive(Debug)]
pub(crate) struct Client {
    stream: Stream,
    timer: Timer,
    /// Its address.
    pub(crate) peer: SocketAddr,
    /// Its address without port, as text.
    pub(crate) address: String,
    /// The connection's number, counted since the start.
    pub(crate) number: u64,
    /// Requests begun on the connection.
    pub(crate) requests: u64,
    /// Whether the request under way was sent before the answer to the one before was there.
    pub(crate) pipelined: bool,
    /// What it sent while its last request was being answered.
    ahead: Option<Buffer>,
    /// Bytes sent to it.
    pub(crate) sent: u64,
}

/// A request head that has arrived.
#[derive(Debug)]
pub(crate) struct Received {
    /// The head, and what came with it.
    pub(crate) buffer: Buffer,
    /// The length of the head.
    pub(crate) head: usize,
    /// When its first byte was read.
    pub(crate) since: Instant,
}

/// Why there is no next request.
#[derive(Debug)]
pub(crate) enum NoRequest {
    /// The connection ended, or has to, with nothing begun.
    Ended,
    /// The head took too long.
    Slow,
    /// The head is too large.
    TooLarge,
    /// A line of the head ends in a bare LF.
    BareLineFeed,
}

/// For the whole head, from its first byte (nginx's `client_header_timeout`).
const HEAD_TIMEOUT: Duration = Duration::from_mins(1);
/// Between two requests (nginx's `keepalive_timeout`).
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);
/// Between two writes (nginx's `send_timeout`).
const SEND_TIMEOUT: Duration = Duration::from_mins(1);
/// Between two reads of a body (nginx's `client_body_timeout`).
const BODY_TIMEOUT: Duration = Duration::from_mins(1);
/// The largest head (nginx's `large_client_header_buffers 4 8k`).
const LARGEST_HEAD: usize = 32 * 1024;
/// How long an unread request is read over, so that the client sees the answer to it before the
/// connection is reset (nginx's `lingering_time` and `lingering_timeout`).
const LINGER: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(5));

impl Client {
    /// A connection that was just accepted.
    pub(crate) fn new(stream: Stream, peer: SocketAddr, number: u64) -> Self {
        let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
        Self {
            stream,
            timer: Timer::default(),
            peer,
            address: peer.ip().to_string(),
            number,
            requests: 0,
            pipelined: false,
            ahead: None,
            sent: 0,
        }
    }

    /// Waits for the next request's head. `leave` ends the wait as long as nothing has arrived.
    pub(crate) async fn next(
        &mut self,
        buffers: &Buffers,
        leave: Pin<&mut impl Future<Output = ()>>,
        first: bool,
    ) -> Result<Received, NoRequest> {
        let ahead = self.ahead.take();
        self.pipelined = ahead.is_some();
        let mut buffer = match ahead {
            Some(ahead) => ahead,
            None => self.first_bytes(buffers, leave, first).await?,
        };
        let since = Instant::now();
        match self.rest_of_head(&mut buffer, since).await {
            Ok(head) => Ok(Received {
                buffer,
                head,
                since,
            }),
            Err(error) => {
                buffers.put_read(buffer);
                Err(error)
            }
        }
    }

    /// Waits without a buffer until there is something to read.
    async fn first_bytes(
        &mut self,
        buffers: &Buffers,
        mut leave: Pin<&mut impl Future<Output = ()>>,
        first: bool,
    ) -> Result<Buffer, NoRequest> {
        let patience = if first { HEAD_TIMEOUT } else { IDLE_TIMEOUT };
        let mut patience = Patience::new(patience);
        let (stream, timer) = (&mut self.stream, &mut self.timer);
        let read = poll_fn(|cx| {
            let mut buffer = buffers.read_buffer();
            match buffer.poll_fill(stream, cx) {
                Poll::Ready(Ok(count)) if count > 0 => return Poll::Ready(Some(buffer)),
                Poll::Ready(_) => return Poll::Ready(None),
                Poll::Pending => buffers.put_read(buffer),
            }
            if leave.as_mut().poll(cx).is_ready() || patience.poll_over(timer, cx).is_ready() {
                return Poll::Ready(None);
            }
            Poll::Pending
        });
        read.await.ok_or(NoRequest::Ended)
    }

    async fn rest_of_head(
        &mut self,
        buffer: &mut Buffer,
        since: Instant,
    ) -> Result<usize, NoRequest> {
        let mut searched = 0;
        loop {
            skip_empty_lines(buffer, searched);
            match find_head_end(buffer.filled(), searched) {
                HeadEnd::Complete(head) if head <= LARGEST_HEAD => return Ok(head),
                HeadEnd::Complete(_) => return Err(NoRequest::TooLarge),
                HeadEnd::BareLineFeed => return Err(NoRequest::BareLineFeed),
                HeadEnd::Partial(up_to) => searched = up_to,
            }
            if searched >= LARGEST_HEAD {
                return Err(NoRequest::TooLarge);
            }
            if buffer.is_full() {
                buffer.grow(LARGEST_HEAD);
            }
            let deadline = since + HEAD_TIMEOUT;
            match io::fill(&mut self.stream, &mut self.timer, buffer, deadline).await {
                Ok(0) => return Err(NoRequest::Ended),
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::TimedOut => {
                    return Err(NoRequest::Slow);
                }
                Err(_) => return Err(NoRequest::Ended),
            }
        }
    }

    /// The address that it connected to. Asks the kernel, so only for who wants to know.
    pub(crate) fn local_address(&self) -> Option<SocketAddr> {
        let digest = SocketDigest::from_raw_fd(self.stream.id());
        digest.local_addr()?.as_inet().copied()
    }

    /// Reads more of a request's body.
    pub(crate) async fn read_body(&mut self, buffer: &mut Buffer) -> std::io::Result<usize> {
        let deadline = Instant::now() + BODY_TIMEOUT;
        io::fill(&mut self.stream, &mut self.timer, buffer, deadline).await
    }

    /// Writes `first` and then `second`.
    pub(crate) async fn write(&mut self, first: &[u8], second: &[u8]) -> std::io::Result<()> {
        self.sent += (first.len() + second.len()) as u64;
        io::write_all(
            &mut self.stream,
            &mut self.timer,
            first,
            second,
            SEND_TIMEOUT,
        )
        .await
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
        let end = Instant::now() + LINGER.0;
        loop {
            buffer.clear();
            let deadline = end.min(Instant::now() + LINGER.1);
            match io::fill(&mut self.stream, &mut self.timer, &mut buffer, deadline).await {
                Ok(count) if count > 0 => {}
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

/// RFC 9112 §2.2: empty lines before a request line are passed over.
fn skip_empty_lines(buffer: &mut Buffer, searched: usize) {
    while searched == 0 && buffer.filled().starts_with(b"\r\n") {
        buffer.consume(2);
    }
}
