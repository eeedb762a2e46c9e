use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use super::captured::{V2_NONE, V2_PASS, V3_IPV6, V3_MULTICAST, V3_OLD_UNICAST, V3_UNICAST};
use super::*;
use crate::checksum::Sum;

mod discards;
mod properties;
mod signatures;

pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const TENTH: Duration = Duration::from_millis(100);
/// 2023-11-14, for those who sign.
pub(super) const WALL: Duration = Duration::from_secs(1_700_000_000);

pub(super) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A moment before [`WALL`].
pub(super) fn before(span: Duration) -> Duration {
    WALL.checked_sub(span).unwrap()
}

pub(super) fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex
        .chars()
        .map(|digit| u8::try_from(digit.to_digit(16).unwrap()).unwrap())
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

/// What the other node, 10.77.0.2, speaks: version 3, multicast, 100 ms, as in [`V3_MULTICAST`].
pub(super) fn terms() -> Terms {
    Terms {
        version: Version::V3,
        virtual_router_id: VirtualRouterId::new(51).unwrap(),
        checksum: Checksum::PseudoHeader,
        auth: Auth::None,
        addresses: vec![ip("10.77.0.100")],
        mode: Mode::Multicast,
        source: ip("10.77.0.2"),
        max_accept_interval: SECOND,
        interval: TENTH,
    }
}

/// As [`terms`], in version 2 with the seed's password.
pub(super) fn v2_terms() -> Terms {
    Terms {
        version: Version::V2,
        auth: Auth::Pass(*b"your_kee"),
        interval: SECOND,
        ..terms()
    }
}

/// As [`terms`], in unicast with 10.77.0.1.
pub(super) fn unicast_terms() -> Terms {
    let mode = Mode::Unicast {
        peers: vec![ip("10.77.0.1")],
        minimum_ttl: TTL,
    };
    Terms { mode, ..terms() }
}

fn v6_terms() -> Terms {
    Terms {
        addresses: vec![ip("2001:db8::100"), ip("fe80::51")],
        source: ip("fe80::77:2"),
        ..terms()
    }
}

/// A packet as the kernel makes one of a message in IPv4.
pub(super) fn packet(source: IpAddr, destination: IpAddr, ttl: u8, message: &[u8]) -> Vec<u8> {
    let (IpAddr::V4(from), IpAddr::V4(to)) = (source, destination) else {
        let length = u16::try_from(message.len()).unwrap().to_be_bytes();
        let (IpAddr::V6(from), IpAddr::V6(to)) = (source, destination) else {
            panic!("two families");
        };
        let start = [0x60, 0, 0, 0, length[0], length[1], PROTOCOL, ttl];
        return [&start[..], &from.octets(), &to.octets(), message].concat();
    };
    let length = u16::try_from(20 + message.len()).unwrap().to_be_bytes();
    let start = [0x45, 0xc0, length[0], length[1], 0, 1, 0, 0, ttl, PROTOCOL];
    let addresses = [from.octets(), to.octets()].concat();
    let sum = Sum::default().add(&start).add(&addresses).finish();
    [&start[..], &sum.to_be_bytes(), &addresses, message].concat()
}

/// What the node with these terms, but at 10.77.0.1, sends.
pub(super) fn sent(terms: &Terms, priority: u8, wall: Duration) -> Vec<u8> {
    let (source, destination) = match terms.source {
        IpAddr::V4(_) if terms.mode == Mode::Multicast => (ip("10.77.0.1"), terms.group()),
        IpAddr::V4(_) => (ip("10.77.0.1"), ip("10.77.0.2")),
        IpAddr::V6(_) => (ip("fe80::ff:fe00:1"), terms.group()),
    };
    let message = Sender::new(terms).advert(priority, terms.interval, source, destination, wall);
    packet(source, destination, TTL, &message)
}

#[test]
fn keepalived_is_heard() {
    let captures = [
        (v2_terms(), V2_PASS, Dialect::V2),
        (terms(), V3_MULTICAST, Dialect::PseudoHeader),
        (unicast_terms(), V3_UNICAST, Dialect::PseudoHeader),
        (v6_terms(), V3_IPV6, Dialect::PseudoHeader),
    ];
    for (terms, packets, dialect) in captures {
        for (packet, priority) in packets.into_iter().zip([100, 0]) {
            let heard = Receiver::new(terms.clone()).hear(&bytes(packet), WALL);
            let expected = Heard {
                source: match terms.source {
                    IpAddr::V4(_) => ip("10.77.0.1"),
                    IpAddr::V6(_) => ip("fe80::ff:fe00:1"),
                },
                priority,
                interval: terms.interval,
                addresses_differ: false,
                dialect,
            };
            assert_eq!(heard, Ok(expected), "{packet}");
        }
    }
}

#[test]
fn what_is_sent_is_what_keepalived_sends() {
    let none = Terms {
        auth: Auth::None,
        addresses: vec![ip("10.77.0.100"), ip("10.77.0.101")],
        ..v2_terms()
    };
    let captures = [
        (v2_terms(), V2_PASS),
        (none, V2_NONE),
        (terms(), V3_MULTICAST),
        (unicast_terms(), V3_UNICAST),
        (v6_terms(), V3_IPV6),
    ];
    for (terms, packets) in captures {
        let header = if terms.source.is_ipv4() { 20 } else { 40 };
        for (packet, priority) in packets.into_iter().zip([100, 0]) {
            let ours = sent(&terms, priority, WALL);
            assert_eq!(ours[header..], bytes(packet)[header..], "{packet}");
        }
    }
}

