//! The trailer.

use super::*;

/// The bytes 0 to 31, and the next 32.
pub(in crate::wire) fn key(id: u8) -> Key {
    let first = if id == 7 { 0 } else { 32 };
    Key::new(id, &(first..first + 32).collect::<Vec<u8>>()).unwrap()
}

pub(in crate::wire) fn signed(keys: &[u8], rollout: Rollout) -> Terms {
    let hmac = Hmac {
        keys: keys.iter().map(|id| key(*id)).collect(),
        rollout,
        window: 5 * SECOND,
    };
    Terms {
        auth: Auth::Hmac(hmac),
        ..terms()
    }
}

fn enforcing() -> Terms {
    signed(&[7], Rollout::Enforce)
}

fn hear(receiver: &mut Receiver, packet: &[u8], wall: Duration) -> Result<u8, Discard> {
    receiver.hear(packet, wall).map(|heard| heard.priority)
}

/// Computed by Python:
///
/// ```python
/// message = bytes.fromhex("31336401000a75330a4d0064")
/// trailer = struct.pack(">BBHIHH", 1, 7, 0, 1700000000, 0x8000, 0)
/// pseudo = bytes([4, 3, 51, 0]) + bytes([10, 77, 0, 1]) + bytes(12)
/// signed = pseudo + message[:6] + bytes(2) + message[8:] + trailer + bytes(16)
/// hmac.new(bytes(range(32)), signed, hashlib.sha256).digest()[:16].hex()
/// ```
#[test]
fn the_trailer_is_the_drafts() {
    let packet = sent(&enforcing(), 100, WALL + Duration::from_millis(500));
    let expected = "31336401000a75330a4d0064\
                    010700006553f10080000000394befac0b536da3d03cf9d52c7591fb";
    assert_eq!(packet[20..], bytes(expected));
}

#[test]
fn a_signed_packet_is_heard_once() {
    let mut receiver = Receiver::new(enforcing());
    let packet = sent(&enforcing(), 100, WALL);
    assert_eq!(hear(&mut receiver, &packet, WALL), Ok(100));
    assert_eq!(hear(&mut receiver, &packet, WALL), Err(Discard::Replay));
    let later = sent(&enforcing(), 101, WALL + TENTH);
    assert_eq!(hear(&mut receiver, &later, WALL), Ok(101));
    assert_eq!(hear(&mut receiver, &packet, WALL), Err(Discard::Replay));
}

#[test]
fn a_sender_never_repeats_itself() {
    let terms = enforcing();
    let mut sender = Sender::new(&terms);
    let mut receiver = Receiver::new(terms.clone());
    let mut send = |wall| {
        let message = sender.advert(100, TENTH, ip("10.77.0.1"), terms.group(), wall);
        packet(ip("10.77.0.1"), terms.group(), TTL, &message)
    };
    // The clock stands still, is set back a little, and goes on.
    for wall in [
        WALL,
        WALL,
        before(2 * SECOND),
        before(TENTH),
        WALL,
        WALL + TENTH,
    ] {
        assert_eq!(hear(&mut receiver, &send(wall), WALL), Ok(100), "{wall:?}");
    }
    // It was wrong by an hour. Both clocks are set right, and the nodes hear each other at once.
    let right = before(3600 * SECOND);
    assert_eq!(hear(&mut receiver, &send(right), right), Ok(100));
    assert_eq!(hear(&mut receiver, &send(right), right), Ok(100));
}

#[test]
fn the_counter_carries_into_the_time() {
    let first = trailer::Sequence::at(WALL);
    let mut last = first;
    for _ in 0..70_000 {
        let next = last.next(WALL, 5 * SECOND);
        assert!(next.is_after(last) && next.is_after(first));
        last = next;
    }
}

#[test]
fn the_sequence_survives_2106() {
    let end = Duration::from_secs(1 << 32);
    let last = trailer::Sequence::at(Duration::from_millis((1 << 32) * 1000 - 100));
    let after = last.next(end, 5 * SECOND);
    assert!(after.is_after(last) && !last.is_after(after));
    assert!(last.is_within(5 * SECOND, end + SECOND));
}

#[test]
fn old_and_early_packets_are_refused() {
    for (wall, expected) in [
        (WALL + 5 * SECOND, Ok(100)),
        (WALL + 6 * SECOND, Err(Discard::OutsideWindow)),
        (before(5 * SECOND), Ok(100)),
        (before(6 * SECOND), Err(Discard::OutsideWindow)),
    ] {
        let mut receiver = Receiver::new(enforcing());
        let packet = sent(&enforcing(), 100, WALL);
        assert_eq!(hear(&mut receiver, &packet, wall), expected, "{wall:?}");
    }
}

