//! The request body, read to its end before any server is asked (nginx's
//! `proxy_request_buffering on`).

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::time::Duration;

use edge_core::http::{BodyLength, ChunkError, Chunks, Piece};
use edge_core::reason::Reason;

use super::{Exchange, Refusal};
use crate::buffer::{Buffer, Buffers};
use crate::client::Client;
use crate::pool::Connection;

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
    /// Reads the body of which `arrived` came with the head; also tells how much of that was body.
    pub(super) async fn receive(
        exchange: &mut Exchange<'_>,
        arrived: &[u8],
    ) -> Result<(Self, usize), Incomplete> {
        let limit = exchange.route.max_body.unwrap_or(u64::MAX);
        let mut inflow = match exchange.head.body {
            BodyLength::Empty | BodyLength::UntilClose => return Ok((Self::Empty, 0)),
            BodyLength::Known(length) if length > limit => {
                return Err(Incomplete::Refused(TOO_LARGE));
            }
            BodyLength::Known(length) => Inflow::new(Source::Known(length), limit),
            BodyLength::Chunked => Inflow::new(Source::Chunked(Chunks::default()), limit),
        };
        let used = inflow.take(arrived)?;
        if !inflow.is_done() {
            if exchange.head.expects_continue {
                let go_on = exchange
                    .client
                    .write(b"HTTP/1.1 100 Continue\r\n\r\n", &[])
                    .await;
                go_on.map_err(|_| Incomplete::Gone)?;
            }
            inflow
                .receive(exchange.client, &exchange.worker.buffers)
                .await?;
        }
        exchange.record.request_length += inflow.read;
        Ok((inflow.body, used))
    }

    /// Its length.
    pub(super) fn length(&self) -> BodyLength {
        match self {
            Self::Empty => BodyLength::Empty,
            Self::Memory(bytes) => BodyLength::Known(bytes.len() as u64),
            Self::Spooled { length, .. } => BodyLength::Known(*length),
        }
    }

    /// Its size in bytes.
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Memory(bytes) => bytes.len() as u64,
            Self::Spooled { length, .. } => *length,
        }
    }

    /// Sends `head` and the body to a server.
    pub(super) async fn send(
        &self,
        head: &[u8],
        connection: &mut Connection,
        patience: Duration,
    ) -> io::Result<()> {
        let Connection { stream, timer, .. } = connection;
        match self {
            Self::Empty => crate::io::write_all(stream, timer, head, &[], patience).await,
            Self::Memory(bytes) => crate::io::write_all(stream, timer, head, bytes, patience).await,
            Self::Spooled { file, .. } => {
                crate::io::write_all(stream, timer, head, &[], patience).await?;
                let mut file = file;
                file.rewind()?;
                let mut piece = vec![0; IN_MEMORY];
                loop {
                    let count = file.read(&mut piece)?;
                    let Some(read) = piece.get(..count).filter(|read| !read.is_empty()) else {
                        return Ok(());
                    };
                    crate::io::write_all(stream, timer, read, &[], patience).await?;
                }
            }
        }
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
        }
        Ok(())
    }
}

/// A body on its way in.
struct Inflow {
    source: Source,
    body: Body,
    limit: u64,
    /// Bytes of content so far.
    content: u64,
    /// Bytes read so far, framing included.
    read: u64,
}

enum Source {
    /// So many bytes to come.
    Known(u64),
    /// Chunks to come.
    Chunked(Chunks),
}

impl Inflow {
    fn new(source: Source, limit: u64) -> Self {
        Self {
            source,
            body: Body::Empty,
            limit,
            content: 0,
            read: 0,
        }
    }

    fn is_done(&self) -> bool {
        match &self.source {
            Source::Known(left) => *left == 0,
            Source::Chunked(chunks) => chunks.is_done(),
        }
    }

    /// Takes the body's share of `bytes`; the number of them that were its.
    fn take(&mut self, bytes: &[u8]) -> Result<usize, Incomplete> {
        let mut used = 0;
        while used < bytes.len() && !self.is_done() {
            let rest = bytes.get(used..).unwrap_or_default();
            let (skip, data) = match &mut self.source {
                Source::Known(left) => {
                    let data =
                        usize::try_from(*left).map_or(rest.len(), |left| left.min(rest.len()));
                    *left -= data as u64;
                    (0, data)
                }
                Source::Chunked(chunks) => match chunks.next(rest).map_err(malformed)? {
                    Piece::Data { skip, data } => (skip, data),
                    Piece::More => (rest.len(), 0),
                    Piece::End(framing) => (framing, 0),
                },
            };
            self.content += data as u64;
            if self.content > self.limit {
                return Err(Incomplete::Refused(TOO_LARGE));
            }
            let content = rest.get(skip..skip + data).unwrap_or_default();
            if !content.is_empty() {
                self.body
                    .push(content)
                    .map_err(|error| cannot_spool(&error))?;
            }
            used += skip + data;
        }
        self.read += used as u64;
        Ok(used)
    }

    async fn receive(&mut self, client: &mut Client, buffers: &Buffers) -> Result<(), Incomplete> {
        let mut buffer = buffers.large_buffer();
        let result = self.receive_into(client, &mut buffer).await;
        client.keep_ahead(buffer, buffers);
        result
    }

    async fn receive_into(
        &mut self,
        client: &mut Client,
        buffer: &mut Buffer,
    ) -> Result<(), Incomplete> {
        while !self.is_done() {
            match client.read_body(buffer).await {
                Ok(0) => return Err(Incomplete::Gone),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    let refusal = Refusal::unread(Reason::BODY_TIMEOUT);
                    return Err(Incomplete::Refused(refusal));
                }
                Err(_) => return Err(Incomplete::Gone),
            }
            let used = self.take(buffer.filled())?;
            buffer.consume(used);
        }
        Ok(())
    }
}

fn malformed(_: ChunkError) -> Incomplete {
    Incomplete::Refused(Refusal::unread(Reason::BAD_CHUNK))
}

fn cannot_spool(error: &io::Error) -> Incomplete {
    tracing::error!(%error, "a request body cannot be spooled to the temporary directory");
    Incomplete::Refused(Refusal::unread(Reason::SPOOL_ERROR))
}
