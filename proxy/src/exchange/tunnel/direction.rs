//! One direction of a tunnel.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::AsyncWrite as _;

use crate::buffer::{Buffer, Buffers};
use crate::io;
use crate::stream::Stream;
use crate::timer::{Patience, Timer};

/// Bytes on their way from one side to the other.
///
/// A buffer is held only while the other side does not take what is in it, and nothing more is read
/// meanwhile.
#[derive(Debug)]
pub(super) struct Direction {
    held: Option<Buffer>,
    /// Whether something written may still lie in a buffer of the stream's own.
    unflushed: bool,
    state: State,
    /// Whether the last read left more to be read.
    bulk: bool,
    /// With a side that takes nothing.
    patience: Patience,
    longest: Duration,
    /// Bytes read.
    pub(super) read: u64,
    /// Bytes written.
    pub(super) written: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// There is no more to read, and the other side is to learn it behind what is held.
    Ending,
    Ended,
}

/// Which side of a direction is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// The one that is read from.
    Source,
    /// The one that is written to.
    Sink,
}

impl Direction {
    /// A direction in which `first` was read before; the sink may take nothing for `longest`.
    pub(super) fn new(first: Option<Buffer>, longest: Duration) -> Self {
        Self {
            read: first
                .as_ref()
                .map_or(0, |first| first.filled().len() as u64),
            held: first,
            unflushed: false,
            state: State::Open,
            bulk: false,
            patience: Patience::new(longest),
            longest,
            written: 0,
        }
    }

    /// Whether its source has nothing more to say.
    pub(super) fn is_over(&self) -> bool {
        self.state != State::Open
    }

    /// Whether the sink knows that, too.
    pub(super) fn has_ended(&self) -> bool {
        self.state == State::Ended
    }

    /// Reads once and writes once; whether there was any progress.
    pub(super) fn step(
        &mut self,
        cx: &mut Context<'_>,
        (from, to): (&mut Stream, &mut Stream),
        buffers: &Buffers,
    ) -> Result<bool, Broken> {
        let read = self.read_once(cx, from, buffers)?;
        let wrote = self.write_once(cx, to, buffers)?;
        Ok(read || wrote)
    }

    fn read_once(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut Stream,
        buffers: &Buffers,
    ) -> Result<bool, Broken> {
        if self.held.is_some() || self.is_over() {
            return Ok(false);
        }
        let mut buffer = if self.bulk {
            buffers.large_buffer()
        } else {
            buffers.read_buffer()
        };
        let read = buffer.poll_fill(from, cx);
        if let Poll::Ready(Ok(count @ 1..)) = read {
            self.bulk = buffer.is_full();
            self.read += count as u64;
            self.held = Some(buffer);
            return Ok(true);
        }
        buffers.put_read(buffer);
        match read {
            Poll::Pending => Ok(false),
            Poll::Ready(Ok(_)) => {
                self.state = State::Ending;
                Ok(true)
            }
            Poll::Ready(Err(_)) => Err(Broken::Source),
        }
    }

    fn write_once(
        &mut self,
        cx: &mut Context<'_>,
        to: &mut Stream,
        buffers: &Buffers,
    ) -> Result<bool, Broken> {
        let progress = if let Some(held) = &mut self.held {
            match io::poll_write(to, cx, held.filled(), &[]) {
                Poll::Ready(Ok(count @ 1..)) => {
                    held.consume(count);
                    self.written += count as u64;
                    self.unflushed = true;
                    if held.filled().is_empty()
                        && let Some(held) = self.held.take()
                    {
                        buffers.put_read(held);
                    }
                    true
                }
                Poll::Ready(_) => return Err(Broken::Sink),
                Poll::Pending => false,
            }
        } else if self.unflushed {
            self.unflushed = !settled(Pin::new(to).poll_flush(cx))?;
            !self.unflushed
        } else if self.state == State::Ending {
            let ended = settled(Pin::new(to).poll_shutdown(cx))?;
            if ended {
                self.state = State::Ended;
            }
            ended
        } else {
            return Ok(false);
        };
        if progress {
            self.patience = Patience::new(self.longest);
        }
        Ok(progress)
    }

    /// Ready when the sink has taken nothing for too long; call it whenever there is no progress.
    pub(super) fn poll_stuck(&mut self, timer: &mut Timer, cx: &mut Context<'_>) -> Poll<()> {
        if self.held.is_none() && !self.unflushed {
            return Poll::Pending;
        }
        self.patience.poll_over(timer, cx).map(|_| ())
    }

    /// Gives back what it holds.
    pub(super) fn release(&mut self, buffers: &Buffers) {
        if let Some(held) = self.held.take() {
            buffers.put_read(held);
        }
    }
}

/// Whether the sink has done what it was told.
fn settled(outcome: Poll<std::io::Result<()>>) -> Result<bool, Broken> {
    match outcome {
        Poll::Ready(done) => done.map(|()| true).map_err(|_| Broken::Sink),
        Poll::Pending => Ok(false),
    }
}
