//! One packet for each cause.

use std::collections::BTreeSet;

use super::signatures::signed;
use super::*;

fn hear(terms: Terms, packet: &[u8]) -> Result<(), Discard> {
    Receiver::new(terms).hear(packet, WALL).map(drop)
}

/// A good packet of version 3 whose message was changed and summed again.
fn changed(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut message = bytes(V3_MULTICAST[0])[20..].to_vec();
    change(&mut message);
    summed(message)
}

fn summed(mut message: Vec<u8>) -> Vec<u8> {
    let (source, group) = (ip("10.77.0.1"), GROUP_V4.into());
    message[6..8].fill(0);
    let sum = Sum::pseudo_header(source, group, PROTOCOL, message.len()).add(&message);
    message[6..8].copy_from_slice(&sum.finish().to_be_bytes());
    packet(source, group, TTL, &message)
}

/// The same in version 2.
fn changed_v2(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut message = bytes(V2_PASS[0])[20..].to_vec();
    change(&mut message);
    message[6..8].fill(0);
    let sum = Sum::default().add(&message).finish();
    message[6..8].copy_from_slice(&sum.to_be_bytes());
    packet(ip("10.77.0.1"), GROUP_V4.into(), TTL, &message)
}

/// A good packet whose IP header was changed and summed again.
fn changed_header(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut packet = bytes(V3_MULTICAST[0]);
    change(&mut packet);
    packet[10..12].fill(0);
    let sum = Sum::default().add(&packet[..20]).finish();
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    packet
}

#[test]
fn the_ways_to_change_a_packet_keep_it_good() {
    assert_eq!(hear(terms(), &changed(|_| {})), Ok(()));
    assert_eq!(hear(v2_terms(), &changed_v2(|_| {})), Ok(()));
    assert_eq!(hear(terms(), &changed_header(|_| {})), Ok(()));
}

#[test]
fn ip_headers() {
    let good = bytes(V3_MULTICAST[0]);
    let mut bit = good.clone();
    bit[8] ^= 1;
    for (what, packet) in [
        ("nothing", Vec::new()),
        ("version 5", [0x55].to_vec()),
        ("short", good[..19].to_vec()),
        ("IHL of 4", changed_header(|packet| packet[0] = 0x44)),
        (
            "IHL beyond the end",
            changed_header(|packet| packet[0] = 0x4f),
        ),
        (
            "total length beyond the end",
            changed_header(|packet| packet[3] += 1),
        ),
        (
            "total length below the header",
            changed_header(|packet| packet[3] = 19),
        ),
        ("checksum", bit),
        ("other family", bytes(V3_IPV6[0])),
        ("short IPv6", bytes(V3_IPV6[0])[..39].to_vec()),
        ("cut IPv6", bytes(V3_IPV6[0])[..79].to_vec()),
    ] {
        assert_eq!(hear(terms(), &packet), Err(Discard::IpHeader), "{what}");
    }
}

#[test]
fn fragments() {
    for fragment in [0x2000_u16, 1, 0x1fff] {
        let packet = changed_header(|packet| {
            packet[6..8].copy_from_slice(&fragment.to_be_bytes());
        });
        assert_eq!(hear(terms(), &packet), Err(Discard::Fragment));
    }
    let whole = changed_header(|packet| packet[6] = 0x40);
    assert_eq!(hear(terms(), &whole), Ok(()), "don't fragment");
    let mut v6 = bytes(V3_IPV6[0]);
    v6[6] = 44;
    assert_eq!(hear(terms(), &v6), Err(Discard::Fragment));
}

/// A packet, who hears it, and what it is refused for.
type Case = (Discard, Terms, Vec<u8>);

fn carriage() -> Vec<Case> {
    let message = &bytes(V3_MULTICAST[0])[20..];
    let from = |source| packet(ip(source), GROUP_V4.into(), TTL, message);
    let to = |destination| packet(ip("10.77.0.1"), ip(destination), TTL, message);
    let stranger = packet(ip("10.77.0.3"), ip("10.77.0.2"), TTL, message);
    vec![
        (Discard::Protocol, terms(), changed_header(|p| p[9] = 17)),
        (Discard::Ttl, terms(), changed_header(|p| p[8] = 254)),
        (Discard::Destination, terms(), to("10.77.0.2")),
        (Discard::Destination, terms(), to("224.0.0.1")),
        (Discard::Destination, terms(), bytes(V3_UNICAST[0])),
        (
            Discard::Destination,
            unicast_terms(),
            bytes(V3_MULTICAST[0]),
        ),
        (Discard::Destination, unicast_terms(), to("255.255.255.255")),
        (Discard::Source, terms(), from("0.0.0.0")),
        (Discard::Source, terms(), from("224.0.0.18")),
        (Discard::Source, terms(), from("255.255.255.255")),
        (Discard::NotAPeer, unicast_terms(), stranger),
    ]
}

