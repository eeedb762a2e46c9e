//! VRRP as bytes: advertisements written, and those of others judged.
//!
//! Versions 2 (RFC 3768) and 3 (RFC 9568), for IPv4 and IPv6, multicast and unicast, with the password of
//! version 2 or the authenticated trailer of keepalived 2.4 (draft-cassen-vrrp-auth-hmac). [`Terms`] say
//! what one instance speaks; a [`Sender`] writes by them and a [`Receiver`] judges by them. What a
//! receiver does not accept changes nothing but a counter: each cause is one [`Discard`].

mod auth;
#[cfg(test)]
mod captured;
mod discard;
mod ip;
mod message;
mod receiver;
mod replay;
mod sender;
#[cfg(test)]
mod tests;
mod trailer;

pub use auth::{Auth, Hmac, InvalidKey, Key, Rollout};
pub use discard::Discard;
pub use receiver::{Dialect, Heard, Receiver};
pub use sender::Sender;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU8;
use std::time::Duration;

/// The number of VRRP as IP protocol and as IPv6 next header.
pub const PROTOCOL: u8 = 112;

/// TTL and hop limit of what is sent, and of what a neighbour may send (RFC 9568 section 5.1).
pub const TTL: u8 = 255;

/// Where version 2 and 3 advertise in IPv4 (RFC 9568 section 5.1.1.2).
pub const GROUP_V4: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);

/// Where version 3 advertises in IPv6 (RFC 9568 section 5.1.2.2).
pub const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12);

/// Which VRRP is spoken in IPv4. In IPv6 there is only version 3, whatever is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// RFC 3768: whole seconds, the interval has to be the same everywhere; keepalived's default.
    V2,
    /// RFC 9568: hundredths of a second, the active router's interval is taken over.
    V3,
}

impl Version {
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::V2 => 2,
            Self::V3 => 3,
        }
    }
}

/// Identifies a virtual router on a network, 1 to 255 (VRID).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VirtualRouterId(NonZeroU8);

impl VirtualRouterId {
    /// `None` for zero, which identifies nothing.
    pub fn new(number: u8) -> Option<Self> {
        NonZeroU8::new(number).map(Self)
    }

    /// The number on the wire.
    pub fn get(self) -> u8 {
        self.0.get()
    }
}

impl fmt::Display for VirtualRouterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How version 3 sums what it sends in IPv4. All are accepted from others. In version 2 and in IPv6 there
/// is one way only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksum {
    /// With IPv4's pseudo-header, as keepalived, FRR, tcpdump and tshark do.
    PseudoHeader,
    /// The message alone, as RFC 9568 says. keepalived refuses it unless told otherwise, and two refusing
    /// nodes are two active ones.
    Rfc9568,
    /// With a pseudo-header that names the group, also where a peer is sent to: keepalived up to 1.3.6, and
    /// `old_unicast_checksum` since.
    OldUnicast,
}

/// To whom is sent, and from whom is heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// The group of all VRRP routers on the network.
    Multicast,
    /// These nodes and no others.
    Unicast {
        /// The addresses they send from.
        peers: Vec<IpAddr>,
        /// The least TTL or hop limit that is heard: [`TTL`], unless routers are between the nodes.
        minimum_ttl: u8,
    },
}

/// What one instance speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Which VRRP; in IPv6 always 3.
    pub version: Version,
    /// Which virtual router.
    pub virtual_router_id: VirtualRouterId,
    /// How version 3 sums in IPv4.
    pub checksum: Checksum,
    /// How packets are told from forged ones.
    pub auth: Auth,
    /// What the virtual router holds, and advertises: at most 255, of the family of `source`. In IPv6 one
    /// of them should be link-local; it is advertised first (RFC 9568 section 5.2.9).
    pub addresses: Vec<IpAddr>,
    /// With whom.
    pub mode: Mode,
    /// This node's own address, which its packets come from. Its family is the instance's.
    pub source: IpAddr,
    /// The longest interval that is believed of another (version 3). It decides how long one forged or
    /// mistaken packet can delay a takeover: the field alone would allow 40.95 s, so about two minutes.
    pub max_accept_interval: Duration,
    /// The own interval, which version 2 demands of others, too.
    pub interval: Duration,
}

impl Terms {
    /// The version that is spoken in this family.
    pub fn version(&self) -> Version {
        match self.source {
            IpAddr::V4(_) => self.version,
            IpAddr::V6(_) => Version::V3,
        }
    }

    /// How is summed what is sent.
    pub fn dialect(&self) -> Dialect {
        match (self.version(), self.checksum) {
            (Version::V2, _) => Dialect::V2,
            (Version::V3, _) if self.source.is_ipv6() => Dialect::PseudoHeader,
            (Version::V3, Checksum::PseudoHeader) => Dialect::PseudoHeader,
            (Version::V3, Checksum::Rfc9568) => Dialect::Rfc9568,
            (Version::V3, Checksum::OldUnicast) => Dialect::OldUnicast,
        }
    }

    /// The group that is sent to in multicast.
    pub fn group(&self) -> IpAddr {
        match self.source {
            IpAddr::V4(_) => GROUP_V4.into(),
            IpAddr::V6(_) => GROUP_V6.into(),
        }
    }

    /// Where to send an advertisement to: the group, or each peer.
    pub fn destinations(&self) -> Vec<IpAddr> {
        match &self.mode {
            Mode::Multicast => vec![self.group()],
            Mode::Unicast { peers, .. } => peers.clone(),
        }
    }

    /// What is advertised: the family's addresses, link-local ones first, as many as can be counted.
    fn advertised(&self) -> Vec<IpAddr> {
        let mut addresses: Vec<IpAddr> = self
            .addresses
            .iter()
            .copied()
            .filter(|address| address.is_ipv4() == self.source.is_ipv4())
            .collect();
        addresses.sort_by_key(|address| match address {
            IpAddr::V4(_) => false,
            IpAddr::V6(address) => !address.is_unicast_link_local(),
        });
        addresses.truncate(usize::from(u8::MAX));
        addresses
    }
}
