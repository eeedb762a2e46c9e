//! The authenticated trailer of keepalived 2.4 (draft-cassen-vrrp-auth-hmac-00): 28 bytes behind the message.
//!
//! `1 | key id | 0 0 | seconds (4) | 1/65536 s (2) | counter (2) | HMAC-SHA256, its first 16 bytes`
//!
//! What is signed: family, version, virtual router and source (20 bytes); the message with a checksum of
//! zero; the trailer's first 12 bytes; 16 bytes of zero. The destination is not, so that one signature
//! does for all peers.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use hmac::{KeyInit, Mac};
use sha2::Sha256;

use super::message::Message;
use super::{Discard, Hmac, Key, Version, VirtualRouterId};

/// The length of the trailer.
pub(super) const TRAILER: usize = 28;

/// HMAC-SHA256, cut to 128 bits: the only kind.
const KIND: u8 = 1;

/// The part of a digest that is sent.
const DIGEST: usize = 16;

/// A packet's place in the order of all packets of its sender: seconds, 65536ths and a counter in one
/// number. It grows; RFC 1982's arithmetic has it survive the year 2106.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sequence(u64);

impl Sequence {
    /// The first number of a moment, given since the Unix epoch.
    pub(super) fn at(wall: Duration) -> Self {
        let fraction = (u64::from(wall.subsec_nanos()) << 16) / 1_000_000_000;
        Self((wall.as_secs() << 32) | (fraction << 16))
    }

    /// The number of a packet that is sent at `wall` after this one: the clock's, or one more than the
    /// last where the clock has not moved on. If the clock was set back by more than `window`, the clock
    /// wins all the same: a number so far ahead is refused by everybody until that time has come, and nodes
    /// that refuse each other are all active.
    pub(super) fn next(self, wall: Duration, window: Duration) -> Self {
        let clock = Self::at(wall);
        if clock.is_after(self) || self.distance(wall) > seconds(window) {
            clock
        } else {
            Self(self.0.wrapping_add(1))
        }
    }

    pub(super) fn is_after(self, other: Self) -> bool {
        // Half of the circle is after, the other half before.
        (1..1 << 63).contains(&self.0.wrapping_sub(other.0))
    }

    /// Whether its time is close enough to ours.
    pub(super) fn is_within(self, window: Duration, wall: Duration) -> bool {
        self.distance(wall) <= seconds(window)
    }

    /// Whole seconds between its time and ours, either way.
    fn distance(self, wall: Duration) -> u32 {
        let ahead = self.seconds().wrapping_sub(low_half(wall.as_secs()));
        ahead.min(ahead.wrapping_neg())
    }

    fn seconds(self) -> u32 {
        low_half(self.0 >> 32)
    }
}

fn seconds(window: Duration) -> u32 {
    u32::try_from(window.as_secs()).unwrap_or(u32::MAX)
}

/// The lower 32 bits.
fn low_half(number: u64) -> u32 {
    let [_, _, _, _, a, b, c, d] = number.to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}

/// A trailer that was read and not verified.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trailer<'a> {
    key: u8,
    pub(super) sequence: Sequence,
    /// All but the digest.
    signed: &'a [u8; TRAILER - DIGEST],
    digest: &'a [u8; DIGEST],
}

impl<'a> Trailer<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Discard> {
        let (signed, digest) = bytes.split_first_chunk().ok_or(Discard::Length)?;
        let digest = <&[u8; DIGEST]>::try_from(digest).map_err(|_| Discard::Length)?;
        let &[
            kind,
            key,
            reserved0,
            reserved1,
            s0,
            s1,
            s2,
            s3,
            f0,
            f1,
            c0,
            c1,
        ] = signed;
        if (kind, reserved0, reserved1) != (KIND, 0, 0) {
            return Err(Discard::Trailer);
        }
        let sequence = Sequence(u64::from_be_bytes([s0, s1, s2, s3, f0, f1, c0, c1]));
        Ok(Self {
            key,
            sequence,
            signed,
            digest,
        })
    }
}

/// Keys that are ready to sign and verify one instance's packets.
#[derive(Clone)]
pub(super) struct Signer {
    keys: Vec<(u8, hmac::Hmac<Sha256>)>,
    version: u8,
    virtual_router_id: u8,
}

impl Signer {
    pub(super) fn new(hmac: &Hmac, version: Version, virtual_router_id: VirtualRouterId) -> Self {
        let ready = |key: &Key| {
            let state = hmac::Hmac::<Sha256>::new_from_slice(key.secret()).ok()?;
            Some((key.id(), state))
        };
        Self {
            keys: hmac.keys.iter().filter_map(ready).collect(),
            version: version.number(),
            virtual_router_id: virtual_router_id.get(),
        }
    }

    /// The trailer for a message, or `None` without a key.
    pub(super) fn sign(
        &self,
        source: IpAddr,
        message: &Message<'_>,
        sequence: Sequence,
    ) -> Option<[u8; TRAILER]> {
        let (id, _) = self.keys.first()?;
        let [s0, s1, s2, s3, f0, f1, c0, c1] = sequence.0.to_be_bytes();
        let signed = [KIND, *id, 0, 0, s0, s1, s2, s3, f0, f1, c0, c1];
        let digest = self
            .digest(*id, source, message, &signed)?
            .finalize()
            .into_bytes();
        let mut trailer = [0; TRAILER];
        let bytes = signed.iter().chain(digest.iter().take(DIGEST));
        for (place, byte) in trailer.iter_mut().zip(bytes) {
            *place = *byte;
        }
        Some(trailer)
    }

    /// Whether one of the keys signed it.
    pub(super) fn verify(
        &self,
        source: IpAddr,
        message: &Message<'_>,
        trailer: &Trailer<'_>,
    ) -> Result<(), Discard> {
        self.digest(trailer.key, source, message, trailer.signed)
            .ok_or(Discard::UnknownKey)?
            .verify_truncated_left(trailer.digest)
            .map_err(|_| Discard::BadHmac)
    }

    fn digest(
        &self,
        key: u8,
        source: IpAddr,
        message: &Message<'_>,
        signed: &[u8],
    ) -> Option<hmac::Hmac<Sha256>> {
        let (_, state) = self.keys.iter().find(|(id, _)| *id == key)?;
        let mut state = state.clone();
        let family = if source.is_ipv6() { 6 } else { 4 };
        state.update(&[family, self.version, self.virtual_router_id, 0]);
        match source {
            IpAddr::V4(address) => {
                state.update(&address.octets());
                state.update(&[0; 12]);
            }
            IpAddr::V6(address) => state.update(&address.octets()),
        }
        let (before, after) = message.around_checksum();
        for part in [before, &[0, 0], after, signed, &[0; DIGEST]] {
            state.update(part);
        }
        Some(state)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<u8> = self.keys.iter().map(|(id, _)| *id).collect();
        f.debug_struct("Signer")
            .field("keys", &ids)
            .finish_non_exhaustive()
    }
}
