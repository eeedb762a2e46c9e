//! Listening sockets that are there before the configuration is read: from the service manager (socket
//! activation, `sd_listen_fds`(3)) or from the process whose place this one takes.
//!
//! They are told apart by where they listen, whatever they are called: the configuration stays the one
//! place that says what is served where.

use std::io;
use std::os::fd::OwnedFd;

use edge_core::address::Address;
use edge_core::config::Listener;
use listenfd::ListenFd;
use socket2::SockRef;

use super::{Bound, Listening, SocketFile, set_keepalive};

/// Who has bound a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// This process.
    Bound,
    /// The process before this one, or one before that.
    Predecessor,
    /// The service manager, which goes on holding it and has set its options.
    ServiceManager,
}

/// Sockets that nobody has asked for yet.
#[derive(Debug, Default)]
pub(crate) struct Inherited {
    sockets: Vec<Item>,
}

#[derive(Debug)]
struct Item {
    address: Address,
    socket: Listening,
    from: From,
}

impl Inherited {
    /// What the service manager has passed to this process. It changes the environment, so there must
    /// not be any other thread yet.
    pub(crate) fn from_environment() -> io::Result<Self> {
        let mut passed = ListenFd::from_env();
        let mut inherited = Self::default();
        for index in 0..passed.len() {
            let descriptor: Option<OwnedFd> = match passed.take_tcp_listener(index) {
                Ok(socket) => socket.map(Into::into),
                Err(_) => passed.take_unix_listener(index)?.map(Into::into),
            };
            if let Some(descriptor) = descriptor {
                let address = address(&descriptor)?;
                inherited.add(address, descriptor, From::ServiceManager)?;
            }
        }
        Ok(inherited)
    }

    /// Adds a socket that clients find at `address`: a Unix socket does not know it itself once its file
    /// has been moved.
    pub(crate) fn add(
        &mut self,
        address: Address,
        descriptor: OwnedFd,
        from: From,
    ) -> io::Result<()> {
        SockRef::from(&descriptor).set_nonblocking(true)?;
        let socket = match address {
            Address::Tcp(_) => Listening::Tcp(descriptor.into()),
            Address::Unix(_) => Listening::Unix(descriptor.into()),
        };
        self.sockets.push(Item {
            address,
            socket,
            from,
        });
        Ok(())
    }

    /// Where they listen, as listeners of which nothing else is known.
    pub(crate) fn listeners(&self) -> Vec<Listener> {
        let addresses = self.sockets.iter().map(|item| item.address.clone());
        addresses.map(Listener::new).collect()
    }

    /// The sockets for `listener`, if there are any.
    ///
    /// Whether a socket takes IPv4 as well is settled when it is bound, so one that is wrong in that
    /// has to be bound anew. Those of the service manager are taken as they are, and kept for the next
    /// time.
    pub(crate) fn take(&mut self, listener: &Listener) -> io::Result<Option<Bound>> {
        let fits = |item: &Item| {
            item.address == listener.address
                && (item.from == From::ServiceManager || fits(&item.socket, listener))
        };
        let mut sockets = Vec::new();
        let mut from = From::Predecessor;
        let file = match &listener.address {
            // Without its file nobody finds it, so it is as good as none.
            Address::Unix(place) => SocketFile::of_predecessor(place).ok(),
            Address::Tcp(_) => None,
        };
        if matches!(listener.address, Address::Unix(_)) && file.is_none() {
            return Ok(None);
        }
        for item in self.sockets.iter().filter(|item| fits(item)) {
            sockets.push(item.socket.try_clone()?);
            from = item.from;
        }
        if sockets.is_empty() {
            return Ok(None);
        }
        self.sockets
            .retain(|item| item.from == From::ServiceManager || !fits(item));
        Ok(Some(Bound {
            listener: listener.clone(),
            sockets,
            file: file.filter(|_| from == From::Predecessor),
            from,
        }))
    }

    /// Forgets what is of no use to this process. What the service manager holds may still be asked
    /// for, after a reload; where that listens is answered.
    pub(crate) fn settle(&mut self, in_use: &[Listener]) -> Vec<&Address> {
        self.sockets
            .retain(|item| item.from == From::ServiceManager);
        let unused = self.sockets.iter().map(|item| &item.address);
        unused
            .filter(|address| in_use.iter().all(|listener| listener.address != **address))
            .collect()
    }

    /// What the service manager holds, used or not, for the process that comes next.
    pub(crate) fn kept(&self) -> io::Result<Vec<(Address, Listening)>> {
        let sockets = self.sockets.iter();
        sockets
            .map(|item| Ok((item.address.clone(), item.socket.try_clone()?)))
            .collect()
    }
}

fn address(descriptor: &OwnedFd) -> io::Result<Address> {
    let address = SockRef::from(descriptor).local_addr()?;
    let path = || {
        address
            .as_pathname()
            .map(|path| Address::Unix(path.to_owned()))
    };
    let address = address.as_socket().map(Address::Tcp).or_else(path);
    address.ok_or_else(|| io::Error::other("a socket without an address or a path"))
}

fn fits(socket: &Listening, listener: &Listener) -> bool {
    match &listener.address {
        Address::Tcp(address) if address.is_ipv6() => {
            let only = SockRef::from(socket).only_v6();
            only.is_ok_and(|only| only == listener.ipv6_only)
        }
        Address::Tcp(_) | Address::Unix(_) => true,
    }
}

impl Bound {
    /// Gives sockets of the process before this one the options that are configured now.
    pub(crate) fn set_options(&self) -> io::Result<()> {
        if self.from != From::Predecessor {
            return Ok(());
        }
        for socket in &self.sockets {
            let socket = SockRef::from(socket);
            socket.listen(self.listener.backlog)?;
            match &self.listener.keepalive {
                Some(keepalive) => set_keepalive(&socket, keepalive)?,
                None if matches!(self.listener.address, Address::Tcp(_)) => {
                    socket.set_keepalive(false)?;
                }
                None => {}
            }
        }
        match &self.file {
            Some(file) => file.set_mode(self.listener.mode),
            None => Ok(()),
        }
    }
}
