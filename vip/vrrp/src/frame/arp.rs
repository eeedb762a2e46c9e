//! ARP (RFC 826) for IPv4 on Ethernet.

use std::net::Ipv4Addr;

use super::{ETHERTYPE_ARP, Mac, body, header};

/// Ethernet, IPv4, and the lengths of their addresses: what ARP begins with here.
const KINDS: [u8; 6] = [0, 1, 8, 0, 6, 4];

const REQUEST: u16 = 1;
const REPLY: u16 = 2;

/// The two forms of a gratuitous ARP. Some neighbours heed the one, some the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// A question after oneself: what RFC 5227 recommends and keepalived sends.
    Request,
    /// An answer that nobody asked for.
    Reply,
}

/// Tells everybody that `owner` has the address.
pub(super) fn announcement(own: Mac, owner: Mac, address: Ipv4Addr, form: Form) -> Vec<u8> {
    let operation = match form {
        Form::Request => REQUEST,
        Form::Reply => REPLY,
    };
    let packet = Packet {
        operation,
        sender: (owner, address),
        target: (Mac::BROADCAST, address),
    };
    packet.broadcast(own)
}

/// Asks for the address without a claim to any.
pub(super) fn probe(own: Mac, address: Ipv4Addr) -> Vec<u8> {
    let packet = Packet {
        operation: REQUEST,
        sender: (own, Ipv4Addr::UNSPECIFIED),
        target: (Mac([0; 6]), address),
    };
    packet.broadcast(own)
}

/// Who tells `own` that it has the address.
pub(super) fn answer(frame: &[u8], own: Mac, address: Ipv4Addr) -> Option<Mac> {
    let (source, bytes) = body(frame, ETHERTYPE_ARP)?;
    let packet = Packet::parse(bytes)?;
    let (sender, claimed) = packet.sender;
    let answers = packet.operation == REPLY
        && claimed == address
        && packet.target.0 == own
        && sender == source
        && sender != own;
    answers.then_some(sender)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Packet {
    operation: u16,
    sender: (Mac, Ipv4Addr),
    target: (Mac, Ipv4Addr),
}

impl Packet {
    fn broadcast(&self, own: Mac) -> Vec<u8> {
        let mut frame = header(Mac::BROADCAST, own, ETHERTYPE_ARP);
        frame.extend_from_slice(&KINDS);
        frame.extend_from_slice(&self.operation.to_be_bytes());
        for (mac, address) in [self.sender, self.target] {
            frame.extend_from_slice(&mac.0);
            frame.extend_from_slice(&address.octets());
        }
        frame
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (kinds, rest) = bytes.split_first_chunk::<6>()?;
        let (operation, rest) = rest.split_first_chunk::<2>()?;
        let (sender_mac, rest) = rest.split_first_chunk::<6>()?;
        let (sender, rest) = rest.split_first_chunk::<4>()?;
        let (target_mac, rest) = rest.split_first_chunk::<6>()?;
        // What follows is Ethernet's padding.
        let target = rest.first_chunk::<4>()?;
        (*kinds == KINDS).then_some(Self {
            operation: u16::from_be_bytes(*operation),
            sender: (Mac(*sender_mac), Ipv4Addr::from(*sender)),
            target: (Mac(*target_mac), Ipv4Addr::from(*target)),
        })
    }
}
