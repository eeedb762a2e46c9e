//! What holds for any packet.

use proptest::collection::vec;
use proptest::prelude::*;

use super::signatures::signed;
use super::*;

fn arbitrary_terms() -> impl Strategy<Value = Terms> {
    let v4 = (vec(any::<u32>(), 1..9), any::<bool>(), any::<bool>()).prop_map(
        |(addresses, v2, unicast)| {
            let addresses = addresses
                .into_iter()
                .map(|bits| Ipv4Addr::from_bits(bits).into());
            let base = if unicast { unicast_terms() } else { terms() };
            let version = if v2 { Version::V2 } else { Version::V3 };
            Terms {
                addresses: addresses.collect(),
                version,
                ..base
            }
        },
    );
    let v6 = vec(any::<u128>(), 1..9).prop_map(|addresses| {
        let addresses = addresses
            .into_iter()
            .map(|bits| Ipv6Addr::from_bits(bits).into());
        Terms {
            addresses: addresses.collect(),
            ..v6_terms()
        }
    });
    let auth = prop_oneof![
        Just(Auth::None),
        any::<[u8; 8]>().prop_map(Auth::Pass),
        Just(signed(&[7, 8], Rollout::Permissive).auth),
        Just(signed(&[8], Rollout::Enforce).auth),
    ];
    let checksum = prop_oneof![Just(Checksum::PseudoHeader), Just(Checksum::Rfc9568)];
    let terms = prop_oneof![v4, v6];
    (terms, auth, checksum, 1_u8.., 1_u64..256).prop_map(
        |(terms, auth, checksum, router, interval)| Terms {
            auth,
            checksum,
            virtual_router_id: VirtualRouterId::new(router).unwrap(),
            interval: match terms.version() {
                Version::V2 => Duration::from_secs(interval),
                Version::V3 => Duration::from_millis(interval * 10),
            },
            max_accept_interval: 3 * SECOND,
            ..terms
        },
    )
}

proptest! {
    #[test]
    fn what_is_sent_is_heard(terms in arbitrary_terms(), priority in any::<u8>()) {
        let packet = sent(&terms, priority, WALL);
        let heard = Receiver::new(terms.clone()).hear(&packet, WALL).unwrap();
        prop_assert_eq!(heard.priority, priority);
        prop_assert_eq!(heard.interval, terms.interval);
        prop_assert!(!heard.addresses_differ);
    }

    #[test]
    fn arbitrary_bytes_harm_nothing(
        terms in arbitrary_terms(),
        packet in vec(any::<u8>(), 0..200),
    ) {
        prop_assert!(Receiver::new(terms).hear(&packet, WALL).is_err());
    }

    #[test]
    fn arbitrary_messages_harm_nothing(
        terms in arbitrary_terms(),
        start in prop_oneof![Just(0x21_u8), Just(0x31), any::<u8>()],
        message in vec(any::<u8>(), 0..100),
    ) {
        let whole = [&[start, terms.virtual_router_id.get()][..], &message].concat();
        let good = sent(&terms, 1, WALL);
        let header = if terms.source.is_ipv4() { 20 } else { 40 };
        let source = if header == 20 { ip("10.77.0.1") } else { ip("fe80::ff:fe00:1") };
        let destination = match terms.mode {
            Mode::Multicast => terms.group(),
            Mode::Unicast { .. } => ip("10.77.0.2"),
        };
        let mut receiver = Receiver::new(terms);
        let packet = packet(source, destination, TTL, &whole);
        // Whatever it says, the next good packet is heard.
        prop_assert!(receiver.hear(&packet, WALL).is_err());
        prop_assert!(receiver.hear(&good, WALL).is_ok());
    }

    #[test]
    fn a_cut_packet_is_refused(terms in arbitrary_terms(), cut in any::<prop::sample::Index>()) {
        let packet = sent(&terms, 100, WALL);
        let cut = cut.index(packet.len());
        prop_assert!(Receiver::new(terms).hear(&packet[..cut], WALL).is_err());
    }

    #[test]
    fn a_changed_bit_is_found(
        terms in arbitrary_terms(),
        at in any::<prop::sample::Index>(),
        bit in 0_u32..8,
    ) {
        let terms = Terms { auth: signed(&[7], Rollout::Enforce).auth, ..terms };
        let mut packet = sent(&terms, 100, WALL);
        let at = at.index(packet.len());
        // The class and label of an IPv6 packet are nobody's business: routers may change them.
        prop_assume!(terms.source.is_ipv4() || !(1..4).contains(&at) && (at, bit >> 2) != (0, 0));
        packet[at] ^= 1 << bit;
        prop_assert!(Receiver::new(terms).hear(&packet, WALL).is_err());
    }
}