#[test]
fn keys_are_changed_without_an_interruption() {
    let old = signed(&[7], Rollout::Enforce);
    let both = signed(&[7, 8], Rollout::Enforce);
    let turned = signed(&[8, 7], Rollout::Enforce);
    let new = signed(&[8], Rollout::Enforce);
    for pair in [[&old, &both], [&both, &turned], [&turned, &new]] {
        for (from, to) in [(pair[0], pair[1]), (pair[1], pair[0])] {
            let heard = hear(&mut Receiver::new(to.clone()), &sent(from, 9, WALL), WALL);
            assert_eq!(heard, Ok(9));
        }
    }
    let heard = hear(&mut Receiver::new(new), &sent(&old, 9, WALL), WALL);
    assert_eq!(heard, Err(Discard::UnknownKey));
}

#[test]
fn authentication_is_introduced_without_an_interruption() {
    let steps = [
        terms(),
        signed(&[7], Rollout::ReceiveOnly),
        signed(&[7], Rollout::Permissive),
        signed(&[7], Rollout::Enforce),
    ];
    for (from_step, from) in steps.iter().enumerate() {
        for (to_step, to) in steps.iter().enumerate() {
            let heard = hear(&mut Receiver::new(to.clone()), &sent(from, 9, WALL), WALL);
            let expected = match (from_step, to_step) {
                (2.., 0) => Err(Discard::UnexpectedTrailer),
                (..=1, 3) => Err(Discard::Unauthenticated),
                _ => Ok(9),
            };
            assert_eq!(heard, expected, "{from_step} to {to_step}");
        }
    }
}

#[test]
fn a_signature_is_good_for_its_sender_router_and_family_only() {
    let message = &sent(&enforcing(), 100, WALL)[20..];
    let moved = packet(ip("10.77.0.3"), enforcing().group(), TTL, message);
    // The checksum has the source in it; another way of summing would not.
    let strict = Terms {
        checksum: Checksum::Rfc9568,
        ..enforcing()
    };
    let summed = &sent(&strict, 100, WALL)[20..];
    let spoofed = packet(ip("10.77.0.3"), enforcing().group(), TTL, summed);
    let hear = |packet: &[u8]| hear(&mut Receiver::new(enforcing()), packet, WALL);
    assert_eq!(hear(&moved), Err(Discard::Checksum));
    assert_eq!(hear(&spoofed), Err(Discard::BadHmac));
}

#[test]
fn forged_packets_do_not_move_marks() {
    let mut receiver = Receiver::new(enforcing());
    // Packets with another secret under our key's number, and from the future of the window.
    let forged = Terms {
        auth: Auth::Hmac(Hmac {
            keys: vec![Key::new(7, &[9; 32]).unwrap()],
            rollout: Rollout::Enforce,
            window: 5 * SECOND,
        }),
        ..terms()
    };
    let forgery = sent(&forged, 254, WALL + 4 * SECOND);
    assert_eq!(hear(&mut receiver, &forgery, WALL), Err(Discard::BadHmac));
    let packet = sent(&enforcing(), 100, WALL);
    assert_eq!(hear(&mut receiver, &packet, WALL), Ok(100));
}

#[test]
fn four_senders_are_remembered_in_multicast() {
    let terms = enforcing();
    let mut receiver = Receiver::new(terms.clone());
    let from = |last: u8| {
        let source = Ipv4Addr::new(10, 77, 0, last).into();
        let message = Sender::new(&terms).advert(last, TENTH, source, terms.group(), WALL);
        packet(source, terms.group(), TTL, &message)
    };
    for last in [11, 12, 13, 14] {
        assert_eq!(hear(&mut receiver, &from(last), WALL), Ok(last));
    }
    for last in [11, 12, 13, 14] {
        assert_eq!(hear(&mut receiver, &from(last), WALL), Err(Discard::Replay));
    }
    // A fifth one takes the place of who has been silent longest.
    assert_eq!(hear(&mut receiver, &from(15), WALL), Ok(15));
    assert_eq!(hear(&mut receiver, &from(14), WALL), Err(Discard::Replay));
    assert_eq!(hear(&mut receiver, &from(11), WALL), Ok(11));
}

#[test]
fn keys_have_bounds() {
    assert_eq!(Key::new(0, &[0; 32]), Err(InvalidKey::Id));
    assert_eq!(Key::new(1, &[0; 31]), Err(InvalidKey::Length(31)));
    assert_eq!(Key::new(1, &[0; 65]), Err(InvalidKey::Length(65)));
    assert!(Key::new(255, &[0; 64]).is_ok());
    assert_eq!(Hmac::default_window(TENTH), 5 * SECOND);
    assert_eq!(Hmac::default_window(2 * SECOND), 6 * SECOND);
}
