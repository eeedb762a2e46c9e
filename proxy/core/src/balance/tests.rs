use proptest::prelude::*;

use super::*;

/// Any instant will do; only differences count.
#[expect(clippy::disallowed_methods, reason = "a test is the outside")]
fn start() -> Instant {
    Instant::now()
}

const WINDOW: Duration = Duration::from_secs(30);

fn server(weight: u32, backup: bool) -> Server {
    Server {
        weight: NonZeroU32::new(weight).unwrap(),
        max_fails: 3,
        fail_timeout: WINDOW,
        backup,
        down: false,
    }
}

/// Seed §5.6: weight 2 primary, weight 1 backup.
fn seed() -> Group {
    Group::new([server(2, false), server(1, true)])
}

fn thresholds() -> Thresholds {
    Thresholds {
        rise: NonZeroU32::new(2).unwrap(),
        fall: NonZeroU32::new(3).unwrap(),
    }
}

#[test]
fn u2_turns_are_smooth() {
    let mut group = Group::new([server(5, false), server(1, false), server(1, false)]);
    let now = start();
    let turns: Vec<usize> = (0..7).filter_map(|_| group.pick(now, &[])).collect();
    assert_eq!(turns, [0, 0, 1, 0, 2, 0, 0]);
}

#[test]
fn u5_backups_wait_for_the_primaries() {
    let mut group = seed();
    let now = start();
    assert!((0..20).all(|_| group.pick(now, &[]) == Some(0)));
    assert_eq!(group.pick(now, &[0]), Some(1));
    assert_eq!(group.pick(now, &[0, 1]), None);
}

#[test]
fn u1_failures_eject_for_fail_timeout() {
    let mut group = seed();
    let now = start();
    assert!(!group.handle_failure(0, now));
    assert!(!group.handle_failure(0, now));
    assert!(
        group.handle_failure(0, now),
        "the third failure takes it out"
    );
    assert_eq!(group.standing(0, now), Standing::Ejected);
    assert_eq!(group.pick(now, &[]), Some(1));
    assert_eq!(group.pick(now + WINDOW, &[]), Some(1));
    assert_eq!(
        group.pick(now + WINDOW + Duration::from_millis(1), &[]),
        Some(0)
    );
}

#[test]
fn u3_one_request_is_the_probe_and_one_failure_ejects_again() {
    let mut group = seed();
    let start = start();
    for _ in 0..3 {
        group.handle_failure(0, start);
    }
    let later = start + WINDOW + Duration::from_millis(1);
    assert_eq!(group.pick(later, &[]), Some(0));
    assert_eq!(
        group.pick(later, &[]),
        Some(1),
        "while the probe is under way"
    );
    assert!(!group.handle_failure(0, later), "it was out and stays out");
    assert_eq!(group.pick(later, &[]), Some(1));
}

#[test]
fn u3_a_success_in_the_new_window_clears_the_failures() {
    let mut group = seed();
    let start = start();
    for _ in 0..3 {
        group.handle_failure(0, start);
    }
    let later = start + WINDOW + Duration::from_millis(1);
    assert_eq!(group.pick(later, &[]), Some(0));
    group.handle_success(0);
    assert!((0..5).all(|_| group.pick(later, &[]) == Some(0)));
}

#[test]
fn u4_a_single_server_is_never_ejected() {
    let mut group = Group::new([server(1, false)]);
    let now = start();
    for _ in 0..10 {
        group.handle_failure(0, now);
        assert_eq!(group.pick(now, &[]), Some(0));
    }
}

#[test]
fn probes_take_a_server_out_and_back() {
    let mut group = seed();
    let now = start();
    let outcomes = [false, false, false].map(|passed| group.handle_probe(0, passed, &thresholds()));
    assert_eq!(outcomes, [None, None, Some(Change::Down)]);
    assert_eq!(group.pick(now, &[]), Some(1));
    group.handle_probe(0, true, &thresholds());
    assert_eq!(group.pick(now, &[]), Some(1));
    assert_eq!(group.handle_probe(0, true, &thresholds()), Some(Change::Up));
    assert_eq!(group.pick(now, &[]), Some(0));
}

