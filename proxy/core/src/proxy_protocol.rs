//! The PROXY protocol, versions 1 and 2: how a proxy that passes on connections says whose they
//! are (`doc/proxy-protocol.txt` of
//! `HAProxy`).
//!
//! Whoever can send a header can speak for any address, so it is read only from addresses that the
//! configuration trusts; that is the caller's affair.

mod v1;
mod v2;

use std::net::{IpAddr, SocketAddr};

/// Whose connection it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// That of the sender itself, such as its health check, or of somebody it cannot name: the
    /// address of the socket holds (`LOCAL`, `UNKNOWN`, `AF_UNSPEC`).
    Sender,
    /// That of a process on the sender's machine (`AF_UNIX`).
    Unix,
    /// That of a TCP client.
    Tcp(Ends),
}

/// The two ends of a TCP connection; both addresses are of the same family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ends {
    source: SocketAddr,
    destination: SocketAddr,
}

impl Ends {
    /// From the client, `source`, to the proxy that it connected to, `destination`. Where only one
    /// is IPv6 the other is written as IPv6, too.
    pub fn new(source: SocketAddr, destination: SocketAddr) -> Self {
        let (source, destination) = (canonical(source), canonical(destination));
        if source.is_ipv4() == destination.is_ipv4() {
            Self {
                source,
                destination,
            }
        } else {
            Self {
                source: mapped(source),
                destination: mapped(destination),
            }
        }
    }

    /// The client.
    pub fn source(&self) -> SocketAddr {
        self.source
    }

    /// The address that the client connected to.
    pub fn destination(&self) -> SocketAddr {
        self.destination
    }
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

fn mapped(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) => SocketAddr::new(ip.to_ipv6_mapped().into(), address.port()),
        IpAddr::V6(_) => address,
    }
}

/// What the first bytes of a connection are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The beginning of a header.
    Partial,
    /// A header of `length` bytes.
    Complete {
        /// Where what the client itself sent begins.
        length: usize,
        /// Whose connection it is.
        origin: Origin,
    },
}

/// What is no header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadHeader {
    /// It does not begin as one.
    #[error("the connection does not begin with a PROXY protocol header")]
    Missing,
    /// It begins as one.
    #[error("the PROXY protocol header is malformed")]
    Malformed,
    /// It is longer than any that is sent.
    #[error("the PROXY protocol header is too long")]
    TooLong,
}

/// Reads a header of either version from the first bytes of a connection.
pub fn parse(bytes: &[u8]) -> Result<Outcome, BadHeader> {
    if begins(bytes, v1::SIGNATURE) {
        v1::parse(bytes)
    } else if begins(bytes, v2::SIGNATURE) {
        v2::parse(bytes)
    } else {
        Err(BadHeader::Missing)
    }
}

/// Whether `bytes` begin with `signature` as far as they go.
fn begins(bytes: &[u8], signature: &[u8]) -> bool {
    let length = bytes.len().min(signature.len());
    bytes.get(..length) == signature.get(..length)
}

/// A version of the protocol, for those who send headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// One line of text.
    V1,
    /// Binary.
    V2,
}

/// Appends the header for a client's connection to `out`; `None` is a connection of our own, or of
/// a client without address.
pub fn write(out: &mut Vec<u8>, version: Version, ends: Option<&Ends>) {
    match version {
        Version::V1 => v1::write(out, ends),
        Version::V2 => v2::write(out, ends),
    }
}

#[cfg(test)]
mod tests;
