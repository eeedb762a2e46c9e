//! Listening sockets, bound before anything else changes.
//!
//! A TCP address is bound once for each worker; a Unix socket is one that the workers share.

mod file;

use std::io;
use std::net::SocketAddr;
use std::os::unix::net::UnixListener;
use std::task::{Context, Poll};

use edge_core::address::{Address, Peer};
use edge_core::config::{Keepalive, Listener};
use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};
use tokio::sync::oneshot;

use crate::stream::Stream;

pub(crate) use self::file::SocketFile;

/// What a worker is told.
#[derive(Debug)]
pub(crate) enum Order {
    /// Accept connections on this socket, and no more on another that this address had before.
    Listen(Listener, Listening),
    /// New connections on this address are treated so.
    Change(Listener),
    /// Accept no more connections on this address.
    Close(Address),
    /// Hand over the log lines that have collected.
    Flush,
    /// Say that every order before this one is carried out.
    Report(oneshot::Sender<()>),
}

/// One worker's listening socket, not yet in its runtime.
#[derive(Debug)]
pub(crate) enum Listening {
    /// Of the worker alone.
    Tcp(std::net::TcpListener),
    /// Of all workers.
    Unix(UnixListener),
}

/// A listener's sockets, one for each worker.
#[derive(Debug)]
pub(crate) struct Bound {
    /// What was bound.
    pub(crate) listener: Listener,
    /// The sockets.
    pub(crate) sockets: Vec<Listening>,
    /// The place of a Unix socket, which clients find it at only once it is
    /// [published](SocketFile::publish).
    pub(crate) file: Option<SocketFile>,
}

/// Binds `listener` for each of `workers`. `present` are the listeners in use.
///
/// The kernel spreads connections over sockets that share a port (`SO_REUSEPORT`), so no worker
/// wakes for another's connection. But the same option would let a second edge share the port
/// unnoticed; so a port that is not ours yet is first bound without it, which fails while anybody
/// listens there.
pub(crate) fn bind(listener: &Listener, workers: usize, present: &[Listener]) -> io::Result<Bound> {
    let (sockets, file) = match &listener.address {
        Address::Tcp(address) => {
            let is_ours = present.iter().any(
                |other| matches!(&other.address, Address::Tcp(other) if other.port() == address.port()),
            );
            if !is_ours {
                drop(tcp(listener, *address, false)?);
            }
            let shared = || tcp(listener, *address, true).map(Listening::Tcp);
            let sockets: io::Result<_> = (0..workers).map(|_| shared()).collect();
            (sockets?, None)
        }
        Address::Unix(path) => {
            let is_ours = present
                .iter()
                .any(|other| other.address == listener.address);
            let (socket, file) = SocketFile::bind(path, listener, is_ours)?;
            let shared = || socket.try_clone().map(Listening::Unix);
            let sockets: io::Result<_> = (0..workers).map(|_| shared()).collect();
            (sockets?, Some(file))
        }
    };
    Ok(Bound {
        listener: listener.clone(),
        sockets,
        file,
    })
}

fn tcp(
    listener: &Listener,
    address: SocketAddr,
    shared: bool,
) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    if address.is_ipv6() {
        // As nginx's `ipv6only=on`: `[::]:80` and `0.0.0.0:80` are two listeners.
        socket.set_only_v6(listener.ipv6_only)?;
    }
    if let Some(keepalive) = &listener.keepalive {
        // Connections inherit it from the socket that accepts them.
        set_keepalive(&socket, keepalive)?;
    }
    socket.bind(&address.into())?;
    socket.listen(listener.backlog)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

fn set_keepalive(socket: &Socket, keepalive: &Keepalive) -> io::Result<()> {
    let mut settings = TcpKeepalive::new();
    if let Some(idle) = keepalive.idle {
        settings = settings.with_time(idle);
    }
    if let Some(interval) = keepalive.interval {
        settings = settings.with_interval(interval);
    }
    if let Some(probes) = keepalive.probes {
        settings = settings.with_retries(probes);
    }
    socket.set_keepalive(true)?;
    socket.set_tcp_keepalive(&settings)
}

/// A listening socket in its worker's runtime.
#[derive(Debug)]
pub(crate) enum Acceptor {
    /// See [`Listening::Tcp`].
    Tcp(tokio::net::TcpListener),
    /// See [`Listening::Unix`].
    Unix(tokio::net::UnixListener),
}

impl TryFrom<Listening> for Acceptor {
    type Error = io::Error;

    fn try_from(socket: Listening) -> io::Result<Self> {
        Ok(match socket {
            Listening::Tcp(socket) => Self::Tcp(tokio::net::TcpListener::from_std(socket)?),
            Listening::Unix(socket) => Self::Unix(tokio::net::UnixListener::from_std(socket)?),
        })
    }
}

impl Acceptor {
    /// Ready with the next connection.
    pub(crate) fn poll_accept(
        &self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<(Stream, (Peer, u16))>> {
        match self {
            Self::Tcp(listener) => listener.poll_accept(cx).map_ok(|(stream, address)| {
                // Answers go out as they are written, however small (tcp_nodelay). It fails for a
                // connection that has already ended, which the first read tells as well.
                stream.set_nodelay(true).unwrap_or_default();
                (Stream::Tcp(stream), (address.into(), address.port()))
            }),
            Self::Unix(listener) => listener
                .poll_accept(cx)
                .map_ok(|(stream, _)| (Stream::Unix(stream), (Peer::Unix, 0))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;
    use std::time::Duration;

    use edge_core::address::Address;
    use edge_core::config::{Keepalive, Listener};
    use socket2::SockRef;

    use super::{Listening, bind};

    #[test]
    fn a_port_that_somebody_listens_on_is_refused() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let listener = Listener::new(address.to_string().parse().unwrap());
        let error = bind(&listener, 2, &[]).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
        drop(taken);
        let first = bind(&listener, 2, &[]).unwrap();
        assert_eq!(first.sockets.len(), 2);
        let error = bind(&listener, 2, &[]).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
        let again = bind(&listener, 2, std::slice::from_ref(&listener)).unwrap();
        assert!(matches!(
            again.sockets[..],
            [Listening::Tcp(_), Listening::Tcp(_)]
        ));
    }

    /// The kernel passes the option on from the listening socket.
    #[test]
    fn connections_inherit_their_probes() {
        let mut listener = Listener::new(Address::Tcp("127.0.0.1:0".parse().unwrap()));
        listener.keepalive = Some(Keepalive {
            idle: Some(Duration::from_mins(1)),
            ..Keepalive::default()
        });
        let mut bound = bind(&listener, 1, &[]).unwrap();
        let Some(Listening::Tcp(socket)) = bound.sockets.pop() else {
            panic!("a TCP socket was asked for");
        };
        socket.set_nonblocking(false).unwrap();
        let client = TcpStream::connect(socket.local_addr().unwrap()).unwrap();
        let (accepted, _) = socket.accept().unwrap();
        let accepted = SockRef::from(&accepted);
        assert!(accepted.keepalive().unwrap());
        let idle = accepted.tcp_keepalive_time().unwrap();
        assert_eq!(idle, Duration::from_mins(1));
        drop(client);
    }
}
