//! Version 2: a signature, two bytes of what it is, a length, addresses, and extensions (TLVs)
//! that are read over.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{BadHeader, Ends, Origin, Outcome};

pub(super) const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// Signature, version and command, family and transport, length.
const FIXED: usize = 16;

/// The longest header with its extensions, as nginx has it.
const LONGEST: usize = 4096;

const LOCAL: u8 = 0x20;
const PROXY: u8 = 0x21;
const UNSPECIFIED: u8 = 0x00;
const TCP4: u8 = 0x11;
const TCP6: u8 = 0x21;
const UNIX_STREAM: u8 = 0x31;
/// Two paths.
const UNIX_LENGTH: usize = 216;

pub(super) fn parse(bytes: &[u8]) -> Result<Outcome, BadHeader> {
    // What is wrong is wrong however little follows.
    let command = bytes.get(12).copied();
    if command.is_some_and(|command| !matches!(command, LOCAL | PROXY)) {
        return Err(BadHeader::Malformed);
    }
    let (Some(command), Some(family), Some(length)) =
        (command, bytes.get(13).copied(), bytes.get(14..FIXED))
    else {
        return Ok(Outcome::Partial);
    };
    let length = FIXED
        + length
            .iter()
            .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    if length > LONGEST {
        return Err(BadHeader::TooLong);
    }
    let Some(content) = bytes.get(FIXED..length) else {
        return Ok(Outcome::Partial);
    };
    let origin = match (command, family) {
        (LOCAL, _) | (PROXY, UNSPECIFIED) => Some(Origin::Sender),
        (PROXY, TCP4) => ends::<4>(content).map(Origin::Tcp),
        (PROXY, TCP6) => ends::<16>(content).map(Origin::Tcp),
        (PROXY, UNIX_STREAM) => (content.len() >= UNIX_LENGTH).then_some(Origin::Unix),
        _ => None,
    };
    let origin = origin.ok_or(BadHeader::Malformed)?;
    Ok(Outcome::Complete { length, origin })
}

/// Two addresses of `N` bytes, then two ports.
fn ends<const N: usize>(content: &[u8]) -> Option<Ends>
where
    Bytes<N>: Into<IpAddr>,
{
    let (source, rest) = content.split_first_chunk::<N>()?;
    let (destination, rest) = rest.split_first_chunk::<N>()?;
    let (source_port, rest) = rest.split_first_chunk::<2>()?;
    let (destination_port, _) = rest.split_first_chunk::<2>()?;
    let address = |bytes: &[u8; N], port: &[u8; 2]| {
        SocketAddr::new(Bytes(*bytes).into(), u16::from_be_bytes(*port))
    };
    Some(Ends {
        source: address(source, source_port),
        destination: address(destination, destination_port),
    })
}

/// The bytes of an address.
struct Bytes<const N: usize>([u8; N]);

impl From<Bytes<4>> for IpAddr {
    fn from(bytes: Bytes<4>) -> Self {
        Self::V4(Ipv4Addr::from(bytes.0))
    }
}

impl From<Bytes<16>> for IpAddr {
    fn from(bytes: Bytes<16>) -> Self {
        Self::V6(Ipv6Addr::from(bytes.0))
    }
}

pub(super) fn write(out: &mut Vec<u8>, ends: Option<&Ends>) {
    out.extend_from_slice(SIGNATURE);
    let Some(ends) = ends else {
        out.extend_from_slice(&[LOCAL, UNSPECIFIED, 0, 0]);
        return;
    };
    let (family, length) = if ends.source.is_ipv4() {
        (TCP4, 12)
    } else {
        (TCP6, 36)
    };
    out.extend_from_slice(&[PROXY, family, 0, length]);
    for address in [ends.source, ends.destination] {
        match address.ip() {
            IpAddr::V4(address) => out.extend_from_slice(&address.octets()),
            IpAddr::V6(address) => out.extend_from_slice(&address.octets()),
        }
    }
    for address in [ends.source, ends.destination] {
        out.extend_from_slice(&address.port().to_be_bytes());
    }
}
