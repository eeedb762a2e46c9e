mod memory;
mod methods;
mod model;
mod safe;

use std::net::Ipv4Addr;

use proptest::prelude::*;

use super::*;

/// Any instant will do; only differences count.
#[expect(clippy::disallowed_methods, reason = "a test is the outside")]
fn start() -> Instant {
    Instant::now()
}

const WINDOW: Duration = Duration::from_secs(30);
const SAFE: Profile = Profile::Safe { most_ejected: 50 };

fn server(weight: u32, backup: bool) -> Server {
    Server {
        weight: NonZeroU32::new(weight).unwrap(),
        max_fails: 3,
        fail_timeout: WINDOW,
        max_conns: None,
        slow_start: Duration::ZERO,
        backup,
        down: false,
    }
}

fn group(method: Method, profile: Profile, servers: impl IntoIterator<Item = Server>) -> Group {
    let mut group = Group::new(method, profile);
    let now = start();
    for (index, server) in servers.into_iter().enumerate() {
        let name = format!("10.0.0.{index}:80");
        group.insert(server, &name, &format!("t{index}"), now, true);
    }
    group
}

/// Seed §5.6: weight 2 primary, weight 1 backup.
fn seed(profile: Profile) -> Group {
    group(
        Method::RoundRobin,
        profile,
        [server(2, false), server(1, true)],
    )
}

fn ask(now: Instant, tried: &[usize]) -> Ask<'_> {
    Ask {
        now,
        tried,
        client: Ipv4Addr::LOCALHOST.into(),
        key: b"",
        sticky: None,
        random: 0,
    }
}

/// What the steps of a test need: requests that end at once.
trait Steps {
    fn pick_one(&mut self, now: Instant, tried: &[usize]) -> Option<usize>;
    fn fail(&mut self, index: usize, now: Instant) -> bool;
}

impl Steps for Group {
    fn pick_one(&mut self, now: Instant, tried: &[usize]) -> Option<usize> {
        let Pick::Server(lease) = self.pick(&ask(now, tried)) else {
            return None;
        };
        self.release(&lease);
        Some(lease.index)
    }

    /// A connection that was refused.
    fn fail(&mut self, index: usize, now: Instant) -> bool {
        let lease = Lease {
            index,
            trial: false,
        };
        self.handle_failure(&lease, now, None)
    }
}

fn thresholds() -> Thresholds {
    Thresholds {
        rise: NonZeroU32::new(2).unwrap(),
        fall: NonZeroU32::new(3).unwrap(),
    }
}

#[test]
fn u2_turns_are_smooth() {
    for profile in [Profile::Nginx, SAFE] {
        let servers = [server(5, false), server(1, false), server(1, false)];
        let mut group = group(Method::RoundRobin, profile, servers);
        let now = start();
        let turns: Vec<usize> = (0..7).filter_map(|_| group.pick_one(now, &[])).collect();
        assert_eq!(turns, [0, 0, 1, 0, 2, 0, 0]);
    }
}

#[test]
fn u5_backups_wait_for_the_primaries() {
    for profile in [Profile::Nginx, SAFE] {
        let mut group = seed(profile);
        let now = start();
        assert!((0..20).all(|_| group.pick_one(now, &[]) == Some(0)));
        assert_eq!(group.pick_one(now, &[0]), Some(1));
        assert_eq!(group.pick_one(now, &[0, 1]), None);
    }
}

#[test]
fn u1_failures_eject_for_fail_timeout() {
    for profile in [Profile::Nginx, SAFE] {
        let mut group = seed(profile);
        let now = start();
        assert!(!group.fail(0, now));
        assert!(!group.fail(0, now));
        assert!(group.fail(0, now), "the third failure takes it out");
        assert_eq!(group.standing(0, now), Standing::Ejected);
        assert_eq!(group.pick_one(now, &[]), Some(1));
        let later = now + WINDOW + Duration::from_millis(1);
        assert_eq!(group.pick_one(later, &[]), Some(0));
    }
}

