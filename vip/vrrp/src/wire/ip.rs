//! The IP header of a packet that was taken from the link before the kernel had looked at it: nothing in
//! it is believed before it is checked.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Discard, PROTOCOL};
use crate::checksum::Sum;

/// IPv6's next header of a fragment.
const FRAGMENT: u8 = 44;

/// What VRRP wants to know of its IP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packet<'a> {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) ttl: u8,
    /// What follows the header, without the padding of Ethernet.
    pub(super) payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads a packet of VRRP from its IP header on.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Discard> {
        match bytes.first().map(|byte| byte >> 4) {
            Some(4) => Self::v4(bytes),
            Some(6) => Self::v6(bytes),
            _ => Err(Discard::IpHeader),
        }
    }

    fn v4(bytes: &'a [u8]) -> Result<Self, Discard> {
        let &[
            first,
            _,
            total0,
            total1,
            _,
            _,
            fragment0,
            fragment1,
            ttl,
            protocol,
            _,
            _,
            s0,
            s1,
            s2,
            s3,
            d0,
            d1,
            d2,
            d3,
        ] = bytes.first_chunk::<20>().ok_or(Discard::IpHeader)?;
        let header = usize::from(first & 0x0f) * 4;
        let total = usize::from(u16::from_be_bytes([total0, total1]));
        if header < 20 {
            return Err(Discard::IpHeader);
        }
        let (header, payload) = bytes
            .get(..total)
            .and_then(|packet| packet.split_at_checked(header))
            .ok_or(Discard::IpHeader)?;
        if Sum::default().add(header).finish() != 0 {
            return Err(Discard::IpHeader);
        }
        if protocol != PROTOCOL {
            return Err(Discard::Protocol);
        }
        // Everything but "don't fragment" says that there is more of it: RFC 791 section 3.1.
        if u16::from_be_bytes([fragment0, fragment1]) & 0x3fff != 0 {
            return Err(Discard::Fragment);
        }
        Ok(Self {
            source: Ipv4Addr::new(s0, s1, s2, s3).into(),
            destination: Ipv4Addr::new(d0, d1, d2, d3).into(),
            ttl,
            payload,
        })
    }

    fn v6(bytes: &'a [u8]) -> Result<Self, Discard> {
        let (&[_, _, _, _, length0, length1, next_header, ttl], rest) =
            bytes.split_first_chunk::<8>().ok_or(Discard::IpHeader)?;
        let (source, rest) = rest.split_first_chunk::<16>().ok_or(Discard::IpHeader)?;
        let (destination, rest) = rest.split_first_chunk::<16>().ok_or(Discard::IpHeader)?;
        let length = usize::from(u16::from_be_bytes([length0, length1]));
        let payload = rest.get(..length).ok_or(Discard::IpHeader)?;
        match next_header {
            PROTOCOL => {}
            FRAGMENT => return Err(Discard::Fragment),
            _ => return Err(Discard::Protocol),
        }
        Ok(Self {
            source: Ipv6Addr::from(*source).into(),
            destination: Ipv6Addr::from(*destination).into(),
            ttl,
            payload,
        })
    }
}
