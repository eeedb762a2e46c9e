//! A request body that is passed on as it comes, also while the answer to it already comes back.

use std::task::{Context, Poll};

use edge_core::forward::write_chunk_size;
use edge_core::http::BodyLength;

use super::Incomplete;
use super::inflow::{self, Inflow};
use crate::buffer::{Buffer, Buffers};
use crate::client::Client;
use crate::pool::Connection;
use crate::timer::Patience;

/// A body that is passed on as it comes.
#[derive(Debug)]
pub(in crate::exchange) struct Streamed {
    inflow: Inflow,
    /// What has been read from the client and not yet taken up.
    buffer: Buffer,
    /// What is to be sent next, in the form that the server gets.
    out: Vec<u8>,
    chunked: bool,
    /// Whether any of it has been taken up.
    begun: bool,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// There is more to come from the client.
    Open,
    /// The last of it is in `out`, or sent.
    Ended,
    /// The server takes no more.
    Refused,
}

impl Streamed {
    /// Of which `buffer` has what came with the head.
    pub(super) fn new(inflow: Inflow, buffer: Buffer) -> Self {
        Self {
            chunked: inflow.length() == BodyLength::Chunked,
            inflow,
            buffer,
            out: Vec::new(),
            begun: false,
            state: State::Open,
        }
    }

    /// How it is sent on.
    pub(super) fn length(&self) -> BodyLength {
        if self.chunked {
            BodyLength::Chunked
        } else {
            self.inflow.length()
        }
    }

    /// Bytes read of it, framing included.
    pub(super) fn read(&self) -> u64 {
        self.inflow.read
    }

    /// Whether any of it has been taken up.
    pub(super) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Whether all of it has been read from the client.
    pub(super) fn is_whole(&self) -> bool {
        self.inflow.is_done()
    }

    /// Whether nothing is left to be sent, or nobody takes it.
    pub(in crate::exchange) fn is_sent(&self) -> bool {
        match self.state {
            State::Open => false,
            State::Ended => self.out.is_empty(),
            State::Refused => true,
        }
    }

    /// What was read beyond it.
    pub(super) fn rest(self) -> Buffer {
        self.buffer
    }

    /// What is to be sent next.
    pub(super) fn out(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    /// Takes more that was read from the client.
    pub(super) fn arrived(&mut self, more: Buffer, buffers: &Buffers) {
        buffers.put_read(std::mem::replace(&mut self.buffer, more));
    }

    /// Takes up what has been read from the client.
    pub(super) fn take_up(&mut self) -> Result<(), Incomplete> {
        let (out, chunked) = (&mut self.out, self.chunked);
        let used = self.inflow.take(self.buffer.filled(), |content| {
            if chunked {
                write_chunk_size(out, content.len());
            }
            out.extend_from_slice(content);
            if chunked {
                out.extend_from_slice(b"\r\n");
            }
            Ok(())
        })?;
        self.buffer.consume(used);
        self.begun |= used > 0;
        if self.inflow.is_done() && self.state == State::Open {
            self.state = State::Ended;
            if chunked {
                out.extend_from_slice(b"0\r\n\r\n");
            }
        }
        Ok(())
    }

    /// Passes on what comes from the client, without end but for that of the body; ready when the
    /// client has left or its body is refused. A server that takes no more is no reason to end its
    /// answer.
    pub(in crate::exchange) fn poll_pass_on(
        &mut self,
        cx: &mut Context<'_>,
        client: &mut Client,
        connection: &mut Connection,
        buffers: &Buffers,
    ) -> Poll<Incomplete> {
        while !self.is_sent() {
            if !self.out.is_empty() {
                match crate::io::poll_write(&mut connection.stream, cx, &self.out, &[]) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(count)) if count > 0 => {
                        connection.traffic.0 += count as u64;
                        self.out.drain(..count);
                    }
                    Poll::Ready(_) => self.state = State::Refused,
                }
                continue;
            }
            // The answer is under way, so it is the server's turn to lose patience.
            match client.poll_read_body(cx, buffers, &mut Patience::endless()) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(read) => match inflow::arrived(read) {
                    Ok(more) => self.arrived(more, buffers),
                    Err(incomplete) => return Poll::Ready(incomplete),
                },
            }
            if let Err(incomplete) = self.take_up() {
                return Poll::Ready(incomplete);
            }
        }
        Poll::Pending
    }
}
