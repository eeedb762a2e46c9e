//! What a process that takes over knows of the servers.

use super::*;

/// What happens to the servers of one process, and how long after the last event.
#[derive(Debug, Clone)]
enum Event {
    Failed(usize),
    Succeeded(usize),
    Probed(usize, bool),
}

fn events() -> impl Strategy<Value = Vec<(Event, u64)>> {
    let event = prop_oneof![
        (0usize..3).prop_map(Event::Failed),
        (0usize..3).prop_map(Event::Succeeded),
        (0usize..3, any::<bool>()).prop_map(|(index, passed)| Event::Probed(index, passed)),
    ];
    prop::collection::vec((event, 0u64..20_000), 0..40)
}

fn three(profile: Profile) -> Group {
    let servers = (0..3).map(|_| Server {
        slow_start: Duration::from_secs(20),
        ..server(4, false)
    });
    group(Method::PeakEwma, profile, servers)
}

fn live_through(group: &mut Group, events: &[(Event, u64)], mut now: Instant) -> Instant {
    for (event, later) in events {
        now += Duration::from_millis(*later);
        match event {
            Event::Failed(index) => {
                group.fail(*index, now);
            }
            Event::Succeeded(index) => {
                let lease = Lease {
                    index: *index,
                    trial: false,
                };
                group.handle_success(&lease, now, Duration::from_millis(*later));
            }
            Event::Probed(index, passed) => {
                group.handle_probe(*index, *passed, &thresholds(), now);
            }
        }
    }
    now
}

proptest! {
    /// Whatever has happened, the next process knows the same, and goes on in the same way.
    #[test]
    fn what_was_known_is_known(before in events(), after in events(), safe in any::<bool>()) {
        let profile = if safe { SAFE } else { Profile::Nginx };
        let mut old = three(profile);
        let now = live_through(&mut old, &before, start());
        let mut new = three(profile);
        for index in 0..3 {
            let memory = old.memory(index, now).unwrap();
            let written = toml::to_string(&memory).unwrap();
            let read: Memory = toml::from_str(&written).unwrap();
            prop_assert_eq!(&read, &memory);
            new.recall(index, &read, true, now);
            prop_assert_eq!(new.memory(index, now).unwrap(), memory);
        }
        let later = live_through(&mut old, &after, now);
        live_through(&mut new, &after, now);
        for index in 0..3 {
            prop_assert_eq!(new.standing(index, later), old.standing(index, later));
        }
    }
}

#[test]
fn a_verdict_without_probes_and_an_ejection_of_a_single_server_are_forgotten() {
    let mut old = three(SAFE);
    let thresholds = Thresholds {
        rise: NonZeroU32::MIN,
        fall: NonZeroU32::MIN,
    };
    let now = start();
    old.handle_probe(0, false, &thresholds, now);
    let memory = old.memory(0, now).unwrap();
    let mut new = three(SAFE);
    new.recall(0, &memory, false, now);
    assert_eq!(new.standing(0, now), Standing::Up);
    for _ in 0..3 {
        old.fail(1, now);
    }
    assert_eq!(old.standing(1, now), Standing::Ejected);
    let memory = old.memory(1, now).unwrap();
    let mut alone = group(Method::RoundRobin, SAFE, [server(1, false)]);
    alone.recall(0, &memory, true, now);
    assert_eq!(alone.standing(0, now), Standing::Up);
    assert!(new.memory(7, now).is_none());
}
