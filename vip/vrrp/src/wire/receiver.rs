//! Judges what comes from the network.

use std::net::IpAddr;
use std::time::Duration;

use subtle::ConstantTimeEq;

use super::ip::Packet;
use super::message::{AUTH_NONE, AUTH_PASS, Message, Opening};
use super::replay::Marks;
use super::trailer::{Signer, TRAILER, Trailer};
use super::{Auth, Discard, GROUP_V4, Mode, PROTOCOL, Rollout, Terms, Version};
use crate::checksum::Sum;

/// How a packet was summed. A peer that sums differently from us hears us only if it is as generous.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Version 2's only way.
    V2,
    /// Version 3 with a pseudo-header.
    PseudoHeader,
    /// Version 3 without one.
    Rfc9568,
    /// Version 3 with one that names the group, though a peer was sent to.
    OldUnicast,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::V2,
        Self::PseudoHeader,
        Self::Rfc9568,
        Self::OldUnicast,
    ];

    /// The dialect as the value of a metric's label.
    pub fn label(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::PseudoHeader => "pseudo_header",
            Self::Rfc9568 => "rfc9568",
            Self::OldUnicast => "old_unicast",
        }
    }
}

/// An advertisement that is to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// Who sent it.
    pub source: IpAddr,
    /// 0 says farewell, 255 owns the addresses.
    pub priority: u8,
    /// How often it advertises.
    pub interval: Duration,
    /// Its addresses are not the same as ours, in whatever order. It is believed all the same, so that
    /// addresses can be added node by node.
    pub addresses_differ: bool,
    /// How it was summed.
    pub dialect: Dialect,
}

/// Judges an instance's packets.
#[derive(Debug, Clone)]
pub struct Receiver {
    terms: Terms,
    advertised: Vec<IpAddr>,
    signer: Option<Signer>,
    marks: Marks,
}

impl Receiver {
    /// A receiver that insists on the terms.
    pub fn new(terms: Terms) -> Self {
        let signer = match &terms.auth {
            Auth::Hmac(hmac) => Some(Signer::new(hmac, terms.version(), terms.virtual_router_id)),
            Auth::None | Auth::Pass(_) => None,
        };
        Self {
            advertised: terms.advertised(),
            signer,
            marks: Marks::new(&terms.mode),
            terms,
        }
    }

    /// Judges a packet, given from its IP header on. `wall` is the time since the Unix epoch. A packet that
    /// is discarded has changed nothing, except that one with a good signature is not heard twice.
    pub fn hear(&mut self, packet: &[u8], wall: Duration) -> Result<Heard, Discard> {
        let packet = Packet::parse(packet)?;
        self.carriage(&packet)?;
        self.opening(&packet)?;
        let v6 = packet.source.is_ipv6();
        let message = Message::parse(packet.payload, self.terms.version(), v6)?;
        if !matches!(message.rest.len(), 0 | TRAILER) {
            return Err(Discard::Length);
        }
        let dialect = self.dialect(&packet, &message)?;
        self.password(&message)?;
        self.signature(packet.source, &message, wall)?;
        self.interval(message.interval)?;
        Ok(Heard {
            source: packet.source,
            priority: message.priority,
            interval: message.interval,
            addresses_differ: self.addresses_differ(&message, v6),
            dialect,
        })
    }

    /// Whether the packet came the way that is agreed.
    fn carriage(&self, packet: &Packet<'_>) -> Result<(), Discard> {
        let source = packet.source;
        if source.is_ipv4() != self.terms.source.is_ipv4() {
            return Err(Discard::IpHeader);
        }
        let minimum_ttl = match &self.terms.mode {
            Mode::Multicast => super::TTL,
            Mode::Unicast { minimum_ttl, .. } => *minimum_ttl,
        };
        if packet.ttl < minimum_ttl {
            return Err(Discard::Ttl);
        }
        let fits = match self.terms.mode {
            Mode::Multicast => packet.destination == self.terms.group(),
            Mode::Unicast { .. } => is_a_nodes(packet.destination),
        };
        if !fits {
            return Err(Discard::Destination);
        }
        if !is_a_nodes(source) {
            return Err(Discard::Source);
        }
        match &self.terms.mode {
            // Our own address is looked at when it is clear that the packet is our virtual router's.
            Mode::Unicast { peers, .. }
                if source != self.terms.source && !peers.contains(&source) =>
            {
                Err(Discard::NotAPeer)
            }
            Mode::Multicast | Mode::Unicast { .. } => Ok(()),
        }
    }

