//! Frames of Ethernet by which neighbours learn, or are asked, who has an address.
//!
//! An announcement is sent when an address has come to this node. A *corrective* one is sent by the node
//! that gives an address up, about the one that has it: neighbours may have learnt the loser's claim last,
//! and the winner never knew that there was another one to speak against.

mod arp;
mod ndp;

pub use arp::Form;

use std::fmt;
use std::net::IpAddr;

/// A frame's kind: ARP (RFC 826).
const ETHERTYPE_ARP: u16 = 0x0806;

/// A frame's kind: IPv6 (RFC 2464).
const ETHERTYPE_IPV6: u16 = 0x86dd;

/// The address of a network card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, PartialOrd, Ord)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// All stations.
    pub const BROADCAST: Self = Self([0xff; 6]);
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, rest @ ..] = self.0;
        write!(f, "{first:02x}")?;
        rest.iter().try_for_each(|byte| write!(f, ":{byte:02x}"))
    }
}

/// Says that this node has the address: a gratuitous ARP in the given form (RFC 5227 section 3), or an
/// unsolicited neighbour advertisement (RFC 4861 section 7.2.6), for which the form means nothing.
pub fn announcement(own: Mac, address: IpAddr, form: Form) -> Vec<u8> {
    corrective(own, own, address, form)
}

/// Says that the node with `owner` has the address. Switches see that it comes from `own`, so that they do
/// not learn the owner at our port.
pub fn corrective(own: Mac, owner: Mac, address: IpAddr, form: Form) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => arp::announcement(own, owner, address, form),
        IpAddr::V6(address) => ndp::advertisement(own, owner, address),
    }
}

/// Asks who has the address, in the name of nobody, so that no neighbour takes the question for a claim: an
/// ARP probe (RFC 5227 section 2.1.1), or the neighbour solicitation of duplicate address detection
/// (RFC 4862 section 5.4.2).
pub fn probe(own: Mac, address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => arp::probe(own, address),
        IpAddr::V6(address) => ndp::solicitation(own, address),
    }
}

/// Who answers a [`probe`], if that is what this frame is. A corrective frame is none: who sends it is not
/// who has the address.
pub fn answer(frame: &[u8], own: Mac, address: IpAddr) -> Option<Mac> {
    match address {
        IpAddr::V4(address) => arp::answer(frame, own, address),
        IpAddr::V6(address) => ndp::answer(frame, own, address),
    }
}

/// The header of a frame.
fn header(destination: Mac, source: Mac, ethertype: u16) -> Vec<u8> {
    [&destination.0[..], &source.0, &ethertype.to_be_bytes()].concat()
}

/// Who sent a frame of this kind, and what is in it.
fn body(frame: &[u8], ethertype: u16) -> Option<(Mac, &[u8])> {
    let (_destination, rest) = frame.split_first_chunk::<6>()?;
    let (source, rest) = rest.split_first_chunk::<6>()?;
    let (kind, rest) = rest.split_first_chunk::<2>()?;
    (u16::from_be_bytes(*kind) == ethertype).then_some((Mac(*source), rest))
}

#[cfg(test)]
mod tests;
