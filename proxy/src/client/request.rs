//! Waiting for a request's head.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use edge_core::http::{HeadEnd, find_head_end, leading_empty_lines};
use edge_core::reason::Reason;

use super::Client;
use crate::buffer::{Buffer, Buffers, CAPACITY};
use crate::io;
use crate::timer::Patience;

/// The beginning of a request, or of whatever else a client has to say.
#[derive(Debug)]
pub(crate) struct First {
    /// What was read.
    pub(crate) buffer: Buffer,
    /// When that was.
    pub(crate) since: Instant,
}

/// What became of waiting for a request to begin.
#[derive(Debug)]
pub(crate) enum Next {
    /// It has.
    First(First),
    /// Not yet.
    Idle,
    /// The connection has ended, or has to.
    Ended,
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
    /// When its last byte was read.
    pub(crate) complete: Instant,
}

/// Why there is no next request.
#[derive(Debug)]
pub(crate) enum NoRequest {
    /// The connection ended.
    Ended,
    /// The head is refused before it is complete; with it is what has arrived of it.
    Refused(Reason, Received),
}

/// How waiting without a buffer ended.
pub(super) enum Begun {
    /// There is something.
    Bytes(Buffer),
    /// It took too long.
    Expired,
    /// The connection has ended, or has to.
    Ended,
}

impl Client {
    /// Waits for the next request to begin, for no longer than `most`; none does if the connection
    /// ends, or has to. `leave` ends the wait.
    ///
    /// What it keeps while it waits is what ten thousand idle connections keep.
    pub(crate) fn next<'a>(
        &'a mut self,
        most: Duration,
        buffers: &'a Buffers,
        mut leave: Pin<&'a mut impl Future<Output = ()>>,
    ) -> impl Future<Output = Next> + 'a {
        let whole = if self.served == 0 {
            self.terms.header_timeout
        } else {
            self.terms.keepalive.timeout
        };
        let mut patience = Patience::since(self.rested, whole.min(most));
        self.pipelined = self.ahead.is_some() && self.served > 0;
        poll_fn(move |cx| {
            let buffer = match self.ahead.take() {
                Some(ahead) => ahead,
                None => match ready!(self.poll_begun(cx, buffers, leave.as_mut(), &mut patience)) {
                    Begun::Bytes(buffer) => buffer,
                    Begun::Expired if most < whole => return Poll::Ready(Next::Idle),
                    Begun::Expired | Begun::Ended => return Poll::Ready(Next::Ended),
                },
            };
            self.served = self.served.saturating_add(1);
            let since = Instant::now();
            Poll::Ready(Next::First(First { buffer, since }))
        })
    }

    /// Whether the client's first word is `word`; reads as much as tells.
    pub(crate) async fn begins_with(&mut self, word: &[u8], first: &mut First) -> bool {
        let deadline = first.since + self.terms.header_timeout;
        loop {
            let filled = first.buffer.filled();
            if filled.len() >= word.len() || !word.starts_with(filled) {
                return filled.starts_with(word);
            }
            let buffer = &mut first.buffer;
            match io::fill(&mut self.stream, &mut self.timer, buffer, deadline).await {
                Ok(count) if count > 0 => {}
                // Whoever reads on finds out the same.
                Ok(_) | Err(_) => return false,
            }
        }
    }

    /// Reads the rest of a request's head.
    pub(crate) async fn head(
        &mut self,
        buffers: &Buffers,
        First { mut buffer, since }: First,
    ) -> Result<Received, NoRequest> {
        match self.rest_of_head(&mut buffer, since).await {
            Ok((head, complete)) => Ok(Received {
                buffer,
                head,
                since,
                complete,
            }),
            // Nothing but empty lines.
            Err(_) if buffer.filled().is_empty() => {
                buffers.put_read(buffer);
                Err(NoRequest::Ended)
            }
            Err(reason) => {
                let partial = Received {
                    head: buffer.filled().len(),
                    buffer,
                    since,
                    complete: since,
                };
                Err(NoRequest::Refused(reason, partial))
            }
        }
    }

    /// Ready when there is something to read; until then no buffer is held.
    pub(super) fn poll_begun(
        &mut self,
        cx: &mut Context<'_>,
        buffers: &Buffers,
        leave: Pin<&mut impl Future<Output = ()>>,
        patience: &mut Patience,
    ) -> Poll<Begun> {
        let mut buffer = buffers.read_buffer();
        match buffer.poll_fill(&mut self.stream, cx) {
            Poll::Ready(Ok(count)) if count > 0 => return Poll::Ready(Begun::Bytes(buffer)),
            Poll::Ready(_) => return Poll::Ready(Begun::Ended),
            Poll::Pending => buffers.put_read(buffer),
        }
        // What has arrived and is not read yet is somebody's request.
        if leave.poll(cx).is_ready() && !self.stream.has_unread() {
            return Poll::Ready(Begun::Ended);
        }
        patience
            .poll_over(&mut self.timer, cx)
            .map(|_| Begun::Expired)
    }

    async fn rest_of_head(
        &mut self,
        buffer: &mut Buffer,
        since: Instant,
    ) -> Result<(usize, Instant), Reason> {
        let limits = self.terms.head;
        let deadline = since + self.terms.header_timeout;
        let mut now = since;
        let mut searched = 0;
        loop {
            let empty = leading_empty_lines(buffer.filled());
            if empty > 0 {
                buffer.consume(empty);
                searched = 0;
            }
            match find_head_end(buffer.filled(), searched) {
                HeadEnd::Complete(head) => {
                    limits.check_length(head)?;
                    return Ok((head, now));
                }
                HeadEnd::BareLineFeed => return Err(Reason::BAD_LINE_END),
                HeadEnd::Partial(up_to) => searched = up_to,
            }
            limits.check_partial(buffer.filled())?;
            if buffer.is_full() {
                buffer.grow(limits.head.max(CAPACITY));
            }
            match io::fill(&mut self.stream, &mut self.timer, buffer, deadline).await {
                Ok(1..) => now = Instant::now(),
                Err(error) if error.kind() == std::io::ErrorKind::TimedOut => {
                    return Err(Reason::HEADER_TIMEOUT);
                }
                Ok(0) | Err(_) => return Err(Reason::HEAD_INCOMPLETE),
            }
        }
    }
}
