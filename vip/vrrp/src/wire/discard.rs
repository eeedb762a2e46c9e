//! Why a packet is not listened to.

use std::fmt;

/// The causes for which a packet is discarded, in the order in which they are looked for.
/// [`Discard::OtherVersion`] are about packets that may well be meant for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Discard {
    /// Not a whole IP packet of the instance's family with a good header.
    IpHeader,
    /// Not VRRP.
    Protocol,
    /// A part of a packet. No advertisement is that long.
    Fragment,
    /// It has passed a router, so it is not a neighbour's.
    Ttl,
    /// Multicast where unicast is agreed, or the other way round.
    Destination,
    /// Its source is no address that a node can have.
    Source,
    /// Its source is none of the peers (unicast).
    NotAPeer,
    /// Too short to say what it is.
    Truncated,
    /// Not an advertisement of VRRP version 2 or 3.
    UnknownVersion,
    /// A message of VRRP, but not an advertisement.
    MessageType,
    /// Another virtual router's.
    OtherVirtualRouter,
    /// Our virtual router's in the other version: that node and we do not hear each other.
    OtherVersion,
    /// Our virtual router's, from our own address: a loop, or another node with this address.
    OwnSource,
    /// It counts no addresses (RFC 9568 erratum 8299).
    NoAddresses,
    /// Its length does not fit the addresses it counts.
    Length,
    /// Its checksum is wrong in every way of summing.
    Checksum,
    /// Its kind of authentication is not ours (version 2).
    AuthType,
    /// Its password is not ours (version 2).
    Password,
    /// It has a trailer although there are no keys to verify it.
    UnexpectedTrailer,
    /// Its trailer is of an unknown kind.
    Trailer,
    /// Its time is too far from ours: an old packet, or clocks that differ.
    OutsideWindow,
    /// It names a key we do not have.
    UnknownKey,
    /// It was not signed with our key, or was changed on the way.
    BadHmac,
    /// It has been heard before.
    Replay,
    /// It has no trailer although one is demanded.
    Unauthenticated,
    /// Its interval is zero (RFC 9568 erratum 8301).
    ZeroInterval,
    /// Its interval is not ours (version 2).
    IntervalMismatch,
    /// Its interval is longer than what is believed of others.
    IntervalTooLong,
}

impl Discard {
    /// All of them, in order.
    pub const ALL: [Self; 28] = [
        Self::IpHeader,
        Self::Protocol,
        Self::Fragment,
        Self::Ttl,
        Self::Destination,
        Self::Source,
        Self::NotAPeer,
        Self::Truncated,
        Self::UnknownVersion,
        Self::MessageType,
        Self::OtherVirtualRouter,
        Self::OtherVersion,
        Self::OwnSource,
        Self::NoAddresses,
        Self::Length,
        Self::Checksum,
        Self::AuthType,
        Self::Password,
        Self::UnexpectedTrailer,
        Self::Trailer,
        Self::OutsideWindow,
        Self::UnknownKey,
        Self::BadHmac,
        Self::Replay,
        Self::Unauthenticated,
        Self::ZeroInterval,
        Self::IntervalMismatch,
        Self::IntervalTooLong,
    ];

    /// The cause as the value of a metric's label.
    pub fn label(self) -> &'static str {
        self.words().0
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::IpHeader => ("ip_header", "is not a whole IP packet of this family"),
            Self::Protocol => ("protocol", "is not VRRP"),
            Self::Fragment => ("fragment", "is a fragment"),
            Self::Ttl => ("ttl", "has passed a router: its TTL is too low"),
            Self::Destination => (
                "destination",
                "was sent to a destination that is not agreed",
            ),
            Self::Source => ("source", "comes from an address that no node can have"),
            Self::NotAPeer => ("not_a_peer", "does not come from a configured peer"),
            Self::Truncated => ("truncated", "is too short"),
            Self::UnknownVersion => ("unknown_version", "is of an unknown version of VRRP"),
            Self::MessageType => ("message_type", "is not an advertisement"),
            Self::OtherVirtualRouter => ("other_virtual_router", "is another virtual router's"),
            Self::OtherVersion => ("other_version", "is in the other version of VRRP"),
            Self::OwnSource => (
                "own_source",
                "comes from our own address: a loop, or a duplicate",
            ),
            Self::NoAddresses => ("no_addresses", "advertises no addresses"),
            Self::Length => ("length", "has a length that does not fit its addresses"),
            Self::Checksum => ("checksum", "has a wrong checksum"),
            Self::AuthType => ("auth_type", "authenticates in another way than we do"),
            Self::Password => ("password", "has another password than ours"),
            Self::UnexpectedTrailer => ("unexpected_trailer", "is signed, and we have no key"),
            Self::Trailer => ("trailer", "has an unknown kind of trailer"),
            Self::OutsideWindow => ("outside_window", "is too old, or clocks differ too much"),
            Self::UnknownKey => ("unknown_key", "is signed with a key that we do not have"),
            Self::BadHmac => ("bad_hmac", "has a wrong signature"),
            Self::Replay => ("replay", "has been heard before"),
            Self::Unauthenticated => ("unauthenticated", "is not signed"),
            Self::ZeroInterval => ("zero_interval", "has an interval of zero"),
            Self::IntervalMismatch => ("interval_mismatch", "has another interval than ours"),
            Self::IntervalTooLong => ("interval_too_long", "has an interval longer than allowed"),
        }
    }
}

impl fmt::Display for Discard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words().1)
    }
}

impl std::error::Error for Discard {}
