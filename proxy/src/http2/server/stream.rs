//! A client's stream, as a connection that carries one request.

use std::io;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{RecvStream, SendStream};
use http::{Method, Request};
use tokio::io::ReadBuf;

use crate::http2::decode::{self, Decoder, Step};
use crate::http2::encode::Encoder;
use crate::http2::flow::{Inflow, broken, end_tunnel, poll_send};
use crate::http2::transport::Virtual;
use crate::http2::websocket::{self, Connect};

/// A stream that a client has opened. Dropped before the response is complete, it is reset.
#[derive(Debug)]
pub(super) struct ServerStream {
    request: Inflow,
    to_head: bool,
    /// What has become of a WebSocket, if one is wanted.
    websocket: Option<WebSocket>,
    respond: SendResponse<Bytes>,
    response: Decoder,
    /// From the response's head on.
    sending: Option<SendStream<Bytes>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WebSocket {
    /// There is no answer yet, or another.
    Wanted,
    /// There is one.
    Open,
}

impl ServerStream {
    pub(super) fn new(request: Request<RecvStream>, respond: SendResponse<Bytes>) -> Self {
        let (head, body) = request.into_parts();
        let wanted = websocket::connect(&head) == Some(Connect::WebSocket);
        let encoder = if wanted {
            Encoder::websocket_request(&head, fastrand::u128(..).to_ne_bytes())
        } else {
            Encoder::request(&head, body.is_end_stream())
        };
        Self {
            request: Inflow::new(encoder, body),
            to_head: head.method == Method::HEAD,
            websocket: wanted.then_some(WebSocket::Wanted),
            respond,
            response: Decoder::default(),
            sending: None,
        }
    }

    /// Sends the head that has been written.
    fn send_head(&mut self) -> io::Result<()> {
        let (head, body) = if self.websocket.is_some() {
            websocket::response(self.response.head())?
        } else {
            let (head, body) = decode::response(self.response.head(), self.to_head)?;
            (head, Some(body))
        };
        if head.status().is_informational() {
            self.response.begin_again();
            return self.respond.send_informational(head).map_err(broken);
        }
        let ended = if let Some(body) = body {
            self.response.begin(body)?
        } else {
            self.websocket = Some(WebSocket::Open);
            self.response.begin_tunnel();
            false
        };
        let sending = self.respond.send_response(head, ended).map_err(broken)?;
        self.sending = Some(sending);
        Ok(())
    }
}

impl Virtual for ServerStream {
    /// Behind the request there is nothing to read; the end is when the client resets the stream,
    /// or has its response. That of a WebSocket is when the client ends it.
    fn poll_read(&mut self, cx: &mut Context<'_>, room: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.request.is_finished() {
            let before = room.filled().len();
            ready!(self.request.poll_read(cx, room))?;
            if room.filled().len() > before {
                return Poll::Ready(Ok(()));
            }
        }
        if self.response.is_done() || self.websocket == Some(WebSocket::Open) {
            return Poll::Ready(Ok(()));
        }
        let reset = match &mut self.sending {
            Some(sending) => sending.poll_reset(cx),
            None => self.respond.poll_reset(cx),
        };
        reset.map(|_| Ok(()))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Some(sending) = &mut self.sending {
            return poll_send(&mut self.response, sending, cx, bytes);
        }
        Poll::Ready(match self.response.next(bytes)? {
            Step::Framing(count) => Ok(count),
            Step::Head(count) => self.send_head().map(|()| count),
            Step::Content(_) | Step::End(_) => Err(io::ErrorKind::InvalidData.into()),
        })
    }
    fn end(&mut self) -> io::Result<()> {
        end_tunnel(&mut self.response, self.sending.as_mut())
    }
}
