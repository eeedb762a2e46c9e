//! Reading and writing with a deadline, in one system call each.

use std::fs::File;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::stream::Stream;
use tokio::io::{AsyncWrite, Interest};
use tokio::net::TcpStream;

use crate::buffer::Buffer;
use crate::timer::{Patience, Timer};

/// Reads once into `buffer`, before `deadline`; 0 means that the stream has ended.
pub(crate) async fn fill(
    stream: &mut Stream,
    timer: &mut Timer,
    buffer: &mut Buffer,
    deadline: Instant,
) -> io::Result<usize> {
    poll_fn(|cx| match buffer.poll_fill(stream, cx) {
        Poll::Ready(result) => Poll::Ready(result),
        Poll::Pending => timer.poll_expired(cx, deadline).map(Err),
    })
    .await
}

/// Reads once if there is anything to read at this moment.
pub(crate) async fn try_fill(
    stream: &mut Stream,
    buffer: &mut Buffer,
) -> Option<io::Result<usize>> {
    poll_fn(|cx| match buffer.poll_fill(stream, cx) {
        Poll::Ready(result) => Poll::Ready(Some(result)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// Writes what the kernel takes at this moment of `first` and then of `second`.
pub(crate) async fn try_write(
    stream: &mut Stream,
    first: &[u8],
    second: &[u8],
) -> io::Result<usize> {
    let mut written = 0;
    poll_fn(|cx| {
        while written < first.len() + second.len() {
            let of_first = written.min(first.len());
            let first = first.get(of_first..).unwrap_or_default();
            let second = second.get(written - of_first..).unwrap_or_default();
            match poll_write(stream, cx, first, second) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(count)) => written += count,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => break,
            }
        }
        // What lies in a buffer of the stream's own goes out as far as it can.
        match Pin::new(&mut *stream).poll_flush(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(written)),
        }
    })
    .await
}

/// Writes of `first` and then of `second` in one call.
pub(crate) fn poll_write(
    stream: &mut Stream,
    cx: &mut Context<'_>,
    first: &[u8],
    second: &[u8],
) -> Poll<io::Result<usize>> {
    let stream = Pin::new(stream);
    if second.is_empty() {
        stream.poll_write(cx, first)
    } else if first.is_empty() {
        stream.poll_write(cx, second)
    } else {
        stream.poll_write_vectored(cx, &[IoSlice::new(first), IoSlice::new(second)])
    }
}

/// Writes all of `first`, then all of `second`, as one message where the kernel takes it.
///
/// `patience` is the longest time between two writes that make progress.
pub(crate) async fn write_all(
    stream: &mut Stream,
    timer: &mut Timer,
    mut first: &[u8],
    mut second: &[u8],
    patience: Duration,
) -> io::Result<()> {
    while !first.is_empty() || !second.is_empty() {
        let mut patience = Patience::new(patience);
        let written = poll_fn(|cx| match poll_write(stream, cx, first, second) {
            Poll::Ready(result) => Poll::Ready(result),
            Poll::Pending => patience.poll_over(timer, cx).map(Err),
        })
        .await?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        let of_first = written.min(first.len());
        first = first.get(of_first..).unwrap_or_default();
        second = second.get(written - of_first..).unwrap_or_default();
    }
    poll_fn(|cx| Pin::new(&mut *stream).poll_flush(cx)).await
}

/// Sends the beginning of a part of a file without copying it, where the kernel can; how much that
/// was. The part should be in memory, since a disk would be waited for.
pub(crate) async fn send_file(
    stream: &TcpStream,
    timer: &mut Timer,
    (file, part): (&File, &Range<u64>),
    patience: Duration,
) -> io::Result<u64> {
    let mut patience = Patience::new(patience);
    let count = usize::try_from(part.end - part.start).unwrap_or(usize::MAX);
    poll_fn(|cx| {
        loop {
            match stream.poll_write_ready(cx) {
                Poll::Ready(ready) => ready?,
                Poll::Pending => return patience.poll_over(timer, cx).map(Err),
            }
            let mut at = part.start;
            let sent = stream.try_io(Interest::WRITABLE, || {
                Ok(rustix::fs::sendfile(stream, file, Some(&mut at), count)?)
            });
            match sent {
                Ok(sent) => return Poll::Ready(Ok(sent as u64)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    })
    .await
}
