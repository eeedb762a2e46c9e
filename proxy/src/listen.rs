//! Listening sockets, bound before anything else changes.
//!
//! A TCP address is bound once for each worker; a Unix socket is one that the workers share. Sockets
//! that the service manager or the process before this one has bound come in any number.

mod file;
mod inherited;
mod open;

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixListener;
use std::task::{Context, Poll};

use edge_core::address::{Address, Peer};
use edge_core::config::{Keepalive, Listener};
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use tokio::sync::oneshot;

use crate::stream::Stream;

pub(crate) use self::file::SocketFile;
pub(crate) use self::inherited::{From, Inherited};
pub(crate) use self::open::Open;

/// What a worker is told.
#[derive(Debug)]
pub(crate) enum Order {
    /// Accept connections on these sockets, and no more on others that this address had before.
    Listen(Listener, Vec<Listening>),
    /// New connections on this address are treated so.
    Change(Listener),
    /// Accept no more connections on this address.
    Close(Address),
    /// Hand over the log lines that have collected.
    Flush,
    /// Say that every order before this one is carried out.
    Report(oneshot::Sender<()>),
    /// Accept one connection here and send back what it says, as a proof that this is possible.
    Echo(UnixListener),
}

/// A listening socket, not yet in a worker's runtime.
#[derive(Debug)]
pub(crate) enum Listening {
    /// On a TCP port.
    Tcp(std::net::TcpListener),
    /// In the file system.
    Unix(UnixListener),
}

impl Listening {
    /// The same socket, with the same queue.
    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        Ok(match self {
            Self::Tcp(socket) => Self::Tcp(socket.try_clone()?),
            Self::Unix(socket) => Self::Unix(socket.try_clone()?),
        })
    }
}

impl AsFd for Listening {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(socket) => socket.as_fd(),
            Self::Unix(socket) => socket.as_fd(),
        }
    }
}

/// A listener's sockets.
#[derive(Debug)]
pub(crate) struct Bound {
    /// What was bound.
    pub(crate) listener: Listener,
    /// The sockets, each with a queue of connections of its own.
    pub(crate) sockets: Vec<Listening>,
    /// Who has bound them.
    pub(crate) from: From,
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
            let one = || tcp(listener, *address, true).map(Listening::Tcp);
            let sockets: io::Result<_> = (0..workers).map(|_| one()).collect();
            (sockets?, None)
        }
        Address::Unix(path) => {
            let is_ours = present
                .iter()
                .any(|other| other.address == listener.address);
            let (socket, file) = SocketFile::bind(path, listener, is_ours)?;
            (vec![Listening::Unix(socket)], Some(file))
        }
    };
    Ok(Bound {
        listener: listener.clone(),
        sockets,
        from: From::Bound,
        file,
    })
}

/// The sockets of each worker.
pub(crate) type Shares = Vec<Vec<Listening>>;

impl Bound {
    /// With the sockets as `workers` accept on them.
    pub(crate) fn shared(self, workers: usize) -> io::Result<(Self, Shares)> {
        let shares = share(&self.sockets, workers)?;
        Ok((self, shares))
    }
}

/// `sockets` as `workers` accept on them: each worker has a socket of its own, or several if there are
/// more of them, so that no queue is left alone; if there are fewer, workers share them.
fn share(sockets: &[Listening], workers: usize) -> io::Result<Shares> {
    let every = sockets.len().max(workers);
    let mut shares: Vec<Vec<Listening>> = (0..workers).map(|_| Vec::new()).collect();
    let pairs = sockets.iter().cycle().zip(0..every);
    for (socket, index) in pairs {
        if let Some(share) = shares.get_mut(index % workers.max(1)) {
            share.push(socket.try_clone()?);
        }
    }
    Ok(shares)
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
        set_keepalive(&SockRef::from(&socket), keepalive)?;
    }
    socket.bind(&address.into())?;
    socket.listen(listener.backlog)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

fn set_keepalive(socket: &SockRef<'_>, keepalive: &Keepalive) -> io::Result<()> {
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
    use std::collections::HashSet;
    use std::net::TcpStream;
    use std::time::Duration;

    use edge_core::address::Address;
    use edge_core::config::{Keepalive, Listener};
    use socket2::SockRef;

    use super::{Listening, bind, share};

    #[test]
    fn every_socket_has_a_worker_and_every_worker_a_socket() {
        let listener = Listener::new(Address::Tcp("127.0.0.1:0".parse().unwrap()));
        for (sockets, workers, expected) in [
            (1, 1, &[1][..]),
            (2, 2, &[1, 1]),
            (5, 2, &[3, 2]),
            (2, 3, &[1, 1, 1]),
            (1, 4, &[1, 1, 1, 1]),
        ] {
            let bound = bind(&listener, sockets, &[]).unwrap();
            let shares = share(&bound.sockets, workers).unwrap();
            let counts: Vec<usize> = shares.iter().map(Vec::len).collect();
            assert_eq!(counts, expected);
            let inode = |socket: &Listening| rustix::fs::fstat(socket).unwrap().st_ino;
            let shared: HashSet<u64> = shares.iter().flatten().map(inode).collect();
            assert_eq!(shared, bound.sockets.iter().map(inode).collect());
        }
    }

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