#[test]
fn the_checksum_of_rfc_9568_is_sent_on_request_and_heard_always() {
    let strict = Terms {
        checksum: Checksum::Rfc9568,
        ..terms()
    };
    let heard = Receiver::new(terms()).hear(&sent(&strict, 100, WALL), WALL);
    assert_eq!(heard.unwrap().dialect, Dialect::Rfc9568);
    // 0x3133 + 0x6401 + 0x000a + 0x0a4d + 0x0064 = 0x9fef.
    assert_eq!(
        sent(&strict, 100, WALL)[26..28],
        (!0x9fef_u16).to_be_bytes()
    );
}

#[test]
fn the_checksum_of_keepalived_1_3_is_heard_and_sent() {
    let heard = Receiver::new(unicast_terms()).hear(&bytes(V3_OLD_UNICAST), WALL);
    assert_eq!(heard.unwrap().dialect, Dialect::OldUnicast);
    let old = Terms {
        checksum: Checksum::OldUnicast,
        ..unicast_terms()
    };
    assert_eq!(old.dialect(), Dialect::OldUnicast);
    assert_eq!(sent(&old, 100, WALL)[20..], bytes(V3_OLD_UNICAST)[20..]);
}

#[test]
fn padding_of_ethernet_is_no_part_of_the_packet() {
    let mut padded = bytes(V3_MULTICAST[0]);
    padded.resize(46, 0);
    assert!(Receiver::new(terms()).hear(&padded, WALL).is_ok());
}

#[test]
fn ip_options_are_skipped() {
    let plain = bytes(V3_MULTICAST[0]);
    let mut header = plain[..20].to_vec();
    header[0] = 0x46;
    header[3] += 4;
    header.extend_from_slice(&[0x94, 4, 0, 0]); // router alert
    header[10..12].fill(0);
    let sum = Sum::default().add(&header).finish();
    header[10..12].copy_from_slice(&sum.to_be_bytes());
    let packet = [&header[..], &plain[20..]].concat();
    assert!(Receiver::new(terms()).hear(&packet, WALL).is_ok());
}

#[test]
fn other_addresses_are_told_and_believed() {
    let differ = |addresses: &[&str]| {
        let addresses = addresses.iter().map(|address| ip(address)).collect();
        let theirs = Terms {
            addresses,
            ..terms()
        };
        let ours = Terms {
            addresses: vec![ip("10.77.0.100"), ip("10.77.0.101")],
            ..terms()
        };
        let heard = Receiver::new(ours).hear(&sent(&theirs, 100, WALL), WALL);
        heard.unwrap().addresses_differ
    };
    assert!(!differ(&["10.77.0.101", "10.77.0.100"]));
    assert!(differ(&["10.77.0.100"]));
    assert!(differ(&["10.77.0.100", "10.77.0.100"]));
    assert!(differ(&["10.77.0.100", "10.77.0.102"]));
    assert!(differ(&["10.77.0.100", "10.77.0.101", "10.77.0.102"]));
}

#[test]
fn no_more_addresses_are_sent_than_can_be_counted() {
    let addresses = (0..300_u32)
        .map(|n| Ipv4Addr::from_bits(n + 1).into())
        .collect();
    let many = Terms {
        addresses,
        ..terms()
    };
    assert_eq!(sent(&many, 1, WALL).len(), 20 + 8 + 255 * 4);
    let heard = Receiver::new(many.clone()).hear(&sent(&many, 1, WALL), WALL);
    assert!(!heard.unwrap().addresses_differ);
}

#[test]
fn a_router_on_the_way_has_to_be_allowed() {
    let distant = |ttl| {
        packet(
            ip("10.77.0.1"),
            ip("10.77.0.2"),
            ttl,
            &bytes(V3_UNICAST[0])[20..],
        )
    };
    let mode = Mode::Unicast {
        peers: vec![ip("10.77.0.1")],
        minimum_ttl: 254,
    };
    let routed = Terms { mode, ..terms() };
    let hear = |terms: Terms, ttl| Receiver::new(terms).hear(&distant(ttl), WALL).map(drop);
    assert_eq!(hear(unicast_terms(), 254), Err(Discard::Ttl));
    assert_eq!(hear(routed.clone(), 254), Ok(()));
    assert_eq!(hear(routed, 253), Err(Discard::Ttl));
}

#[test]
fn secrets_are_not_printed() {
    let hmac = Hmac {
        keys: vec![Key::new(7, b"a secret that nobody is to read!").unwrap()],
        rollout: Rollout::Enforce,
        window: 5 * SECOND,
    };
    for auth in [Auth::Pass(*b"your_kee"), Auth::Hmac(hmac)] {
        let terms = Terms { auth, ..v2_terms() };
        let sender = Sender::new(&terms);
        let all = format!("{terms:?} {:?}", Receiver::new(terms.clone()));
        for secret in [
            "your",
            "secret",
            &format!("{:?}", b"your_kee"),
            "97, 32, 115",
        ] {
            assert!(!all.contains(secret), "{all}");
            assert!(!format!("{sender:?}").contains(secret), "{sender:?}");
        }
    }
}
