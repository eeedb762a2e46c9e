//! A stream as the exchange takes it: one of pingora's transports.

use std::fmt::Debug;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_trait::async_trait;
use pingora::protocols::raw_connect::ProxyDigest;
use pingora::protocols::{
    GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl,
    TimingDigest, UniqueID, UniqueIDType,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// One direction each of a stream, as bytes.
pub(super) trait Virtual: Debug + Send + Sync + Unpin {
    /// Reads; nothing at the end.
    fn poll_read(&mut self, cx: &mut Context<'_>, room: &mut ReadBuf<'_>) -> Poll<io::Result<()>>;

    /// Writes.
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;

    /// Writes nothing more, of what has no end in itself.
    fn end(&mut self) -> io::Result<()>;
}

/// A stream as a transport. What is written is on its way at once, so there is nothing to flush; it
/// has no socket of its own to tell about.
#[derive(Debug)]
pub(super) struct Transport<V>(pub(super) V);

impl<V: Virtual> AsyncRead for Transport<V> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.0.poll_read(cx, room)
    }
}

impl<V: Virtual> AsyncWrite for Transport<V> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.end())
    }
}

#[async_trait]
impl<V: Virtual> Shutdown for Transport<V> {
    async fn shutdown(&mut self) {}
}

impl<V> UniqueID for Transport<V> {
    fn id(&self) -> UniqueIDType {
        // pingora asks for it where it pools connections, which it does not do for us.
        -1
    }
}

impl<V> Ssl for Transport<V> {}

impl<V: Virtual> Peek for Transport<V> {}

impl<V> GetTimingDigest for Transport<V> {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        Vec::new()
    }
}

impl<V> GetProxyDigest for Transport<V> {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        None
    }
}

impl<V> GetSocketDigest for Transport<V> {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        None
    }
}
