//! Neighbour discovery (RFC 4861), as much as an address that moves needs of it.

use std::net::Ipv6Addr;

use super::{ETHERTYPE_IPV6, Mac, body, header};
use crate::checksum::Sum;

/// IPv6's next header of `ICMPv6`.
const ICMPV6: u8 = 58;

const SOLICITATION: u8 = 135;
const ADVERTISEMENT: u8 = 136;

/// Anything less has passed a router, and is to be ignored.
const HOP_LIMIT: u8 = 255;

/// Override: what neighbours have in their tables is to be replaced. It is not solicited, and it is not a
/// router's: a virtual address is no default gateway here.
const OVERRIDE: u8 = 0x20;

/// The option with the card's address of whom the message is about, one unit of eight bytes.
const TARGET_LINK_LAYER: [u8; 2] = [2, 1];

const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// Tells everybody that `owner` has the address.
pub(super) fn advertisement(own: Mac, owner: Mac, address: Ipv6Addr) -> Vec<u8> {
    let opening = [ADVERTISEMENT, 0, 0, 0, OVERRIDE, 0, 0, 0];
    let option = [&TARGET_LINK_LAYER[..], &owner.0].concat();
    packet(
        own,
        address,
        ALL_NODES,
        opening,
        &[&address.octets(), &option],
    )
}

/// Asks for the address as duplicate address detection does.
pub(super) fn solicitation(own: Mac, address: Ipv6Addr) -> Vec<u8> {
    let opening = [SOLICITATION, 0, 0, 0, 0, 0, 0, 0];
    let octets = [&address.octets()[..]];
    packet(
        own,
        Ipv6Addr::UNSPECIFIED,
        solicited_node(address),
        opening,
        &octets,
    )
}

/// Who says that it has the address. Answers to a question by nobody go to everybody, so they cannot be told
/// from announcements; either says that somebody is there.
pub(super) fn answer(frame: &[u8], own: Mac, address: Ipv6Addr) -> Option<Mac> {
    let (sender, bytes) = body(frame, ETHERTYPE_IPV6)?;
    let (&[first, _, _, _, length0, length1, ICMPV6, HOP_LIMIT], rest) =
        bytes.split_first_chunk::<8>()?
    else {
        return None;
    };
    if first >> 4 != 6 {
        return None;
    }
    let (source, rest) = rest.split_first_chunk::<16>()?;
    let (destination, rest) = rest.split_first_chunk::<16>()?;
    let message = rest.get(..usize::from(u16::from_be_bytes([length0, length1])))?;
    let (source, destination) = (Ipv6Addr::from(*source), Ipv6Addr::from(*destination));
    let sum = Sum::pseudo_header(source.into(), destination.into(), ICMPV6, message.len());
    let (&[ADVERTISEMENT, 0, ..], rest) = message.split_first_chunk::<8>()? else {
        return None;
    };
    let (target, options) = rest.split_first_chunk::<16>()?;
    let owner = target_link_layer(options).unwrap_or(sender);
    let answers = sum.add(message).finish() == 0
        && Ipv6Addr::from(*target) == address
        && owner == sender
        && owner != own;
    answers.then_some(owner)
}

/// The card's address among the options.
fn target_link_layer(mut options: &[u8]) -> Option<Mac> {
    while let Some(&[_, units]) = options.first_chunk() {
        // An option without a length is nonsense, and so is what follows (RFC 4861 section 4.6).
        let (option, rest) = options.split_at_checked(usize::from(units) * 8)?;
        let (kind, mac) = option.split_first_chunk::<2>()?;
        if *kind == TARGET_LINK_LAYER {
            return mac.first_chunk().copied().map(Mac);
        }
        options = rest;
    }
    None
}

/// A packet of `ICMPv6` to a group. `opening` is the message's first eight bytes, with a checksum of zero.
fn packet(
    own: Mac,
    source: Ipv6Addr,
    group: Ipv6Addr,
    opening: [u8; 8],
    rest: &[&[u8]],
) -> Vec<u8> {
    let [kind, code, _, _, flags @ ..] = opening;
    let rest = rest.concat();
    let length = opening.len() + rest.len();
    let checksum = Sum::pseudo_header(source.into(), group.into(), ICMPV6, length)
        .add(&opening)
        .add(&rest)
        .finish()
        .to_be_bytes();
    let mut frame = header(group_mac(group), own, ETHERTYPE_IPV6);
    frame.extend_from_slice(&[0x60, 0, 0, 0]);
    frame.extend_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
    frame.extend_from_slice(&[ICMPV6, HOP_LIMIT]);
    frame.extend_from_slice(&source.octets());
    frame.extend_from_slice(&group.octets());
    frame.extend_from_slice(&[kind, code]);
    frame.extend_from_slice(&checksum);
    frame.extend_from_slice(&flags);
    frame.extend_from_slice(&rest);
    frame
}

/// The group of all addresses that end like this one (RFC 4291 section 2.7.1).
fn solicited_node(address: Ipv6Addr) -> Ipv6Addr {
    let [.., x, y, z] = address.octets();
    let last = u16::from_be_bytes([y, z]);
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | u16::from(x), last)
}

/// Where a group is sent to on Ethernet (RFC 2464 section 7).
fn group_mac(group: Ipv6Addr) -> Mac {
    let [.., a, b, c, d] = group.octets();
    Mac([0x33, 0x33, a, b, c, d])
}