    fn opening(&self, packet: &Packet<'_>) -> Result<(), Discard> {
        let opening = Opening::parse(packet.payload)?;
        if opening.virtual_router_id != self.terms.virtual_router_id.get() {
            return Err(Discard::OtherVirtualRouter);
        }
        if opening.version != self.terms.version() {
            return Err(Discard::OtherVersion);
        }
        if packet.source == self.terms.source {
            return Err(Discard::OwnSource);
        }
        Ok(())
    }

    fn dialect(&self, packet: &Packet<'_>, message: &Message<'_>) -> Result<Dialect, Discard> {
        let whole = message.whole;
        let naming = |named| Sum::pseudo_header(packet.source, named, PROTOCOL, whole.len());
        let pseudo = (naming(packet.destination), Dialect::PseudoHeader);
        let alone = Sum::default();
        let ways: &[_] = match (self.terms.version(), packet.source) {
            (Version::V2, _) => &[(alone, Dialect::V2)],
            (Version::V3, IpAddr::V4(_)) => &[
                pseudo,
                (alone, Dialect::Rfc9568),
                (naming(GROUP_V4.into()), Dialect::OldUnicast),
            ],
            (Version::V3, IpAddr::V6(_)) => &[pseudo],
        };
        ways.iter()
            .find(|(before, _)| before.add(whole).finish() == 0)
            .map(|(_, dialect)| *dialect)
            .ok_or(Discard::Checksum)
    }

    /// The authentication of version 2. There is none in version 3.
    fn password(&self, message: &Message<'_>) -> Result<(), Discard> {
        if self.terms.version() == Version::V3 {
            return Ok(());
        }
        let (auth_type, password) = match &self.terms.auth {
            Auth::Pass(password) => (AUTH_PASS, Some(password)),
            Auth::None | Auth::Hmac(_) => (AUTH_NONE, None),
        };
        if message.auth_type != auth_type {
            return Err(Discard::AuthType);
        }
        match password {
            Some(password) if !bool::from(password.as_slice().ct_eq(message.auth_data)) => {
                Err(Discard::Password)
            }
            _ => Ok(()),
        }
    }

    fn signature(
        &mut self,
        source: IpAddr,
        message: &Message<'_>,
        wall: Duration,
    ) -> Result<(), Discard> {
        let (Auth::Hmac(hmac), Some(signer)) = (&self.terms.auth, &self.signer) else {
            return if message.rest.is_empty() {
                Ok(())
            } else {
                Err(Discard::UnexpectedTrailer)
            };
        };
        if message.rest.is_empty() {
            return match hmac.rollout {
                Rollout::ReceiveOnly | Rollout::Permissive => Ok(()),
                Rollout::Enforce => Err(Discard::Unauthenticated),
            };
        }
        let trailer = Trailer::parse(message.rest)?;
        // Before the digest, so that a flood of old packets costs little. It only ever refuses.
        if !trailer.sequence.is_within(hmac.window, wall) {
            return Err(Discard::OutsideWindow);
        }
        signer.verify(source, message, &trailer)?;
        self.marks
            .raise(source, trailer.sequence, hmac.window, wall)
    }

    fn interval(&self, theirs: Duration) -> Result<(), Discard> {
        if theirs.is_zero() {
            return Err(Discard::ZeroInterval);
        }
        match self.terms.version() {
            Version::V2 if theirs != self.terms.interval => Err(Discard::IntervalMismatch),
            Version::V3 if theirs > self.terms.max_accept_interval => Err(Discard::IntervalTooLong),
            Version::V2 | Version::V3 => Ok(()),
        }
    }

    fn addresses_differ(&self, message: &Message<'_>, v6: bool) -> bool {
        let ours = &self.advertised;
        message.addresses(v6).count() != ours.len()
            || message.addresses(v6).any(|theirs| !ours.contains(&theirs))
            || ours
                .iter()
                .any(|our| message.addresses(v6).all(|theirs| theirs != *our))
    }
}

/// Whether a node can have this address.
fn is_a_nodes(address: IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
    !(broadcast || address.is_multicast() || address.is_unspecified())
}
