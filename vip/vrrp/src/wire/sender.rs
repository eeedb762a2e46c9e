//! Writes advertisements.

use std::net::IpAddr;
use std::time::Duration;

use super::message::{Draft, Message};
use super::trailer::{Sequence, Signer};
use super::{Auth, Checksum, GROUP_V4, PROTOCOL, Rollout, Terms, Version, VirtualRouterId};
use crate::checksum::Sum;

/// Writes an instance's advertisements.
#[derive(Debug, Clone)]
pub struct Sender {
    version: Version,
    virtual_router_id: VirtualRouterId,
    checksum: Checksum,
    auth: Auth,
    addresses: Vec<IpAddr>,
    signing: Option<Signing>,
}

impl Sender {
    /// A sender that keeps to the terms.
    pub fn new(terms: &Terms) -> Self {
        let version = terms.version();
        let signing = match &terms.auth {
            Auth::Hmac(hmac) if hmac.rollout != Rollout::ReceiveOnly => Some(Signing {
                signer: Signer::new(hmac, version, terms.virtual_router_id),
                window: hmac.window,
                last: None,
            }),
            Auth::None | Auth::Pass(_) | Auth::Hmac(_) => None,
        };
        Self {
            version,
            virtual_router_id: terms.virtual_router_id,
            checksum: terms.checksum,
            auth: terms.auth.clone(),
            addresses: terms.advertised(),
            signing,
        }
    }

    /// An advertisement: what follows the IP header. Priority 0 says farewell. `wall` is the time since the
    /// Unix epoch, of which the trailer's sequence is made; that sequence grows with each call, also when
    /// the clock stands still or is set back, by up to the window.
    ///
    /// Version 2 counts whole seconds, of which `interval` is rounded up to one.
    pub fn advert(
        &mut self,
        priority: u8,
        interval: Duration,
        source: IpAddr,
        destination: IpAddr,
        wall: Duration,
    ) -> Vec<u8> {
        let v6 = source.is_ipv6();
        let draft = Draft {
            version: self.version,
            virtual_router_id: self.virtual_router_id.get(),
            priority,
            interval,
            addresses: &self.addresses,
            password: match self.auth {
                Auth::Pass(password) if self.version == Version::V2 => Some(password),
                Auth::None | Auth::Pass(_) | Auth::Hmac(_) => None,
            },
        };
        let named = match (self.version, self.checksum) {
            (Version::V3, Checksum::PseudoHeader) => Some(destination),
            (Version::V3, Checksum::OldUnicast) => Some(GROUP_V4.into()),
            (Version::V2, _) | (Version::V3, Checksum::Rfc9568) => None,
        };
        let named = if v6 { Some(destination) } else { named };
        let mut bytes = draft.write(|message| {
            let before = named.map_or_else(Sum::default, |named| {
                Sum::pseudo_header(source, named, PROTOCOL, message.len())
            });
            before.add(message).finish()
        });
        if let Some(signing) = &mut self.signing
            && let Some(trailer) = Message::parse(&bytes, self.version, v6)
                .ok()
                .and_then(|message| signing.sign(source, &message, wall))
        {
            bytes.extend_from_slice(&trailer);
        }
        bytes
    }
}

/// What signing remembers.
#[derive(Debug, Clone)]
struct Signing {
    signer: Signer,
    window: Duration,
    last: Option<Sequence>,
}

impl Signing {
    fn sign(
        &mut self,
        source: IpAddr,
        message: &Message<'_>,
        wall: Duration,
    ) -> Option<[u8; super::trailer::TRAILER]> {
        let sequence = match self.last {
            Some(last) => last.next(wall, self.window),
            None => Sequence::at(wall),
        };
        self.last = Some(sequence);
        self.signer.sign(source, message, sequence)
    }
}
