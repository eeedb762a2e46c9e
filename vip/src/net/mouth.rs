//! Sending adverts.

use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};

use socket2::{Domain, InterfaceIndexOrAddress, Protocol, Socket, Type};
use vrrp::wire::{GROUP_V4, GROUP_V6, PROTOCOL, TTL};

use super::{Facts, bpf};

/// Internetwork control, as routers mark what they say to each other (RFC 2474 §4.2.2.2).
const CONTROL: u32 = 0xc0;

/// Sends from one address over one interface.
#[derive(Debug)]
pub(crate) struct Mouth {
    socket: Socket,
    /// What link-local addresses are local to.
    index: u32,
}

impl Mouth {
    /// Opens a socket at `source`, and joins the group of all VRRP routers, so that the network brings what is
    /// sent to it.
    pub(crate) fn open(interface: &str, facts: &Facts, source: IpAddr) -> io::Result<Self> {
        let index = facts.index;
        let protocol = Some(Protocol::from(i32::from(PROTOCOL)));
        let domain = Domain::for_address(SocketAddr::new(source, 0));
        let socket = Socket::new(domain, Type::RAW, protocol)?;
        socket.set_nonblocking(true)?;
        socket.attach_filter(&bpf::NOTHING)?;
        socket.bind_device(Some(interface.as_bytes()))?;
        if source.is_ipv4() {
            socket.set_ttl_v4(TTL.into())?;
            socket.set_multicast_ttl_v4(TTL.into())?;
            socket.set_multicast_loop_v4(false)?;
            socket.set_tos_v4(CONTROL)?;
            socket.join_multicast_v4_n(&GROUP_V4, &InterfaceIndexOrAddress::Index(index))?;
        } else {
            socket.set_unicast_hops_v6(TTL.into())?;
            socket.set_multicast_hops_v6(TTL.into())?;
            socket.set_multicast_loop_v6(false)?;
            socket.set_multicast_if_v6(index)?;
            socket.set_tclass_v6(CONTROL)?;
            socket.join_multicast_v6(&GROUP_V6, index)?;
        }
        let mouth = Self { socket, index };
        mouth.socket.bind(&mouth.at(source).into())?;
        Ok(mouth)
    }

    /// Sends one message. It does not wait.
    pub(crate) fn say(&self, message: &[u8], destination: IpAddr) -> io::Result<()> {
        self.socket.send_to(message, &self.at(destination).into())?;
        Ok(())
    }

    fn at(&self, address: IpAddr) -> SocketAddr {
        match address {
            IpAddr::V4(_) => SocketAddr::new(address, 0),
            IpAddr::V6(address) => SocketAddrV6::new(address, 0, 0, self.index).into(),
        }
    }
}
