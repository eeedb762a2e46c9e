//! A request body on its way in: its framing, its end, its limit.

use std::io;

use edge_core::http::{BodyLength, ChunkError, Chunks, Piece};
use edge_core::reason::Reason;

use super::{Incomplete, TOO_LARGE};
use crate::buffer::Buffer;
use crate::exchange::Refusal;

/// A body on its way in.
#[derive(Debug)]
pub(super) struct Inflow {
    source: Source,
    limit: u64,
    /// Bytes of content so far.
    content: u64,
    /// Bytes read so far, framing included.
    pub(super) read: u64,
}

#[derive(Debug)]
enum Source {
    /// So many bytes to come.
    Known(u64),
    /// Chunks to come.
    Chunked(Chunks),
}

impl Inflow {
    /// A body of `length` bytes.
    pub(super) fn known(length: u64, limit: u64) -> Self {
        Self::new(Source::Known(length), limit)
    }

    /// A body in chunks.
    pub(super) fn chunked(limit: u64) -> Self {
        Self::new(Source::Chunked(Chunks::default()), limit)
    }

    fn new(source: Source, limit: u64) -> Self {
        Self {
            source,
            limit,
            content: 0,
            read: 0,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        match &self.source {
            Source::Known(left) => *left == 0,
            Source::Chunked(chunks) => chunks.is_done(),
        }
    }

    /// How it is passed on before any of it was read.
    pub(super) fn length(&self) -> BodyLength {
        match &self.source {
            Source::Known(length) => BodyLength::Known(*length),
            Source::Chunked(_) => BodyLength::Chunked,
        }
    }

    /// Takes the body's share of `bytes` and hands its content to `push`; the number of bytes that
    /// were its.
    pub(super) fn take(
        &mut self,
        bytes: &[u8],
        mut push: impl FnMut(&[u8]) -> Result<(), Incomplete>,
    ) -> Result<usize, Incomplete> {
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
                push(content)?;
            }
            used += skip + data;
        }
        self.read += used as u64;
        Ok(used)
    }
}

/// What a read from the client means for its body.
pub(super) fn arrived(result: io::Result<Buffer>) -> Result<Buffer, Incomplete> {
    match result {
        Ok(buffer) if buffer.filled().is_empty() => Err(Incomplete::Gone),
        Ok(buffer) => Ok(buffer),
        Err(error) if error.kind() == io::ErrorKind::TimedOut => {
            Err(Incomplete::Refused(Refusal::unread(Reason::BODY_TIMEOUT)))
        }
        Err(_) => Err(Incomplete::Gone),
    }
}

fn malformed(_: ChunkError) -> Incomplete {
    Incomplete::Refused(Refusal::unread(Reason::BAD_CHUNK))
}
