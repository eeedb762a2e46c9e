//! ARP and neighbour discovery: telling neighbours where an address is, and asking who has one.

use std::io;
use std::os::fd::AsRawFd;

use nix::libc;
use nix::sys::socket::bind;
use socket2::{Socket, Type};
use tokio::io::unix::AsyncFd;

use super::ear::packets;
use super::{bpf, link, registered};

/// What an answer has at most: Ethernet, IPv6 and ICMP headers, a target and options.
pub(crate) const LONGEST: usize = 256;

/// Frames to and from the neighbours on one link.
#[derive(Debug)]
pub(crate) struct Neighbours {
    socket: AsyncFd<Socket>,
}

impl Neighbours {
    pub(crate) fn open(interface: &str, v6: bool) -> io::Result<Self> {
        let kind = if v6 {
            libc::ETH_P_IPV6
        } else {
            libc::ETH_P_ARP
        };
        let socket = packets(Type::RAW, kind)?;
        if v6 {
            socket.attach_filter(&bpf::neighbour_advertisements())?;
        } else {
            socket.attach_filter(&bpf::arp_answers())?;
        }
        bind(socket.as_raw_fd(), &link(interface)?)?;
        Ok(Self {
            socket: registered(socket)?,
        })
    }

    /// Sends a frame. It does not wait.
    pub(crate) fn send(&self, frame: &[u8]) -> io::Result<()> {
        self.socket.get_ref().send(frame)?;
        Ok(())
    }

    /// The next answer of a neighbour.
    pub(crate) async fn next<'b>(&self, buffer: &'b mut [u8; LONGEST]) -> io::Result<&'b [u8]> {
        loop {
            let mut ready = self.socket.readable().await?;
            let received = ready.try_io(|socket| {
                Ok(nix::sys::socket::recv(
                    socket.as_raw_fd(),
                    buffer,
                    nix::sys::socket::MsgFlags::empty(),
                )?)
            });
            if let Ok(received) = received {
                return Ok(buffer.get(..received?).unwrap_or_default());
            }
        }
    }
}
