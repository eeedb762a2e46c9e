//! What the kernel knows and does: links, addresses, packets.

mod bpf;
mod ear;
mod kernel;
mod mouth;
mod neighbours;

use std::io;
use std::os::fd::AsRawFd;

use nix::ifaddrs::getifaddrs;
use nix::sys::socket::LinkAddr;
use tokio::io::unix::AsyncFd;

pub(crate) use ear::{Ear, LONGEST as LONGEST_ADVERT};
pub(crate) use kernel::{Changes, Facts, Kernel};
pub(crate) use mouth::Mouth;
pub(crate) use neighbours::{LONGEST as LONGEST_ANSWER, Neighbours};

/// A link as packet sockets are bound to it.
fn link(interface: &str) -> io::Result<LinkAddr> {
    let mut found = getifaddrs()?.filter(|entry| entry.interface_name == interface);
    found
        .find_map(|entry| entry.address?.as_link_addr().copied())
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "there is no such interface"))
}

/// Something of the kernel that can be waited for.
pub(crate) fn registered<T: AsRawFd>(descriptor: T) -> io::Result<AsyncFd<T>> {
    #[expect(
        deprecated,
        reason = "what comes instead is unsafe; what is registered has one descriptor for as long as it lives"
    )]
    AsyncFd::new(descriptor)
}
