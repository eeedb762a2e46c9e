//! Listening sockets: one for each worker, bound before anything else changes.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::sync::oneshot;

/// What a worker is told.
#[derive(Debug)]
pub(crate) enum Order {
    /// Accept connections on this socket.
    Listen(SocketAddr, TcpListener),
    /// Accept no more connections on this address.
    Close(SocketAddr),
    /// Write the log lines that have collected, and say when that is done.
    Flush(oneshot::Sender<()>),
}

/// Connections the kernel holds while the workers are busy (nginx's default).
const BACKLOG: i32 = 511;

/// Binds `address` once for each of `workers`.
///
/// The kernel spreads connections over sockets that share a port (`SO_REUSEPORT`), so no worker
/// wakes for another's connection. But the same option would let a second edge share the port
/// unnoticed; so the port is first bound without it, which fails while anybody listens there.
pub(crate) fn bind(address: SocketAddr, workers: usize) -> io::Result<Vec<TcpListener>> {
    drop(socket(address, false)?);
    (0..workers).map(|_| socket(address, true)).collect()
}

fn socket(address: SocketAddr, shared: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    if address.is_ipv6() {
        // As nginx's `ipv6only=on`: `[::]:80` and `0.0.0.0:80` are two listeners.
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::bind;

    #[test]
    fn a_port_that_somebody_listens_on_is_refused() {
        let free = bind("127.0.0.1:0".parse().unwrap(), 1).unwrap();
        let address = free[0].local_addr().unwrap();
        let error = bind(address, 2).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
        drop(free);
        assert_eq!(bind(address, 2).unwrap().len(), 2);
    }
}
