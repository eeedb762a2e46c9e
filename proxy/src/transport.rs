//! Connecting to the servers of an upstream: TCP, and TLS where it is configured.

mod tls;

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use edge_core::address::Address;
use edge_core::config;
use edge_core::failure::Failure;
use edge_core::proxy_protocol::{self, Ends, Version};
use http::uri::Scheme;
use pingora::protocols::ALPN;
use pingora::protocols::l4::stream::Stream as TransportStream;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use self::tls::Tls;
use crate::stream::Stream;
use crate::tls::Error;

/// How the servers of an upstream are connected to.
#[derive(Debug)]
pub(crate) struct Transport {
    /// Connections of different transports are never taken for one another.
    pub(crate) id: u64,
    proxy_protocol: Option<Version>,
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
        let proxy_protocol = config.proxy_protocol;
        let id = if tls.is_none() && proxy_protocol.is_none() && !http2 {
            PLAIN
        } else {
            NEXT.fetch_add(1, Ordering::Relaxed)
        };
        Ok(Self {
            id,
            proxy_protocol,
            tls,
            http2,
        })
    }

    /// What requests in HTTP/2 call it.
    pub(crate) fn scheme(&self) -> Scheme {
        if self.tls.is_some() {
            Scheme::HTTPS
        } else {
            Scheme::HTTP
        }
    }

    /// Whether a connection is for the client for which it was made, and for no other.
    pub(crate) fn is_personal(&self) -> bool {
        self.proxy_protocol.is_some()
    }

    /// A new connection to `address`; `patience` is with TCP and with TLS in turn (EDGE T1). A server
    /// that wants to know is told the `client`'s connection; none is one of our own.
    pub(crate) async fn connect(
        &self,
        address: &Address,
        patience: Duration,
        client: impl FnOnce() -> Option<Ends>,
    ) -> Result<Stream, Failure> {
        let mut stream = match timeout(patience, open(address)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(Failure::of_connect(&error)),
            Err(_) => return Err(Failure::ConnectTimeout),
        };
        self.introduce(&mut stream, client).await?;
        let Some(tls) = &self.tls else {
            return Ok(stream);
        };
        let stream = match stream {
            Stream::Tcp(stream) => TransportStream::from(stream),
            Stream::Unix(stream) => TransportStream::from(stream),
            Stream::Tls(_) | Stream::Layered(_) => return Ok(stream),
        };
        match timeout(patience, tls.handshake(address, stream)).await {
            Ok(Ok(stream)) if self.http2 && stream.selected_alpn_proto() != Some(ALPN::H2) => {
                tracing::warn!(server.addr = %address, "the server speaks no HTTP/2 over TLS");
                Err(Failure::TlsHandshake)
            }
            Ok(Ok(stream)) => Ok(Stream::Layered(stream)),
            Ok(Err(error)) => {
                tracing::warn!(server.addr = %address, %error, "no TLS with the server");
                Err(Failure::TlsHandshake)
            }
            Err(_) => Err(Failure::ConnectTimeout),
        }
    }

    /// Says who the client is, before anything else is said.
    async fn introduce(
        &self,
        stream: &mut Stream,
        client: impl FnOnce() -> Option<Ends>,
    ) -> Result<(), Failure> {
        if let Some(version) = self.proxy_protocol {
            let mut header = Vec::new();
            proxy_protocol::write(&mut header, version, client().as_ref());
            // It fits into any socket's buffer.
            let written = stream.write_all(&header).await;
            written.map_err(|_| Failure::SendError)?;
        }
        Ok(())
    }
}

/// A connection on which nothing has been said.
async fn open(address: &Address) -> io::Result<Stream> {
    Ok(match address {
        Address::Tcp(address) => {
            let stream = TcpStream::connect(address).await?;
            // Requests go out as they are written, however small.
            stream.set_nodelay(true)?;
            Stream::Tcp(stream)
        }
        Address::Unix(path) => Stream::Unix(UnixStream::connect(path).await?),
    })
}