#[test]
fn probes_that_pass_end_an_ejection_but_only_those_after_the_last_failure() {
    let mut group = seed();
    let now = start();
    for _ in 0..5 {
        group.handle_probe(0, true, &thresholds());
    }
    for _ in 0..3 {
        group.handle_failure(0, now);
    }
    group.handle_probe(0, true, &thresholds());
    assert_eq!(group.standing(0, now), Standing::Ejected);
    group.handle_failure(0, now);
    group.handle_probe(0, true, &thresholds());
    assert_eq!(group.standing(0, now), Standing::Ejected);
    group.handle_probe(0, true, &thresholds());
    assert_eq!(group.standing(0, now), Standing::Up);
    assert_eq!(group.pick(now, &[]), Some(0));
}

#[test]
fn when_all_are_out_they_are_asked_all_the_same() {
    let mut group = seed();
    let now = start();
    for index in [0, 1] {
        for _ in 0..3 {
            group.handle_failure(index, now);
        }
    }
    assert_eq!(
        group.pick(now, &[]),
        Some(0),
        "nginx would answer 502 from memory"
    );
    assert_eq!(group.pick(now, &[0]), Some(1));
}

#[test]
fn a_server_configured_down_is_never_asked() {
    let mut group = Group::new([Server {
        down: true,
        ..server(1, false)
    }]);
    assert_eq!(group.pick(start(), &[]), None);
}

#[test]
fn a_reload_keeps_what_is_known() {
    let mut old = seed();
    let now = start();
    for _ in 0..3 {
        old.handle_failure(0, now);
    }
    let mut new = Group::new([server(1, false), server(2, false), server(1, true)]);
    new.inherit(1, &old, 0);
    assert_eq!(new.standing(1, now), Standing::Ejected);
    assert_eq!(new.pick(now, &[]), Some(0));
}

proptest! {
    /// Over a whole round every server gets exactly its weight, whatever the weights are.
    #[test]
    fn weights_are_shares(weights in prop::collection::vec(1u32..10, 1..8)) {
        let mut group = Group::new(weights.iter().map(|weight| server(*weight, false)));
        let now = start();
        let mut turns = vec![0; weights.len()];
        for _ in 0..weights.iter().sum::<u32>() {
            turns[group.pick(now, &[]).unwrap()] += 1;
        }
        prop_assert_eq!(turns, weights);
    }

    /// Whatever happens: a server is found as long as one is untried, never a tried one, and never
    /// one that is out while another is in.
    #[test]
    fn always_finds_the_best_there_is(
        steps in prop::collection::vec((0usize..4, 0u8..4, 0u64..40), 1..80),
        backups in prop::collection::vec(any::<bool>(), 4),
    ) {
        let mut group = Group::new(backups.iter().map(|backup| server(2, *backup)));
        let mut now = start();
        for (index, action, seconds) in steps {
            now += Duration::from_secs(seconds);
            match action {
                0 => group.handle_success(index),
                1 => { group.handle_failure(index, now); }
                2 => { group.handle_probe(index, seconds % 2 == 0, &thresholds()); }
                _ => {
                    let tried = [index];
                    let standings: Vec<Standing> =
                        (0..4).map(|peer| group.standing(peer, now)).collect();
                    let picked = group.pick(now, &tried).unwrap();
                    prop_assert_ne!(picked, index);
                    let any_up = (0..4).any(|peer| peer != index && standings[peer] == Standing::Up);
                    prop_assert_eq!(standings[picked] == Standing::Up, any_up);
                    let any_primary = (0..4).any(|peer| {
                        peer != index && !backups[peer] && (standings[peer] == Standing::Up || !any_up)
                    });
                    prop_assert_eq!(!backups[picked], any_primary);
                }
            }
        }
    }
}
