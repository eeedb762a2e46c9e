//! TLS with a client, before anything else is said.

use std::future::{Future, poll_fn};
use std::io::ErrorKind;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use tokio::time::timeout_at;

use super::request::{Begun, First};
use super::{Client, HTTP, HTTPS};
use crate::buffer::Buffers;
use crate::stream::{Replay, Stream};
use crate::timer::Patience;
use crate::tls::{self, ServerTls};

/// Why there is no TLS with a client.
#[derive(Debug)]
pub(crate) enum Insecure {
    /// The connection ended, or has to, with nothing said.
    Ended,
    /// The client speaks HTTP without it.
    Plain(Box<Client>, First),
    /// They do not agree; the word for it in metrics.
    Failed(&'static str),
}

/// The type of the record that a handshake begins with (RFC 8446 §5.1).
const HANDSHAKE: u8 = 22;

impl Client {
    /// Whether it speaks TLS with the edge, so that nobody else reads it.
    pub(crate) fn own_scheme(&self) -> &'static str {
        if self.secure.is_some() { HTTPS } else { HTTP }
    }

    /// Agrees on TLS, before the deadline that the listener sets. `leave` ends the wait as long as nothing
    /// has arrived; until then no memory is held for it.
    pub(crate) async fn begin_tls(
        mut self,
        tls: &ServerTls,
        buffers: &Buffers,
        mut leave: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<Self, Insecure> {
        let deadline = self.since + tls.config.handshake_timeout;
        let buffer = if let Some(ahead) = self.ahead.take() {
            ahead
        } else {
            let mut patience = Patience::since(self.since, tls.config.handshake_timeout);
            let begun = poll_fn(|cx| self.poll_begun(cx, buffers, leave.as_mut(), &mut patience));
            match begun.await {
                Begun::Bytes(buffer) => buffer,
                Begun::Expired => return Err(Insecure::Failed("timeout")),
                Begun::Ended => return Err(Insecure::Ended),
            }
        };
        match buffer.filled().first() {
            Some(&HANDSHAKE) => {}
            Some(first) if first.is_ascii_uppercase() => {
                let since = Instant::now();
                return Err(Insecure::Plain(Box::new(self), First { buffer, since }));
            }
            _ => return Err(Insecure::Failed("no_tls")),
        }
        let stream = Replay::new(buffer.filled(), self.stream);
        buffers.put_read(buffer);
        let stream = match timeout_at(deadline.into(), tls.accept(stream)).await {
            Ok(Ok(Some(stream))) => stream,
            Ok(Ok(None)) => return Err(Insecure::Ended),
            Ok(Err(error)) => {
                tracing::debug!(client.addr = %self.address, %error, "no TLS with a client");
                return Err(Insecure::Failed(cause(&error)));
            }
            Err(_) => return Err(Insecure::Failed("timeout")),
        };
        let session = tls::session(stream.get_ref().1);
        self.rested = Instant::now();
        self.scheme = HTTPS;
        self.secure = Some(Arc::new(session));
        self.stream = Stream::Tls(Box::new(stream));
        Ok(self)
    }

    /// Ends a connection of which nothing is missing: of one with TLS the other side then knows that
    /// nobody has cut it off (RFC 8446 §6.1). What cannot be said at once is not said.
    pub(crate) async fn part(&mut self) {
        if let Stream::Tls(stream) = &mut self.stream {
            use tokio::io::AsyncWrite as _;
            poll_fn(|cx| {
                let said = Pin::new(&mut *stream).poll_shutdown(cx);
                std::task::Poll::Ready(said.is_ready())
            })
            .await;
        }
    }
}

/// The word for a failure, of a closed list.
fn cause(error: &std::io::Error) -> &'static str {
    let known = error.get_ref().and_then(|error| error.downcast_ref());
    match (known, error.kind()) {
        (Some(rustls::Error::AlertReceived(_)), _) => "refused_by_client",
        (Some(rustls::Error::InvalidCertificate(_)), _) => "client_certificate",
        (Some(rustls::Error::NoCertificatesPresented), _) => "no_client_certificate",
        (Some(rustls::Error::PeerIncompatible(_)), _) => "incompatible",
        // So rustls says that there is no certificate for the name asked for.
        (Some(rustls::Error::General(_)), _) => "unknown_name",
        (Some(_), _) => "protocol",
        (None, ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => {
            "client_gone"
        }
        (None, _) => "other",
    }
}
