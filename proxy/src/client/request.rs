//! Waiting for a request's head.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use edge_core::http::{HeadEnd, find_head_end, leading_empty_lines};
use edge_core::reason::Reason;

use super::Client;
use crate::buffer::{Buffer, Buffers, CAPACITY};
use crate::io;
use crate::timer::Patience;
use crate::worker::Worker;

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
    /// The head is refused before it is complete.
    Refused(Reason),
    /// A line of the head ends in a bare LF.
    BareLineFeed,
}

impl Client {
    /// Waits for the next request's head. `leave` ends the wait as long as nothing has arrived.
    pub(crate) async fn next(
        &mut self,
        worker: &Worker,
        leave: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<Received, NoRequest> {
        let ahead = self.ahead.take();
        self.pipelined = ahead.is_some() && self.served > 0;
        let mut buffer = if let Some(ahead) = ahead {
            ahead
        } else {
            let patience = if self.served == 0 {
                self.terms.header_timeout
            } else {
                self.terms.keepalive.timeout
            };
            let first = self.first_bytes(&worker.buffers, leave, patience).await;
            first.ok_or(NoRequest::Ended)?
        };
        // A reload meanwhile holds for this request.
        self.renew_terms(worker);
        let since = Instant::now();
        self.served = self.served.saturating_add(1);
        match self.rest_of_head(&mut buffer, since).await {
            Ok(head) => Ok(Received {
                buffer,
                head,
                since,
            }),
            Err(error) => {
                worker.buffers.put_read(buffer);
                Err(error)
            }
        }
    }

    /// Waits without a buffer until there is something to read.
    pub(super) async fn first_bytes(
        &mut self,
        buffers: &Buffers,
        mut leave: Pin<&mut impl Future<Output = ()>>,
        patience: Duration,
    ) -> Option<Buffer> {
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
        read.await
    }

    async fn rest_of_head(
        &mut self,
        buffer: &mut Buffer,
        since: Instant,
    ) -> Result<usize, NoRequest> {
        let limits = self.terms.head;
        let deadline = since + self.terms.header_timeout;
        let mut searched = 0;
        loop {
            let empty = leading_empty_lines(buffer.filled());
            if empty > 0 {
                buffer.consume(empty);
                searched = 0;
            }
            match find_head_end(buffer.filled(), searched) {
                HeadEnd::Complete(head) => {
                    limits.check_length(head).map_err(NoRequest::Refused)?;
                    return Ok(head);
                }
                HeadEnd::BareLineFeed => return Err(NoRequest::BareLineFeed),
                HeadEnd::Partial(up_to) => searched = up_to,
            }
            limits
                .check_partial(buffer.filled())
                .map_err(NoRequest::Refused)?;
            if buffer.is_full() {
                buffer.grow(limits.head.max(CAPACITY));
            }
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
}
