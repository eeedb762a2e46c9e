//! The request body: read to its end before any server is asked (nginx's
//! `proxy_request_buffering on`), or passed on as it comes.

mod inflow;
mod send;
mod streamed;

use std::fs::File;
use std::io::{self, Write as _};

use edge_core::buffering::is_stream_of_messages;
use edge_core::http::BodyLength;
use edge_core::reason::Reason;

use self::inflow::Inflow;
pub(super) use self::send::{SendError, Sent};
pub(super) use self::streamed::Streamed;
use super::{Exchange, Refusal};
use crate::buffer::Buffers;
use crate::client::Client;

/// A request body.
#[derive(Debug)]
pub(super) enum Body {
    /// There is none.
    Empty,
    /// A small one, in memory.
    Memory(Vec<u8>),
    /// A large one, in an unnamed file.
    Spooled {
        /// The file.
        file: File,
        /// Its length.
        length: u64,
    },
    /// One that is passed on as it comes.
    Streamed(Box<Streamed>),
}

/// Why there is no whole body.
#[derive(Debug)]
pub(super) enum Incomplete {
    /// It is refused.
    Refused(Refusal),
    /// The client has left.
    Gone,
}

/// Bodies up to this size stay in memory.
const IN_MEMORY: usize = 64 * 1024;

const TOO_LARGE: Refusal = Refusal::unread(Reason::BODY_TOO_LARGE);

impl Body {
    /// Reads the body of which `arrived` came with the head, or makes ready to pass it on; also
    /// tells how much of `arrived` was taken.
    pub(super) async fn receive(
        exchange: &mut Exchange<'_>,
        arrived: &[u8],
    ) -> Result<(Self, usize), Incomplete> {
        let limit = exchange.route.target.terms.max_body.unwrap_or(u64::MAX);
        let mut inflow = match exchange.head.body {
            BodyLength::Empty | BodyLength::UntilClose => return Ok((Self::Empty, 0)),
            BodyLength::Known(length) if length > limit => {
                return Err(Incomplete::Refused(TOO_LARGE));
            }
            BodyLength::Known(length) => Inflow::known(length, limit),
            BodyLength::Chunked => Inflow::chunked(limit),
        };
        let buffers = &exchange.worker.buffers;
        if !exchange.proxy.terms.request_buffering || is_stream_of_messages(exchange.head) {
            let mut buffer = buffers.large_buffer();
            buffer.append(arrived);
            go_on(exchange).await?;
            let streamed = Streamed::new(inflow, buffer);
            return Ok((Self::Streamed(Box::new(streamed)), arrived.len()));
        }
        let mut body = Self::Empty;
        let used = body.take(&mut inflow, arrived)?;
        if !inflow.is_done() {
            go_on(exchange).await?;
            body.fill(&mut inflow, exchange.client, buffers).await?;
        }
        exchange.record.request_length += inflow.read;
        Ok((body, used))
    }

    /// Takes the body's share of `bytes`; the number of them that were its.
    fn take(&mut self, inflow: &mut Inflow, bytes: &[u8]) -> Result<usize, Incomplete> {
        inflow.take(bytes, |content| {
            self.push(content).map_err(|error| cannot_spool(&error))
        })
    }

    /// Reads what is left of the body.
    async fn fill(
        &mut self,
        inflow: &mut Inflow,
        client: &mut Client,
        buffers: &Buffers,
    ) -> Result<(), Incomplete> {
        while !inflow.is_done() {
            let mut buffer = inflow::arrived(client.read_body(buffers).await)?;
            let used = self.take(inflow, buffer.filled())?;
            buffer.consume(used);
            // What came behind the body belongs to the next request.
            client.keep_ahead(buffer, buffers);
        }
        Ok(())
    }

    /// How it is sent on.
    pub(super) fn length(&self) -> BodyLength {
        match self {
            Self::Empty => BodyLength::Empty,
            Self::Memory(bytes) => BodyLength::Known(bytes.len() as u64),
            Self::Spooled { length, .. } => BodyLength::Known(*length),
            Self::Streamed(streamed) => streamed.length(),
        }
    }

    /// Its size in bytes, as far as it is known.
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Memory(bytes) => bytes.len() as u64,
            Self::Spooled { length, .. } => *length,
            Self::Streamed(streamed) => streamed.read(),
        }
    }

    /// Whether it can be sent to another server.
    pub(super) fn is_repeatable(&self) -> bool {
        !matches!(self, Self::Streamed(streamed) if streamed.has_begun())
    }

    /// What is left to be passed on while the answer comes, if there is anything.
    pub(super) fn rest(&mut self) -> Option<&mut Streamed> {
        match self {
            Self::Streamed(streamed) if !streamed.is_sent() => Some(streamed),
            Self::Empty | Self::Memory(_) | Self::Spooled { .. } | Self::Streamed(_) => None,
        }
    }

    /// Whether all of it has been read from the client.
    pub(super) fn is_whole(&self) -> bool {
        match self {
            Self::Streamed(streamed) => streamed.is_whole(),
            Self::Empty | Self::Memory(_) | Self::Spooled { .. } => true,
        }
    }

    /// Gives back what was read beyond the body; whether all of it was read.
    pub(super) fn finish(self, exchange: &mut Exchange<'_>) -> bool {
        let whole = self.is_whole();
        if let Self::Streamed(streamed) = self {
            exchange.record.request_length += streamed.read();
            let buffers = &exchange.worker.buffers;
            exchange.client.keep_ahead(streamed.rest(), buffers);
        }
        whole
    }

    fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Empty => *self = Self::Memory(bytes.to_vec()),
            Self::Memory(kept) if kept.len() + bytes.len() <= IN_MEMORY => {
                kept.extend_from_slice(bytes);
            }
            Self::Memory(kept) => {
                // Written and read in the page cache, as nginx does without `aio`.
                let mut file = tempfile::tempfile()?;
                file.write_all(kept)?;
                file.write_all(bytes)?;
                *self = Self::Spooled {
                    file,
                    length: (kept.len() + bytes.len()) as u64,
                };
            }
            Self::Spooled { file, length } => {
                file.write_all(bytes)?;
                *length += bytes.len() as u64;
            }
            // What is passed on is not kept.
            Self::Streamed(_) => {}
        }
        Ok(())
    }
}

/// Q6: a client that waits for `100 Continue` is told to go on.
async fn go_on(exchange: &mut Exchange<'_>) -> Result<(), Incomplete> {
    if exchange.head.expects_continue {
        let go_on = b"HTTP/1.1 100 Continue\r\n\r\n";
        let told = exchange.client.write(go_on, &[]).await;
        told.map_err(|_| Incomplete::Gone)?;
    }
    Ok(())
}

fn cannot_spool(error: &io::Error) -> Incomplete {
    tracing::error!(%error, "a request body cannot be spooled to the temporary directory");
    Incomplete::Refused(Refusal::unread(Reason::SPOOL_ERROR))
}