/// The seed's servers when the first one's ejection is over, and the request that it is tried with.
fn on_trial(profile: Profile) -> (Group, Instant, Lease) {
    let mut group = seed(profile);
    let start = start();
    for _ in 0..3 {
        group.fail(0, start);
    }
    let later = start + WINDOW + Duration::from_millis(1);
    let Pick::Server(trial) = group.pick(&ask(later, &[])) else {
        panic!("nobody");
    };
    (group, later, trial)
}

#[test]
fn u3_one_request_is_the_probe_and_one_failure_ejects_again() {
    for profile in [Profile::Nginx, SAFE] {
        let (mut group, later, trial) = on_trial(profile);
        assert_eq!(trial.index, 0);
        assert_eq!(
            group.pick_one(later, &[]),
            Some(1),
            "while the trial is under way"
        );
        group.handle_failure(&trial, later, None);
        group.release(&trial);
        assert_eq!(group.pick_one(later, &[]), Some(1));
    }
}

#[test]
fn u3_a_success_in_the_new_window_clears_the_failures() {
    for profile in [Profile::Nginx, SAFE] {
        let (mut group, later, trial) = on_trial(profile);
        group.handle_success(&trial, later, Duration::ZERO);
        group.release(&trial);
        assert!((0..5).all(|_| group.pick_one(later, &[]) == Some(0)));
    }
}

#[test]
fn u3_sparse_errors_add_up_in_nginx_and_not_in_the_safe_profile() {
    let far = WINDOW + Duration::from_millis(1);
    let mut now = start();
    let (mut nginx, mut safe) = (seed(Profile::Nginx), seed(SAFE));
    for _ in 0..3 {
        now += far;
        nginx.fail(0, now);
        safe.fail(0, now);
    }
    assert_eq!(nginx.standing(0, now), Standing::Ejected);
    assert_eq!(safe.standing(0, now), Standing::Up);
}

#[test]
fn u4_a_single_server_is_never_ejected() {
    for profile in [Profile::Nginx, SAFE] {
        let mut group = group(Method::RoundRobin, profile, [server(1, false)]);
        let now = start();
        for _ in 0..10 {
            assert!(!group.fail(0, now));
            assert_eq!(group.pick_one(now, &[]), Some(0));
        }
        assert_eq!(group.standing(0, now), Standing::Up);
    }
}

#[test]
fn u7_nginx_answers_from_memory_when_all_are_out() {
    let mut group = seed(Profile::Nginx);
    let now = start();
    for index in [0, 1] {
        for _ in 0..3 {
            group.fail(index, now);
        }
    }
    assert_eq!(group.pick(&ask(now, &[])), Pick::Nobody);
}

#[test]
fn probes_take_a_server_out_and_back() {
    let mut group = seed(SAFE);
    let now = start();
    let outcomes =
        [false, false, false].map(|passed| group.handle_probe(0, passed, &thresholds(), now));
    assert_eq!(outcomes, [None, None, Some(Change::Down)]);
    assert_eq!(group.pick_one(now, &[]), Some(1));
    group.handle_probe(0, true, &thresholds(), now);
    assert_eq!(group.pick_one(now, &[]), Some(1));
    let outcome = group.handle_probe(0, true, &thresholds(), now);
    assert_eq!(outcome, Some(Change::Up));
    assert_eq!(group.pick_one(now, &[]), Some(0));
}

#[test]
fn probes_that_pass_end_an_ejection_but_only_those_after_the_last_failure() {
    let mut group = seed(SAFE);
    let now = start();
    for _ in 0..5 {
        group.handle_probe(0, true, &thresholds(), now);
    }
    for _ in 0..3 {
        group.fail(0, now);
    }
    group.handle_probe(0, true, &thresholds(), now);
    assert_eq!(group.standing(0, now), Standing::Ejected);
    group.fail(0, now);
    group.handle_probe(0, true, &thresholds(), now);
    assert_eq!(group.standing(0, now), Standing::Ejected);
    group.handle_probe(0, true, &thresholds(), now);
    assert_eq!(group.standing(0, now), Standing::Up);
    assert_eq!(group.pick_one(now, &[]), Some(0));
}

