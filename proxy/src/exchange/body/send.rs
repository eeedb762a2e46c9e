//! Sending a request to a server, with an eye on an answer that comes before all is sent: a server
//! that refuses a large body says so and closes, and the client is to hear what it said.

use std::fs::File;
use std::future::poll_fn;
use std::os::unix::fs::FileExt as _;
use std::task::{Context, Poll};
use std::time::Duration;

use edge_core::http::{HeadEnd, find_head_end};

use super::{Body, IN_MEMORY, Incomplete, Streamed, inflow};
use crate::buffer::{Buffer, Buffers};
use crate::client::Client;
use crate::pool::Connection;
use crate::timer::Patience;

/// How much of a request was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::exchange) enum Sent {
    /// All.
    All,
    /// As much as the server wanted: it has answered, or closed the connection.
    Early,
}

/// Why a request was not sent.
#[derive(Debug)]
pub(in crate::exchange) enum SendError {
    /// The server takes nothing for too long.
    Slow,
    /// The client does not send it.
    Client(Incomplete),
}

/// A server that a request is being sent to.
struct Outflow<'a> {
    connection: &'a mut Connection,
    /// What the server has answered so far.
    answer: &'a mut Buffer,
    patience: Duration,
}

impl Body {
    /// Sends `head` and the body to a server. What that answers meanwhile is read into `answer`.
    pub(in crate::exchange) async fn send(
        &mut self,
        head: &[u8],
        (connection, answer): (&mut Connection, &mut Buffer),
        client: (&mut Client, &Buffers),
        patience: Duration,
    ) -> Result<Sent, SendError> {
        let mut outflow = Outflow {
            connection,
            answer,
            patience,
        };
        match self {
            Self::Empty => outflow.write(head, &[]).await,
            Self::Memory(bytes) => outflow.write(head, bytes).await,
            Self::Spooled { file, length } => outflow.write_file(head, file, *length).await,
            Self::Streamed(streamed) => outflow.pass_on(head, streamed, client).await,
        }
    }
}

impl Outflow<'_> {
    /// Writes `first` and then `second`, in one call where the kernel takes it.
    async fn write(&mut self, first: &[u8], second: &[u8]) -> Result<Sent, SendError> {
        let (sent, _) = self.write_some(first, second).await?;
        Ok(sent)
    }

    /// As [`Outflow::write`]; also tells how much was written, should the server answer early.
    async fn write_some(
        &mut self,
        first: &[u8],
        second: &[u8],
    ) -> Result<(Sent, usize), SendError> {
        let mut written = 0;
        let mut patience = Patience::new(self.patience);
        poll_fn(|cx| {
            while written < first.len() + second.len() {
                let of_first = written.min(first.len());
                let first = first.get(of_first..).unwrap_or_default();
                let second = second.get(written - of_first..).unwrap_or_default();
                let stream = &mut self.connection.stream;
                match crate::io::poll_write(stream, cx, first, second) {
                    Poll::Ready(Ok(count)) if count > 0 => {
                        written += count;
                        patience = Patience::new(self.patience);
                    }
                    // What it has said before it stopped reading is still to be read.
                    Poll::Ready(_) => return Poll::Ready(Ok((Sent::Early, written))),
                    Poll::Pending if self.poll_answer(cx).is_ready() => {
                        return Poll::Ready(Ok((Sent::Early, written)));
                    }
                    Poll::Pending => {
                        let timer = &mut self.connection.timer;
                        return patience.poll_over(timer, cx).map(|_| Err(SendError::Slow));
                    }
                }
            }
            Poll::Ready(Ok((Sent::All, written)))
        })
        .await
    }

    /// Ready when the server has begun to answer, interim answers aside, or has closed.
    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match self.answer.poll_fill(&mut self.connection.stream, cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(count)) if count > 0 && self.is_interim() => {}
                Poll::Ready(_) => return Poll::Ready(()),
            }
        }
    }

    /// Whether all that has been answered is interim (RFC 9110 §15.2); it is dropped. A switch of
    /// protocols is not: nothing follows it.
    fn is_interim(&mut self) -> bool {
        while self.answer.filled().starts_with(b"HTTP/1.1 1")
            && !self.answer.filled().starts_with(b"HTTP/1.1 101")
        {
            match find_head_end(self.answer.filled(), 0) {
                HeadEnd::Complete(length) => self.answer.consume(length),
                HeadEnd::Partial(_) => return !self.answer.is_full(),
                HeadEnd::BareLineFeed => return false,
            }
        }
        self.answer.filled().is_empty()
    }

    async fn write_file(
        &mut self,
        head: &[u8],
        file: &File,
        length: u64,
    ) -> Result<Sent, SendError> {
        let mut piece = vec![0; IN_MEMORY];
        let (mut at, mut head) = (0, head);
        while at < length {
            let count = usize::try_from(length - at).map_or(IN_MEMORY, |left| left.min(IN_MEMORY));
            let Some(piece) = piece.get_mut(..count) else {
                break;
            };
            if let Err(error) = file.read_exact_at(piece, at) {
                tracing::error!(%error, "a spooled request body cannot be read");
                return Ok(Sent::Early);
            }
            if self.write(head, piece).await? == Sent::Early {
                return Ok(Sent::Early);
            }
            head = &[];
            at += count as u64;
        }
        Ok(Sent::All)
    }

    /// Sends the body as it comes from the client.
    async fn pass_on(
        &mut self,
        head: &[u8],
        streamed: &mut Streamed,
        (client, buffers): (&mut Client, &Buffers),
    ) -> Result<Sent, SendError> {
        let mut head = head;
        loop {
            streamed.take_up().map_err(SendError::Client)?;
            let (sent, count) = self.write_some(head, streamed.out()).await?;
            let of_body = count.saturating_sub(head.len());
            streamed.out().drain(..of_body);
            head = head.get(count..).unwrap_or_default();
            if sent == Sent::Early || streamed.is_sent() {
                return Ok(sent);
            }
            if self.read_more(streamed, client, buffers).await? == Sent::Early {
                return Ok(Sent::Early);
            }
        }
    }

    /// Waits for more of the body, or for an answer that does not wait for it.
    async fn read_more(
        &mut self,
        streamed: &mut Streamed,
        client: &mut Client,
        buffers: &Buffers,
    ) -> Result<Sent, SendError> {
        let mut patience = client.body_patience();
        let read = poll_fn(|cx| {
            let read = client.poll_read_body(cx, buffers, &mut patience);
            if let Poll::Ready(read) = read {
                return Poll::Ready(Some(read));
            }
            self.poll_answer(cx).map(|()| None)
        })
        .await;
        let Some(read) = read else {
            return Ok(Sent::Early);
        };
        let arrived = inflow::arrived(read).map_err(SendError::Client)?;
        streamed.arrived(arrived, buffers);
        Ok(Sent::All)
    }
}
