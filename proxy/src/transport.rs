//! Connecting to the servers of an upstream: TCP, and TLS where it is configured.

mod tls;

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use edge_core::config;
use edge_core::failure::Failure;
use http::uri::Scheme;
use pingora::protocols::l4::stream::Stream as TransportStream;
use pingora::protocols::{ALPN, Stream};
use tokio::net::TcpStream;
use tokio::time::timeout;

pub(crate) use self::tls::Error;
use self::tls::Tls;

/// How the servers of an upstream are connected to.
#[derive(Debug)]
pub(crate) struct Transport {
    /// Connections of different transports are never taken for one another.
    pub(crate) id: u64,
    tls: Option<Tls>,
    /// Whether HTTP/2 is spoken.
    pub(crate) http2: bool,
}

/// The id of connections without any particulars, which all upstreams share.
const PLAIN: u64 = 0;

impl Transport {
    /// Reads the files that the configuration names.
    pub(crate) fn new(config: &config::Upstream) -> Result<Self, Error> {
        static NEXT: AtomicU64 = AtomicU64::new(PLAIN + 1);
        let http2 = config.http2;
        let tls = config.tls.as_ref().map(|tls| Tls::new(tls, http2));
        let tls = tls.transpose()?;
        let id = if tls.is_none() && !http2 {
            PLAIN
        } else {
            NEXT.fetch_add(1, Ordering::Relaxed)
        };
        Ok(Self { id, tls, http2 })
    }

    /// What requests in HTTP/2 call it.
    pub(crate) fn scheme(&self) -> Scheme {
        if self.tls.is_some() {
            Scheme::HTTPS
        } else {
            Scheme::HTTP
        }
    }

    /// A new connection to `address`; `patience` is with TCP and with TLS in turn (EDGE T1).
    pub(crate) async fn connect(
        &self,
        address: SocketAddr,
        patience: Duration,
    ) -> Result<Stream, Failure> {
        let connecting = timeout(patience, TcpStream::connect(address)).await;
        let stream = match connecting {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(Failure::of_connect(&error)),
            Err(_) => return Err(Failure::ConnectTimeout),
        };
        // Requests go out as they are written, however small.
        stream
            .set_nodelay(true)
            .map_err(|error: io::Error| Failure::of_connect(&error))?;
        let stream = TransportStream::from(stream);
        let Some(tls) = &self.tls else {
            return Ok(Box::new(stream));
        };
        match timeout(patience, tls.handshake(address, stream)).await {
            Ok(Ok(stream)) if self.http2 && stream.selected_alpn_proto() != Some(ALPN::H2) => {
                tracing::warn!(server.addr = %address, "the server speaks no HTTP/2 over TLS");
                Err(Failure::TlsHandshake)
            }
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => {
                tracing::warn!(server.addr = %address, %error, "no TLS with the server");
                Err(Failure::TlsHandshake)
            }
            Err(_) => Err(Failure::ConnectTimeout),
        }
    }
}
