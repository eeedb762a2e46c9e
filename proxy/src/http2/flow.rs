//! The two directions of a stream: frames read as bytes, bytes written as frames.

use std::io;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::{RecvStream, SendStream};
use tokio::io::ReadBuf;

use super::decode::{Decoder, Step};
use super::encode::Encoder;

/// What the peer sends.
#[derive(Debug)]
pub(super) struct Inflow {
    encoder: Encoder,
    body: RecvStream,
}

impl Inflow {
    /// The message of which `encoder` has the head.
    pub(super) fn new(encoder: Encoder, body: RecvStream) -> Self {
        Self { encoder, body }
    }

    /// Reads; nothing at the end of the message.
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.encoder.is_drained() && !self.encoder.is_ended() {
            match ready!(self.body.poll_data(cx)) {
                Some(Ok(data)) => self.encoder.put(data),
                Some(Err(error)) => return Poll::Ready(Err(broken(error))),
                None => {
                    let trailers = ready!(self.body.poll_trailers(cx)).map_err(broken)?;
                    self.encoder.end(trailers.as_ref());
                }
            }
        }
        let content = self.encoder.read(room);
        if content > 0 {
            // What has been taken makes room for as much (RFC 9113 §5.2).
            let flow = self.body.flow_control();
            flow.release_capacity(content).map_err(broken)?;
        }
        Poll::Ready(Ok(()))
    }

    /// Whether the message has been read to its end.
    pub(super) fn is_finished(&self) -> bool {
        self.encoder.is_ended() && self.encoder.is_drained()
    }
}

/// Sends the content among the first bytes of `input`, as far as the peer takes it; how many bytes
/// that was. Ends the stream exactly once, with the message.
pub(super) fn poll_send(
    decoder: &mut Decoder,
    stream: &mut SendStream<Bytes>,
    cx: &mut Context<'_>,
    input: &[u8],
) -> Poll<io::Result<usize>> {
    let mut used = 0;
    while used < input.len() {
        let rest = input.get(used..).unwrap_or_default();
        match decoder.next(rest)? {
            Step::Framing(count) => used += count,
            Step::Head(_) => return Poll::Ready(Err(io::ErrorKind::InvalidData.into())),
            Step::End(count) => {
                let trailers = decoder.take_trailers();
                if trailers.is_empty() {
                    stream.send_data(Bytes::new(), true).map_err(broken)?;
                } else {
                    stream.send_trailers(trailers).map_err(broken)?;
                }
                used += count;
            }
            Step::Content(count) => {
                let count = match poll_capacity(stream, cx, count) {
                    Poll::Ready(count) => count?,
                    Poll::Pending if used > 0 => break,
                    Poll::Pending => return Poll::Pending,
                };
                let content = rest.get(..count).unwrap_or_default();
                let ends = decoder.sent(count);
                stream
                    .send_data(Bytes::copy_from_slice(content), ends)
                    .map_err(broken)?;
                used += count;
            }
        }
    }
    Poll::Ready(Ok(used))
}

/// Ends a tunnel in one direction; nothing otherwise, since a message ends with its last byte.
pub(super) fn end_tunnel(
    decoder: &mut Decoder,
    stream: Option<&mut SendStream<Bytes>>,
) -> io::Result<()> {
    match stream {
        Some(stream) if decoder.end_tunnel() => {
            stream.send_data(Bytes::new(), true).map_err(broken)
        }
        _ => Ok(()),
    }
}

/// How much of `wanted` bytes may be sent.
fn poll_capacity(
    stream: &mut SendStream<Bytes>,
    cx: &mut Context<'_>,
    wanted: usize,
) -> Poll<io::Result<usize>> {
    stream.reserve_capacity(wanted);
    loop {
        let capacity = stream.capacity();
        if capacity > 0 {
            return Poll::Ready(Ok(capacity.min(wanted)));
        }
        match ready!(stream.poll_capacity(cx)) {
            Some(Ok(_)) => {}
            Some(Err(error)) => return Poll::Ready(Err(broken(error))),
            None => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }
}

/// The end of a stream, as that of a connection. One that the peer has not looked at, and says so
/// (RFC 9113 §8.7), is as good as never opened.
pub(super) fn broken(error: h2::Error) -> io::Error {
    let refused = error.is_remote()
        && (error.is_go_away() || error.reason() == Some(h2::Reason::REFUSED_STREAM));
    let kind = if refused {
        io::ErrorKind::ConnectionRefused
    } else {
        io::ErrorKind::ConnectionReset
    };
    io::Error::new(kind, error)
}

/// A server that does not take what a stream of HTTP/2 has in place of an upgrade (RFC 8441 §3).
pub(super) fn no_switch() -> io::Error {
    io::ErrorKind::Unsupported.into()
}

/// Whether it is that the server takes no WebSocket over HTTP/2.
pub(crate) fn cannot_switch(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Unsupported
}

/// Whether the stream is as good as never opened.
pub(crate) fn is_refused(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ConnectionRefused
}
