//! A client's connection, as h2 reads it: what [`Frames`] refuses never reaches it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use h2::Reason;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::frames::Frames;
use crate::stream::Replay;

/// A connection of which every frame is looked at.
#[derive(Debug)]
pub(super) struct Intake {
    stream: Replay,
    frames: Frames,
    verdict: Verdict,
}

/// Why the connection is to end, for whoever polls h2: it takes a transport and does not give it back.
#[derive(Debug, Clone, Default)]
pub(super) struct Verdict(Arc<OnceLock<Reason>>);

impl Verdict {
    /// What the client is to be told.
    pub(super) fn reason(&self) -> Option<Reason> {
        self.0.get().copied()
    }
}

impl Intake {
    /// Reads from `stream`.
    pub(super) fn new(stream: Replay, frames: Frames) -> (Self, Verdict) {
        let verdict = Verdict::default();
        let intake = Self {
            stream,
            frames,
            verdict: verdict.clone(),
        };
        (intake, verdict)
    }

    fn sent(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(count)) = written {
            self.frames.sent(count);
        }
        written
    }
}

impl AsyncRead for Intake {
    /// Once there is a verdict there is nothing to read any more, nor an end: whoever polls looks at it.
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.verdict.reason().is_some() {
            return Poll::Pending;
        }
        let before = room.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, room))?;
        let read = room.filled().get(before..).unwrap_or_default();
        let Err(refused) = self.frames.read(read, Instant::now()) else {
            return Poll::Ready(Ok(()));
        };
        self.verdict.0.get_or_init(|| refused.reason);
        room.set_filled(before + refused.before);
        if refused.before > 0 {
            Poll::Ready(Ok(()))
        } else {
            Poll::Pending
        }
    }
}

impl AsyncWrite for Intake {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.sent(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.sent(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// After a verdict also reads over what is on its way: otherwise the kernel would take back what the client
    /// is told.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        if self.verdict.reason().is_none() {
            return Poll::Ready(Ok(()));
        }
        let mut room = [0; 4096];
        loop {
            let mut room = ReadBuf::new(&mut room);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut room))?;
            if room.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}
