//! A stream to a server, as a connection that carries one request.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::SendStream;
use h2::client::{ResponseFuture, SendRequest};
use http::uri::Scheme;
use http::{HeaderValue, Method};
use tokio::io::ReadBuf;

use super::Link;
use crate::http2::decode::{self, Decoder, Step};
use crate::http2::encode::Encoder;
use crate::http2::flow::{Inflow, broken, end_tunnel, is_refused, no_switch, poll_send};
use crate::http2::transport::Virtual;
use crate::http2::websocket;

/// A stream to a server, opened with the request's head. Dropped before the response is complete,
/// it is reset.
#[derive(Debug)]
pub(super) struct ClientStream {
    sender: SendRequest<Bytes>,
    scheme: Scheme,
    method: Method,
    /// What an HTTP/1.1 server would answer to the key of a WebSocket, if one is wanted.
    accept: Option<HeaderValue>,
    request: Decoder,
    /// From the request's head on.
    sending: Option<SendStream<Bytes>>,
    response: Answer,
    link: Arc<Link>,
    /// Counted by the connection.
    _held: Arc<()>,
}

#[derive(Debug)]
enum Answer {
    /// The request has not been sent, and if it cannot be never was.
    Unasked,
    /// The server takes no WebSocket over HTTP/2, and was not asked for one.
    Unable,
    Awaited(ResponseFuture),
    Arriving(Inflow),
}

impl ClientStream {
    pub(super) fn new(
        sender: SendRequest<Bytes>,
        scheme: Scheme,
        link: Arc<Link>,
        held: Arc<()>,
    ) -> Self {
        Self {
            sender,
            scheme,
            method: Method::GET,
            accept: None,
            request: Decoder::default(),
            sending: None,
            response: Answer::Unasked,
            link,
            _held: held,
        }
    }

    /// Sends the head that has been written.
    fn send_head(&mut self) -> io::Result<()> {
        let (mut head, body) = decode::request(self.request.head(), &self.scheme)?;
        self.accept = websocket::take_key(&mut head);
        let ended = if self.accept.is_none() {
            self.request.begin(body)?
        } else if self.sender.is_extended_connect_protocol_enabled() {
            self.request.begin_tunnel();
            false
        } else {
            self.response = Answer::Unable;
            return Err(no_switch());
        };
        self.method = head.method().clone();
        let (response, sending) = self.sender.send_request(head, ended).map_err(broken)?;
        self.response = Answer::Awaited(response);
        self.sending = Some(sending);
        Ok(())
    }

    fn poll_response(
        &mut self,
        cx: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            match &mut self.response {
                Answer::Unasked => {
                    return Poll::Ready(Err(io::ErrorKind::ConnectionRefused.into()));
                }
                Answer::Unable => return Poll::Ready(Err(no_switch())),
                Answer::Awaited(response) => {
                    let response = ready!(Pin::new(response).poll(cx)).map_err(broken)?;
                    let (head, body) = response.into_parts();
                    let encoder = match &self.accept {
                        Some(accept) if head.status.is_success() => {
                            Encoder::websocket_response(&head, accept)
                        }
                        _ => Encoder::response(&head, &self.method, body.is_end_stream()),
                    };
                    self.response = Answer::Arriving(Inflow::new(encoder, body));
                }
                Answer::Arriving(inflow) => return inflow.poll_read(cx, room),
            }
        }
    }
}

impl Virtual for ClientStream {
    fn poll_read(&mut self, cx: &mut Context<'_>, room: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = ready!(self.poll_response(cx, room));
        if read.as_ref().is_err_and(is_refused) {
            self.link.end();
        }
        Poll::Ready(read)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Some(sending) = &mut self.sending {
            return poll_send(&mut self.request, sending, cx, bytes);
        }
        Poll::Ready(match self.request.next(bytes)? {
            Step::Framing(count) => Ok(count),
            Step::Head(count) => self.send_head().map(|()| count),
            Step::Content(_) | Step::End(_) => Err(io::ErrorKind::InvalidData.into()),
        })
    }

    fn end(&mut self) -> io::Result<()> {
        end_tunnel(&mut self.request, self.sending.as_mut())
    }
}
