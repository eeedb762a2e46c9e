use std::net::{IpAddr, Ipv6Addr};

use proptest::prelude::*;

use super::*;

const OWN: Mac = Mac([2, 0, 0, 0, 0, 1]);
const PEER: Mac = Mac([2, 0, 0, 0, 0, 2]);

fn hex(frame: &[u8]) -> String {
    let pairs: Vec<String> = frame.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.concat()
}

fn v4() -> IpAddr {
    "10.77.0.100".parse().unwrap()
}

fn v6() -> IpAddr {
    "2001:db8::100".parse().unwrap()
}

/// What keepalived 2.2.7 sent from this card: tests/capture.sh.
#[test]
fn announcements_are_those_of_keepalived() {
    assert_eq!(
        hex(&announcement(OWN, v4(), Form::Request)),
        "ffffffffffff020000000001080600010800060400010200000000010a4d0064ffffffffffff0a4d0064"
    );
    assert_eq!(
        hex(&announcement(OWN, v6(), Form::Request)),
        "33330000000102000000000186dd6000000000203aff20010db8000000000000000000000100ff02000000000000\
         00000000000000018800f72c2000000020010db80000000000000000000001000201020000000001"
    );
}

#[test]
fn a_reply_differs_in_its_operation_only() {
    let request = announcement(OWN, v4(), Form::Request);
    let reply = announcement(OWN, v4(), Form::Reply);
    let differences = request.iter().zip(&reply).filter(|(a, b)| a != b).count();
    assert_eq!((request.len(), reply.len(), differences), (42, 42, 1));
    assert_eq!(reply[20..22], [0, 2]);
}

#[test]
fn a_correction_comes_from_us_and_is_about_the_other() {
    for (address, owner_at) in [(v4(), 22), (v6(), 80)] {
        let frame = corrective(OWN, PEER, address, Form::Request);
        assert_eq!(frame[6..12], OWN.0, "{address}");
        assert_eq!(frame[owner_at..owner_at + 6], PEER.0, "{address}");
        let announced = announcement(PEER, address, Form::Request);
        assert_eq!(answer(&frame, Mac([9; 6]), address), None, "{address}");
        assert_eq!(frame.len(), announced.len());
    }
}

#[test]
fn a_probe_claims_nothing() {
    assert_eq!(
        hex(&probe(OWN, v4())),
        "ffffffffffff0200000000010806000108000604000102000000000100000000\
         0000000000000a4d0064"
    );
    let frame = probe(OWN, v6());
    // To 33:33:ff:00:01:00, from ::, hop limit 255, to ff02::1:ff00:100, a solicitation.
    assert_eq!(frame[..6], [0x33, 0x33, 0xff, 0, 1, 0]);
    assert_eq!(frame[22..38], [0; 16]);
    assert_eq!((frame[20], frame[21]), (58, 255));
    let group: Ipv6Addr = "ff02::1:ff00:100".parse().unwrap();
    assert_eq!((&frame[38..54], frame[54]), (&group.octets()[..], 135));
}

/// The kernel's answer to [`probe`], as an owner with [`PEER`]'s card gives it.
fn arp_reply() -> Vec<u8> {
    [
        &OWN.0[..],
        &PEER.0,
        &[8, 6, 0, 1, 8, 0, 6, 4, 0, 2],
        &PEER.0,
        &[10, 77, 0, 100],
        &OWN.0,
        &[0, 0, 0, 0],
        &[0; 18],
    ]
    .concat()
}

#[test]
fn an_arp_reply_answers_a_probe() {
    let reply = arp_reply();
    assert_eq!(answer(&reply, OWN, v4()), Some(PEER));
    assert_eq!(answer(&reply, OWN, "10.77.0.101".parse().unwrap()), None);
    assert_eq!(answer(&reply, PEER, v4()), None, "to somebody else");
    assert_eq!(answer(&probe(PEER, v4()), OWN, v4()), None, "a question");
    for form in [Form::Request, Form::Reply] {
        assert_eq!(answer(&announcement(PEER, v4(), form), OWN, v4()), None);
    }
}

#[test]
fn a_neighbour_advertisement_answers_a_solicitation() {
    let mut frame = announcement(PEER, v6(), Form::Request);
    assert_eq!(answer(&frame, OWN, v6()), Some(PEER));
    assert_eq!(answer(&frame, PEER, v6()), None, "our own");
    assert_eq!(answer(&frame, OWN, "2001:db8::101".parse().unwrap()), None);
    frame[21] = 254;
    assert_eq!(answer(&frame, OWN, v6()), None, "has passed a router");
}

proptest! {
    #[test]
    fn arbitrary_bytes_answer_nothing_and_harm_nothing(
        frame in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        prop_assert_eq!(answer(&frame, OWN, v4()), None);
        prop_assert_eq!(answer(&frame, OWN, v6()), None);
    }

    #[test]
    fn a_cut_or_changed_frame_names_nobody_else(
        at in 0_usize..86, cut in 0_usize..90, bits in 1_u8..,
    ) {
        for (mut frame, address) in
            [(arp_reply(), v4()), (announcement(PEER, v6(), Form::Request), v6())]
        {
            if let Some(byte) = frame.get_mut(at) {
                *byte ^= bits;
            }
            frame.truncate(cut);
            // The card that it names has to be the one that sent it.
            if let Some(owner) = answer(&frame, OWN, address) {
                prop_assert_eq!(&frame[6..12], &owner.0);
            }
        }
    }
}