fn opening() -> Vec<Case> {
    let group = GROUP_V4.into();
    let message = &bytes(V3_MULTICAST[0])[20..];
    let cut = |length| packet(ip("10.77.0.1"), group, TTL, &message[..length]);
    let at = |terms| Terms {
        source: ip("10.77.0.1"),
        ..terms
    };
    vec![
        (Discard::Truncated, terms(), cut(0)),
        (Discard::Truncated, terms(), cut(1)),
        (Discard::Truncated, terms(), cut(7)),
        (Discard::UnknownVersion, terms(), changed(|m| m[0] = 0x41)),
        (Discard::MessageType, terms(), changed(|m| m[0] = 0x32)),
        (Discard::OtherVirtualRouter, terms(), changed(|m| m[1] = 52)),
        (
            Discard::OtherVirtualRouter,
            terms(),
            changed_v2(|m| m[1] = 52),
        ),
        (Discard::OtherVersion, terms(), bytes(V2_PASS[0])),
        (Discard::OtherVersion, v2_terms(), bytes(V3_MULTICAST[0])),
        (Discard::OwnSource, at(terms()), bytes(V3_MULTICAST[0])),
        (
            Discard::OwnSource,
            at(unicast_terms()),
            bytes(V3_UNICAST[0]),
        ),
    ]
}

fn contents() -> Vec<Case> {
    let none = Terms {
        auth: Auth::None,
        ..v2_terms()
    };
    let mut unsummed = bytes(V3_MULTICAST[0])[20..].to_vec();
    unsummed[6..8].fill(0);
    let unsummed = packet(ip("10.77.0.1"), GROUP_V4.into(), TTL, &unsummed);
    vec![
        (Discard::NoAddresses, terms(), changed(|m| m[3] = 0)),
        (Discard::Length, terms(), changed(|m| m[3] = 2)),
        (Discard::Length, terms(), changed(|m| m[3] = 255)),
        (
            Discard::Length,
            terms(),
            changed(|m| m.extend_from_slice(&[0; 4])),
        ),
        (
            Discard::Length,
            terms(),
            changed(|m| m.extend_from_slice(&[0; 29])),
        ),
        (Discard::Length, v2_terms(), changed_v2(|m| m.truncate(12))),
        (Discard::Checksum, terms(), unsummed),
        (Discard::AuthType, v2_terms(), changed_v2(|m| m[4] = 0)),
        (Discard::AuthType, v2_terms(), changed_v2(|m| m[4] = 2)),
        (Discard::AuthType, none, bytes(V2_PASS[0])),
        (Discard::Password, v2_terms(), changed_v2(|m| m[19] ^= 1)),
        (Discard::Password, v2_terms(), changed_v2(|m| m[12] ^= 1)),
        (Discard::ZeroInterval, terms(), changed(|m| m[5] = 0)),
        (Discard::ZeroInterval, v2_terms(), changed_v2(|m| m[5] = 0)),
        (
            Discard::IntervalMismatch,
            v2_terms(),
            changed_v2(|m| m[5] = 2),
        ),
        (Discard::IntervalTooLong, terms(), changed(|m| m[5] = 101)),
        (
            Discard::IntervalTooLong,
            terms(),
            changed(|m| m[4..6].fill(0xff)),
        ),
    ]
}

fn signatures() -> Vec<Case> {
    let terms = || signed(&[7], Rollout::Enforce);
    let other_key = signed(&[8], Rollout::Enforce);
    let good = || sent(&terms(), 1, WALL);
    let with = |at: usize, byte: u8| {
        let mut packet = good();
        packet[at] ^= byte;
        packet
    };
    vec![
        (Discard::UnexpectedTrailer, super::terms(), good()),
        (Discard::Trailer, terms(), with(32, 2)),
        (Discard::Trailer, terms(), with(34, 1)),
        (Discard::Trailer, terms(), with(35, 1)),
        (
            Discard::OutsideWindow,
            terms(),
            sent(&terms(), 1, before(6 * SECOND)),
        ),
        (Discard::UnknownKey, terms(), sent(&other_key, 1, WALL)),
        (Discard::BadHmac, terms(), with(59, 1)),
        (Discard::BadHmac, terms(), with(44, 0x80)),
        (Discard::Unauthenticated, terms(), bytes(V3_MULTICAST[0])),
    ]
}

#[test]
fn each_cause_is_told() {
    // These have tests of their own.
    let mut tested = BTreeSet::from([Discard::IpHeader, Discard::Fragment, Discard::Replay]);
    for (cause, terms, packet) in [carriage(), opening(), contents(), signatures()].concat() {
        assert_eq!(hear(terms, &packet), Err(cause), "{packet:02x?}");
        tested.insert(cause);
    }
    assert_eq!(tested, BTreeSet::from(Discard::ALL));
}

#[test]
fn the_longest_interval_allowed_is_heard() {
    assert_eq!(hear(terms(), &changed(|message| message[5] = 100)), Ok(()));
    // The four bits before it are reserved, and ignored.
    assert_eq!(hear(terms(), &changed(|message| message[4] = 0xf0)), Ok(()));
}

#[test]
fn labels_are_distinct_and_in_order() {
    let labels: BTreeSet<&str> = Discard::ALL.iter().map(|cause| cause.label()).collect();
    assert_eq!(labels.len(), Discard::ALL.len());
    assert!(Discard::ALL.is_sorted());
    for label in labels {
        assert!(
            label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        );
    }
}
