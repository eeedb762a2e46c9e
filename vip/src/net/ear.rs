//! Hearing adverts.
//!
//! Below the IP layer: what the firewall of this machine drops is heard all the same, so that a forgotten
//! rule does not make two masters. Everything that IP would check the receiver checks itself.

use std::io;
use std::os::fd::AsRawFd;

use nix::libc;
use nix::sys::socket::{LinkAddr, bind, recvfrom};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::unix::AsyncFd;
use vrrp::frame::Mac;
use vrrp::wire::VirtualRouterId;

use super::{bpf, link, registered};

/// The longest advert, of 255 addresses, with all headers.
pub(crate) const LONGEST: usize = 4608;

/// Hears the adverts of one virtual router.
#[derive(Debug)]
pub(crate) struct Ear {
    socket: AsyncFd<Socket>,
}

impl Ear {
    pub(crate) fn open(interface: &str, number: VirtualRouterId, v6: bool) -> io::Result<Self> {
        let kind = if v6 { libc::ETH_P_IPV6 } else { libc::ETH_P_IP };
        let socket = packets(Type::DGRAM, kind)?;
        if v6 {
            socket.attach_filter(&bpf::adverts_v6(number.get()))?;
        } else {
            socket.attach_filter(&bpf::adverts_v4(number.get()))?;
        }
        bind(socket.as_raw_fd(), &link(interface)?)?;
        Ok(Self {
            socket: registered(socket)?,
        })
    }

    /// The next packet, from its IP header on, and the station that it came from.
    pub(crate) async fn next<'b>(
        &self,
        buffer: &'b mut [u8; LONGEST],
    ) -> io::Result<(&'b [u8], Option<Mac>)> {
        loop {
            let mut ready = self.socket.readable().await?;
            let received =
                ready.try_io(|socket| Ok(recvfrom::<LinkAddr>(socket.as_raw_fd(), buffer)?));
            let Ok(received) = received else {
                continue;
            };
            let (length, from) = received?;
            if from.is_some_and(|from| from.pkttype() == libc::PACKET_OUTGOING) {
                continue;
            }
            let packet = buffer.get(..length).unwrap_or_default();
            return Ok((packet, from.and_then(|from| from.addr()).map(Mac)));
        }
    }
}

/// A socket below the IP layer that does not block. It hears all links until it is bound to one.
pub(super) fn packets(style: Type, kind: i32) -> io::Result<Socket> {
    let kind = u16::try_from(kind).unwrap_or_default().to_be();
    let socket = Socket::new(Domain::PACKET, style, Some(Protocol::from(i32::from(kind))))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}