#[test]
fn what_is_known_of_a_server_outlives_new_settings() {
    let mut group = seed(SAFE);
    let now = start();
    for _ in 0..3 {
        group.fail(0, now);
    }
    group.set(0, server(7, false));
    assert_eq!(group.standing(0, now), Standing::Ejected);
    group.remove(1);
    assert_eq!(
        group.standing(0, now),
        Standing::Up,
        "a single server is never out"
    );
}

#[test]
fn a_slot_is_not_given_away_while_a_request_holds_it() {
    let mut group = seed(SAFE);
    let now = start();
    let Pick::Server(lease) = group.pick(&ask(now, &[])) else {
        panic!("nobody");
    };
    group.remove(lease.index);
    assert_eq!(group.insert(server(1, false), "a:1", "a", now, true), 2);
    group.release(&lease);
    assert_eq!(group.insert(server(1, false), "b:1", "b", now, true), 0);
}

#[test]
fn an_operator_can_drain_a_server() {
    let mut group = seed(SAFE);
    let now = start();
    group.command(0, Command::Drain);
    assert_eq!(group.pick_one(now, &[]), Some(1));
    let stays = Ask {
        sticky: Some("t0"),
        ..ask(now, &[])
    };
    let Pick::Server(lease) = group.pick(&stays) else {
        panic!("nobody");
    };
    assert_eq!(lease.index, 0);
    group.command(0, Command::Down);
    assert!(matches!(
        group.pick(&stays),
        Pick::Server(Lease { index: 1, .. })
    ));
}

proptest! {
    /// Over a whole round every server gets exactly its weight, whatever the weights are.
    #[test]
    fn weights_are_shares(weights in prop::collection::vec(1u32..10, 1..8), nginx: bool) {
        let profile = if nginx { Profile::Nginx } else { SAFE };
        let servers = weights.iter().map(|weight| server(*weight, false));
        let mut group = group(Method::RoundRobin, profile, servers);
        let now = start();
        let mut turns = vec![0; weights.len()];
        for _ in 0..weights.iter().sum::<u32>() {
            turns[group.pick_one(now, &[]).unwrap()] += 1;
        }
        prop_assert_eq!(turns, weights);
    }

    /// Whatever happens, under every method: a server is found as long as one is untried, never a
    /// tried one, never one that is out while another is in, and no backup while a primary is in.
    #[test]
    fn always_finds_the_best_there_is(
        steps in prop::collection::vec((0usize..4, 0u8..4, 0u64..40, any::<u64>()), 1..80),
        backups in prop::collection::vec(any::<bool>(), 4),
        method in 0usize..6,
    ) {
        let mut group = group(methods::ALL[method], SAFE, backups.iter().map(|backup| server(2, *backup)));
        let mut now = start();
        for (index, action, seconds, random) in steps {
            now += Duration::from_secs(seconds);
            let lease = Lease { index, trial: false };
            match action {
                0 => group.handle_success(&lease, now, Duration::from_millis(seconds)),
                1 => { group.fail(index, now); }
                2 => { group.handle_probe(index, seconds % 2 == 0, &thresholds(), now); }
                _ => {
                    let tried = [index];
                    let standings: Vec<Standing> =
                        (0..4).map(|peer| group.standing(peer, now)).collect();
                    let key = random.to_le_bytes();
                    let asked = Ask { key: &key, random, ..ask(now, &tried) };
                    let Pick::Server(lease) = group.pick(&asked) else {
                        panic!("nobody");
                    };
                    group.release(&lease);
                    let picked = lease.index;
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
