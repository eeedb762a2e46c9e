use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{BadRate, Burst, Rate, Table, Verdict};

const KEY: u128 = 7;

fn rate(text: &str) -> Rate {
    text.parse().unwrap()
}

#[expect(clippy::disallowed_methods, reason = "any moment will do")]
fn start() -> Instant {
    Instant::now()
}

fn table(rate: Rate, most: usize) -> (Table, Instant) {
    let now = start();
    (Table::new(rate, NonZeroUsize::new(most).unwrap(), now), now)
}

fn burst(size: u32, at_once: u32) -> Burst {
    Burst { size, at_once }
}

/// Judges and takes, as whoever has one limit does.
fn ask(table: &mut Table, key: u128, burst: Burst, now: Instant) -> Verdict {
    let verdict = table.judge(key, burst, now);
    if !matches!(verdict, Verdict::Refuse(_)) {
        table.take(key, now);
    }
    verdict
}

#[test]
fn rates_are_written_as_people_and_nginx_write_them() {
    for (text, interval) in [
        ("10/s", 100_000_000),
        ("10r/s", 100_000_000),
        ("30/m", 2_000_000_000),
        ("1/h", 3_600_000_000_000),
        ("3/s", 333_333_334),
    ] {
        assert_eq!(rate(text), Rate { interval }, "{text}");
    }
    for (text, error) in [
        ("", BadRate::Syntax),
        ("10", BadRate::Syntax),
        ("/s", BadRate::Syntax),
        ("+1/s", BadRate::Syntax),
        ("1/y", BadRate::Syntax),
        ("0/s", BadRate::Zero),
        ("2000000/s", BadRate::TooOften),
    ] {
        assert_eq!(text.parse::<Rate>(), Err(error), "{text}");
    }
}

/// The example of nginx's documentation: `burst=12 delay=8` at 5 in a second.
#[test]
fn delay_is_nginx_s() {
    let (mut table, now) = table(rate("5/s"), 10);
    let verdicts: Vec<_> = (0..14)
        .map(|_| ask(&mut table, KEY, burst(12, 8), now))
        .collect();
    assert!(verdicts[..9].iter().all(|one| *one == Verdict::Pass));
    for (index, verdict) in verdicts[9..13].iter().enumerate() {
        let delay = Duration::from_millis(200 * (index as u64 + 1));
        assert_eq!(*verdict, Verdict::Delay(delay));
    }
    assert_eq!(verdicts[13], Verdict::Refuse(Duration::from_millis(200)));
}

#[test]
fn another_rate_takes_over_what_was_counted() {
    let (mut table, now) = table(rate("1/s"), 10);
    let nodelay = burst(9, 9);
    for _ in 0..10 {
        ask(&mut table, KEY, nodelay, now);
    }
    table.retune(rate("10/s"), NonZeroUsize::MIN, now);
    let wait = Duration::from_millis(100);
    assert_eq!(ask(&mut table, KEY, nodelay, now), Verdict::Refuse(wait));
    assert_eq!(ask(&mut table, KEY, nodelay, now + wait), Verdict::Pass);
}

#[test]
fn the_stalest_is_forgotten() {
    let (mut table, now) = table(rate("1/m"), 3);
    let none = Burst::default();
    for key in [1, 2, 3] {
        assert_eq!(ask(&mut table, key, none, now), Verdict::Pass);
    }
    let refused = |table: &mut Table, key| {
        let verdict = ask(table, key, none, now);
        matches!(verdict, Verdict::Refuse(_))
    };
    // Who is refused is not forgotten either.
    assert!(refused(&mut table, 1));
    assert!(!refused(&mut table, 4));
    assert!(refused(&mut table, 1) && refused(&mut table, 3) && !refused(&mut table, 2));
    assert_eq!(table.len(), 3);
    // What says nothing any more is dropped before the table is full.
    let later = now + Duration::from_mins(1);
    assert_eq!(ask(&mut table, 5, none, later), Verdict::Pass);
    assert_eq!(table.len(), 2);
}

proptest! {
    /// Never more than `1 + burst + rate · t` in any window, however they come; and a request that
    /// is refused would have been one too many for some window that ends with it.
    #[test]
    fn as_many_pass_as_may(
        gaps in prop::collection::vec(0u64..400, 1..200),
        size in 0u32..6,
        share in 0u32..6,
    ) {
        let (mut table, start) = table(rate("10/s"), 10);
        let burst = burst(size, share.min(size));
        let interval = 100;
        let mut now = 0;
        let mut passed: Vec<u64> = Vec::new();
        let mut served: Vec<u64> = Vec::new();
        // Of requests that came at `times`, the last `count` within as many milliseconds.
        let allowed = |length: u64| u64::from(size) + 1 + length / interval;
        for gap in gaps {
            now += gap;
            let over = |passed: &[u64]| passed.iter().rev().zip(2u64..)
                .any(|(first, count)| count > allowed(now - first));
            match ask(&mut table, KEY, burst, start + Duration::from_millis(now)) {
                Verdict::Refuse(wait) => {
                    prop_assert!(over(&passed), "refused at {now}, after {passed:?}");
                    let now = start + Duration::from_millis(now);
                    let sooner = wait.saturating_sub(Duration::from_nanos(1));
                    let verdicts = [now + sooner, now + wait]
                        .map(|then| table.judge(KEY, burst, then));
                    let refused = verdicts.map(|one| matches!(one, Verdict::Refuse(_)));
                    prop_assert_eq!(refused, [true, false]);
                }
                verdict @ (Verdict::Pass | Verdict::Delay(_)) => {
                    prop_assert!(!over(&passed), "passed at {now}, after {passed:?}");
                    passed.push(now);
                    let delay = match verdict {
                        Verdict::Delay(delay) => u64::try_from(delay.as_millis()).unwrap(),
                        Verdict::Pass | Verdict::Refuse(_) => 0,
                    };
                    served.push(now + delay);
                }
            }
        }
        // What is served is bounded by what is served at once.
        for (first, time) in served.iter().enumerate() {
            for (last, end) in served.iter().enumerate().skip(first) {
                let most = u64::from(burst.at_once) + 1 + (end - time) / interval;
                prop_assert!((last - first + 1) as u64 <= most, "{served:?}");
            }
        }
    }

    /// However many keys there are, no more are remembered than may be.
    #[test]
    fn memory_is_bounded(keys in prop::collection::vec(0u128..50, 1..300), most in 1usize..20) {
        let (mut table, now) = table(rate("1/m"), most);
        for key in keys {
            ask(&mut table, key, Burst::default(), now);
            prop_assert!(table.len() <= most);
        }
    }
}
