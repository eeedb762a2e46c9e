//! The message itself: eight bytes, addresses, and in version 2 eight bytes of authentication.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::{Discard, Version};

/// Type 1, the only one there is (RFC 9568 section 5.2.2).
const ADVERTISEMENT: u8 = 1;

/// The header that both versions have.
const HEADER: usize = 8;

/// Where the checksum is.
pub(super) const CHECKSUM_AT: usize = 6;

/// The authentication data of version 2, which is there also when it means nothing.
const AUTH_DATA: usize = 8;

/// The authentication types of version 2 (RFC 2338 section 5.3.6).
pub(super) const AUTH_NONE: u8 = 0;
pub(super) const AUTH_PASS: u8 = 1;

/// Centiseconds that fit into the twelve bits of version 3.
const LONGEST_V3: u128 = 0x0fff;

/// Which virtual router speaks in which version: what can be told before anything else is known to fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opening {
    pub(super) version: Version,
    pub(super) virtual_router_id: u8,
}

impl Opening {
    pub(super) fn parse(message: &[u8]) -> Result<Self, Discard> {
        let &[first, virtual_router_id] = message.first_chunk().ok_or(Discard::Truncated)?;
        let version = match first >> 4 {
            2 => Version::V2,
            3 => Version::V3,
            _ => return Err(Discard::UnknownVersion),
        };
        if first & 0x0f != ADVERTISEMENT {
            return Err(Discard::MessageType);
        }
        Ok(Self {
            version,
            virtual_router_id,
        })
    }
}

/// A message whose parts are where they should be. Whether they are true is another matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Message<'a> {
    pub(super) priority: u8,
    /// Zero in version 3.
    pub(super) auth_type: u8,
    pub(super) interval: Duration,
    addresses: &'a [u8],
    pub(super) auth_data: &'a [u8],
    /// All that the checksum covers.
    pub(super) whole: &'a [u8],
    /// What comes after it.
    pub(super) rest: &'a [u8],
}

impl<'a> Message<'a> {
    /// Takes a payload apart by the number of addresses that it claims to have.
    pub(super) fn parse(payload: &'a [u8], version: Version, v6: bool) -> Result<Self, Discard> {
        let (&[_, _, priority, count, fourth, fifth, _, _], _) = payload
            .split_first_chunk::<HEADER>()
            .ok_or(Discard::Truncated)?;
        if count == 0 {
            return Err(Discard::NoAddresses);
        }
        let size = usize::from(count) * if v6 { 16 } else { 4 };
        let (auth_type, interval, auth_data) = match version {
            Version::V2 => (fourth, Duration::from_secs(fifth.into()), AUTH_DATA),
            Version::V3 => {
                let centiseconds = u16::from_be_bytes([fourth & 0x0f, fifth]);
                (0, Duration::from_millis(u64::from(centiseconds) * 10), 0)
            }
        };
        let (whole, rest) = payload
            .split_at_checked(HEADER + size + auth_data)
            .ok_or(Discard::Length)?;
        let (addresses, auth_data) = whole
            .get(HEADER..)
            .and_then(|body| body.split_at_checked(size))
            .ok_or(Discard::Length)?;
        Ok(Self {
            priority,
            auth_type,
            interval,
            addresses,
            auth_data,
            whole,
            rest,
        })
    }

    /// The addresses, as many as there are bytes for.
    pub(super) fn addresses(&self, v6: bool) -> impl Iterator<Item = IpAddr> + use<'a> {
        let (v6_addresses, v4_addresses) = if v6 {
            (self.addresses.as_chunks::<16>().0, [].as_slice())
        } else {
            ([].as_slice(), self.addresses.as_chunks::<4>().0)
        };
        let v6_addresses = v6_addresses
            .iter()
            .map(|&octets| Ipv6Addr::from(octets).into());
        let v4_addresses = v4_addresses
            .iter()
            .map(|&octets| Ipv4Addr::from(octets).into());
        v6_addresses.chain(v4_addresses)
    }

    /// The message up to the checksum and from behind it.
    pub(super) fn around_checksum(&self) -> (&'a [u8], &'a [u8]) {
        let before = self.whole.get(..CHECKSUM_AT).unwrap_or_default();
        let after = self.whole.get(CHECKSUM_AT + 2..).unwrap_or_default();
        (before, after)
    }
}

/// What is to be written; the rest follows from it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draft<'a> {
    pub(super) version: Version,
    pub(super) virtual_router_id: u8,
    pub(super) priority: u8,
    pub(super) interval: Duration,
    /// At most 255.
    pub(super) addresses: &'a [IpAddr],
    /// In version 2.
    pub(super) password: Option<[u8; AUTH_DATA]>,
}

impl Draft<'_> {
    /// The message, with `checksum` given the message in which its field is zero.
    pub(super) fn write(&self, checksum: impl FnOnce(&[u8]) -> u16) -> Vec<u8> {
        let count = u8::try_from(self.addresses.len()).unwrap_or(u8::MAX);
        let first = (self.version.number() << 4) | ADVERTISEMENT;
        let [fourth, fifth] = self.timing();
        let opening = [
            first,
            self.virtual_router_id,
            self.priority,
            count,
            fourth,
            fifth,
        ];
        let mut body = Vec::new();
        for address in self.addresses.iter().take(count.into()) {
            match address {
                IpAddr::V4(address) => body.extend_from_slice(&address.octets()),
                IpAddr::V6(address) => body.extend_from_slice(&address.octets()),
            }
        }
        if self.version == Version::V2 {
            body.extend_from_slice(&self.password.unwrap_or_default());
        }
        let blank = [opening.as_slice(), &[0, 0], &body].concat();
        let checksum = checksum(&blank).to_be_bytes();
        [opening.as_slice(), &checksum, &body].concat()
    }

    /// The bytes before the checksum. What the field cannot say is brought to the nearest it can, and never
    /// to zero, which others discard.
    fn timing(&self) -> [u8; 2] {
        match self.version {
            Version::V2 => {
                let auth_type = if self.password.is_some() {
                    AUTH_PASS
                } else {
                    AUTH_NONE
                };
                let seconds = self.interval.as_millis().div_ceil(1000).clamp(1, 255);
                [auth_type, u8::try_from(seconds).unwrap_or(u8::MAX)]
            }
            Version::V3 => {
                let centiseconds = (self.interval.as_millis() / 10).clamp(1, LONGEST_V3);
                u16::try_from(centiseconds).unwrap_or(1).to_be_bytes()
            }
        }
    }
}
