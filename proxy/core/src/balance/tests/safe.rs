//! What the safe profile adds: failing open, the cap, and requests that are to blame themselves.

use super::*;

#[test]
fn u7_when_all_are_out_they_are_asked_all_the_same() {
    let mut group = seed(SAFE);
    let now = start();
    for index in [0, 1] {
        for _ in 0..3 {
            group.handle_probe(index, false, &thresholds(), now);
        }
    }
    assert_eq!(
        group.pick_one(now, &[]),
        Some(0),
        "nginx would answer 502 from memory"
    );
    assert_eq!(group.pick_one(now, &[0]), Some(1));
}

#[test]
fn failed_requests_alone_take_out_half_of_the_servers_at_most() {
    let servers = (0..5).map(|_| server(1, false));
    let mut group = group(Method::RoundRobin, SAFE, servers);
    let now = start();
    for index in 0..5 {
        for key in 0..10 {
            let lease = Lease {
                index,
                trial: false,
            };
            group.handle_failure(&lease, now, Some(key));
        }
    }
    let out = (0..5).filter(|index| group.standing(*index, now) == Standing::Ejected);
    assert_eq!(out.count(), 2);
}

/// U8: in nginx three requests for a URL that hangs take a server away from everybody.
#[test]
fn u8_one_thing_that_fails_counts_once_while_the_server_answers_others() {
    let mut group = seed(SAFE);
    let mut now = start();
    for _ in 0..1000 {
        now += Duration::from_millis(1);
        let lease = Lease {
            index: 0,
            trial: false,
        };
        group.handle_failure(&lease, now, Some(1));
        group.handle_success(&lease, now, Duration::ZERO);
    }
    assert_eq!(group.standing(0, now), Standing::Up);
    // But a server that answers nothing any more is out, even if all ask for the same.
    for _ in 0..3 {
        now += Duration::from_millis(1);
        let lease = Lease {
            index: 0,
            trial: false,
        };
        group.handle_failure(&lease, now, Some(2));
    }
    assert_eq!(group.standing(0, now), Standing::Ejected);
}

#[test]
fn a_trial_without_an_outcome_is_followed_by_another() {
    let mut group = seed(SAFE);
    let now = start();
    for _ in 0..3 {
        group.fail(0, now);
    }
    let later = now + WINDOW;
    let Pick::Server(trial) = group.pick(&ask(later, &[])) else {
        panic!("nobody");
    };
    group.release(&trial);
    assert_eq!(group.pick_one(later, &[]), Some(0));
}

proptest! {
    /// Out means: `max_fails` failures within `fail_timeout`, and for no longer than that from the
    /// last of them, unless a trial fails. The memory is bounded whatever happens.
    #[test]
    fn the_window_is_exact(gaps in prop::collection::vec(0u64..40_000, 1..60)) {
        let mut group = seed(SAFE);
        let mut now = start();
        let mut failures: Vec<Instant> = Vec::new();
        let mut out_until = now;
        for gap in gaps {
            now += Duration::from_millis(gap);
            if now < out_until {
                prop_assert_eq!(group.standing(0, now), Standing::Ejected);
                continue;
            }
            let Pick::Server(lease) = group.pick(&ask(now, &[])) else {
                panic!("nobody");
            };
            prop_assert_eq!(lease.index, 0);
            let trial = lease.trial;
            group.handle_failure(&lease, now, None);
            group.release(&lease);
            failures.push(now);
            let recent = failures.iter().filter(|at| now - **at <= WINDOW).count();
            let out = group.standing(0, now) == Standing::Ejected;
            prop_assert_eq!(out, trial || recent >= 3);
            if out {
                out_until = now + WINDOW;
                failures.clear();
            }
        }
    }
}
