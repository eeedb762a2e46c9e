use std::time::{Duration, Instant};

use h2::Reason;

use super::{
    ACK, DATA, Frames, GOAWAY, HEADERS, PING, PREFACE, PRIORITY, RST_STREAM, Refused, SETTINGS,
    WINDOW_UPDATE,
};

const BUDGET: u64 = 1700;

fn frame(kind: u8, flags: u8, length: u8) -> Vec<u8> {
    let mut frame = vec![0, 0, length, kind, flags, 0, 0, 0, 1];
    frame.resize(9 + usize::from(length), 0);
    frame
}

/// A connection that has said its preface.
fn opened() -> (Frames, Instant) {
    let now = Instant::now();
    let mut frames = Frames::new(BUDGET, now);
    let preface = [&[b'x'; PREFACE][..], &frame(SETTINGS, 0, 6)].concat();
    assert_eq!(frames.read(&preface, now), Ok(()));
    (frames, now)
}

fn reason(kind: u8, flags: u8, length: u8) -> Option<Reason> {
    let (mut frames, now) = opened();
    let read = frames.read(&frame(kind, flags, length), now);
    read.err().map(|refused| refused.reason)
}

#[test]
fn lengths_that_cannot_be_end_the_connection() {
    for (kind, flags, length) in [
        (PRIORITY, 0, 4),
        (RST_STREAM, 0, 5),
        (SETTINGS, 0, 5),
        (SETTINGS, ACK, 6),
        (PING, 0, 7),
        (GOAWAY, 0, 7),
        (WINDOW_UPDATE, 0, 0),
    ] {
        let found = reason(kind, flags, length);
        assert_eq!(found, Some(Reason::FRAME_SIZE_ERROR), "{kind}");
    }
    for (kind, flags, length) in [
        (PING, ACK, 8),
        (SETTINGS, ACK, 0),
        (GOAWAY, 0, 20),
        (77, 0, 3),
    ] {
        assert_eq!(reason(kind, flags, length), None, "{kind}");
    }
}

#[test]
fn the_first_frame_is_settings() {
    let now = Instant::now();
    for (kind, flags) in [(PING, 0), (SETTINGS, ACK)] {
        let mut frames = Frames::new(BUDGET, now);
        let said = [&[b'x'; PREFACE][..], &frame(kind, flags, 8)].concat();
        let refused = frames.read(&said, now).unwrap_err();
        assert_eq!(refused.reason, Reason::PROTOCOL_ERROR);
    }
}

#[test]
fn what_comes_before_is_told_apart_however_it_is_cut() {
    let mut said = [frame(HEADERS, 0, 20), frame(DATA, 0, 30)].concat();
    let before = said.len();
    said.extend(frame(PING, 0, 9));
    for cut in 0..said.len() {
        let (mut frames, now) = opened();
        let (one, two) = said.split_at(cut);
        let first = frames.read(one, now);
        let (refused, at) = match first {
            Ok(()) => (frames.read(two, now).unwrap_err(), cut),
            Err(refused) => (refused, 0),
        };
        let expected = Refused {
            // A head whose beginning has passed cannot be taken back; h2 does nothing about it.
            before: before.saturating_sub(at),
            reason: Reason::FRAME_SIZE_ERROR,
        };
        assert_eq!(refused, expected, "{cut}");
    }
}

/// How many PINGs are endured, of `most`, each of which is answered.
fn pings(frames: &mut Frames, now: Instant, most: usize) -> usize {
    let ping = frame(PING, 0, 8);
    (0..most)
        .take_while(|_| {
            let passes = frames.read(&ping, now).is_ok();
            frames.sent(17);
            passes
        })
        .count()
}

#[test]
fn pings_have_a_bound_and_their_answers_earn_nothing() {
    let (mut frames, now) = opened();
    // The acknowledgement of SETTINGS earns nothing either.
    frames.sent(9);
    assert_eq!(pings(&mut frames, now, 1000), 99);
    // Time makes it good again: 1024 bytes.
    let (mut frames, now) = opened();
    frames.sent(9);
    assert_eq!(pings(&mut frames, now, 99), 99);
    let later = now + Duration::from_secs(1);
    assert_eq!(pings(&mut frames, later, 1000), 60);
}

#[test]
fn what_is_asked_and_answered_pays_for_what_is_said_about_it() {
    let (mut frames, now) = opened();
    // An answer of nothing but a head, and two updates of windows and a PING for it.
    let about = [
        frame(WINDOW_UPDATE, 0, 4),
        frame(WINDOW_UPDATE, 0, 4),
        frame(PING, 0, 8),
    ];
    for _ in 0..10_000 {
        frames.sent(9 + 17 + 2);
        assert_eq!(frames.read(&about.concat(), now), Ok(()));
    }
    // As do requests.
    for _ in 0..10_000 {
        assert_eq!(frames.read(&frame(HEADERS, 0, 10), now), Ok(()));
        assert_eq!(frames.read(&frame(PING, 0, 8), now), Ok(()));
    }
}
