//! Each method by itself.

use super::*;

pub(super) const ALL: [Method; 6] = [
    Method::RoundRobin,
    Method::LeastConn,
    Method::IpHash,
    Method::Hash {
        consistent: true,
        load: NonZeroU32::new(125),
    },
    Method::RandomTwo,
    Method::PeakEwma,
];

fn equal(method: Method, count: usize) -> Group {
    group(method, SAFE, (0..count).map(|_| server(1, false)))
}

fn lease(group: &mut Group, ask: &Ask<'_>) -> Lease {
    match group.pick(ask) {
        Pick::Server(lease) => lease,
        other @ (Pick::Busy | Pick::Nobody) => panic!("{other:?}"),
    }
}

#[test]
fn least_conn_weighs_requests_under_way() {
    let now = start();
    let servers = [server(3, false), server(1, false)];
    let mut group = group(Method::LeastConn, SAFE, servers);
    let leases: Vec<Lease> = (0..8).map(|_| lease(&mut group, &ask(now, &[]))).collect();
    assert_eq!((group.active(0), group.active(1)), (6, 2));
    for lease in leases.iter().filter(|lease| lease.index == 0) {
        group.release(lease);
    }
    assert_eq!(lease(&mut group, &ask(now, &[])).index, 0);
}

/// nginx 1.22 with three servers of weights 1, 2 and 1 behind `ip_hash`, asked from these addresses.
#[test]
fn u12_ip_hash_takes_three_bytes() {
    let now = start();
    let mut group = equal(Method::IpHash, 3);
    let mut at = |client: &str| {
        let asked = Ask {
            client: client.parse().unwrap(),
            ..ask(now, &[])
        };
        let lease = lease(&mut group, &asked);
        group.release(&lease);
        lease.index
    };
    assert_eq!(at("192.0.2.1"), at("192.0.2.200"));
    assert_eq!(at("::ffff:192.0.2.9"), at("192.0.2.1"));
    let spread: std::collections::BTreeSet<usize> =
        (0..50).map(|net| at(&format!("10.0.{net}.1"))).collect();
    assert_eq!(spread.len(), 3);
}

#[test]
fn u12_a_hashed_key_moves_only_when_its_server_is_out() {
    let now = start();
    for method in [
        Method::Hash {
            consistent: false,
            load: None,
        },
        Method::Hash {
            consistent: true,
            load: None,
        },
    ] {
        let mut group = equal(method, 4);
        let keys: Vec<String> = (0..200).map(|key| format!("/{key}")).collect();
        let mut map = || -> Vec<usize> {
            keys.iter()
                .map(|key| {
                    let asked = Ask {
                        key: key.as_bytes(),
                        ..ask(now, &[])
                    };
                    let lease = lease(&mut group, &asked);
                    group.release(&lease);
                    lease.index
                })
                .collect()
        };
        let before = map();
        assert_eq!(before, map());
        for _ in 0..3 {
            group.fail(2, now);
        }
        let mut after = Vec::new();
        for key in &keys {
            let asked = Ask {
                key: key.as_bytes(),
                ..ask(now, &[])
            };
            let lease = lease(&mut group, &asked);
            group.release(&lease);
            after.push(lease.index);
        }
        for (before, after) in before.iter().zip(&after) {
            assert!(if *before == 2 {
                *after != 2
            } else {
                after == before
            });
        }
    }
}

#[test]
fn a_removed_server_takes_only_its_keys_with_it() {
    let now = start();
    let consistent = Method::Hash {
        consistent: true,
        load: None,
    };
    let mut group = equal(consistent, 5);
    let map = |group: &mut Group| -> Vec<usize> {
        (0..500u32)
            .map(|key| {
                let key = key.to_string();
                let asked = Ask {
                    key: key.as_bytes(),
                    ..ask(now, &[])
                };
                let lease = lease(group, &asked);
                group.release(&lease);
                lease.index
            })
            .collect()
    };
    let before = map(&mut group);
    group.remove(3);
    let after = map(&mut group);
    let moved = before
        .iter()
        .zip(&after)
        .filter(|(one, other)| one != other);
    assert!(moved.clone().all(|(before, _)| *before == 3));
    let moved = moved.count();
    assert!((40..200).contains(&moved), "{moved} of 500 keys moved");
}

#[test]
fn bounded_load_moves_a_hot_key_on() {
    let now = start();
    let method = Method::Hash {
        consistent: true,
        load: NonZeroU32::new(125),
    };
    let mut group = equal(method, 4);
    let hot = Ask {
        key: b"/hot",
        ..ask(now, &[])
    };
    for _ in 0..100 {
        lease(&mut group, &hot);
    }
    let most = (0..4).map(|index| group.active(index)).max().unwrap();
    // ceil(1.25 * 100 / 4)
    assert!(most <= 32, "{most}");
}

#[test]
fn a_server_with_max_conns_takes_no_more() {
    let now = start();
    let limited = Server {
        max_conns: NonZeroU32::new(2),
        ..server(1, false)
    };
    let mut group = group(Method::RoundRobin, SAFE, [limited.clone(), limited]);
    let leases: Vec<Lease> = (0..4).map(|_| lease(&mut group, &ask(now, &[]))).collect();
    assert_eq!(group.pick(&ask(now, &[])), Pick::Busy);
    group.release(&leases[0]);
    assert_eq!(lease(&mut group, &ask(now, &[])).index, leases[0].index);
}

#[test]
fn slow_start_grows_the_share() {
    let now = start();
    let slow = Server {
        slow_start: Duration::from_secs(10),
        ..server(1, false)
    };
    let mut group = group(Method::RoundRobin, SAFE, [slow, server(1, false)]);
    for passed in [false, false, false, true, true] {
        group.handle_probe(0, passed, &thresholds(), now);
    }
    let mut turns = |seconds| {
        let now = now + Duration::from_secs(seconds);
        (0..110)
            .filter(|_| group.pick_one(now, &[]) == Some(0))
            .count()
    };
    assert_eq!(turns(0), 10);
    assert!((33..=40).contains(&turns(5)));
    assert_eq!(turns(10), 55);
}

#[test]
fn of_two_the_better_one_is_taken() {
    let now = start();
    for method in [Method::RandomTwo, Method::PeakEwma] {
        let mut group = equal(method, 3);
        for (index, millis) in [(0, 50), (1, 1), (2, 50)] {
            let lease = Lease {
                index,
                trial: false,
            };
            group.handle_success(&lease, now, Duration::from_millis(millis));
        }
        let mut counts = [0; 3];
        for draw in 0..90u64 {
            // All pairs of thirds.
            let (first, second) = (draw % 3, draw / 3 % 2);
            let random = first * 0x6000_0000 + ((second * 0x9000_0000) << 32);
            let asked = Ask {
                random,
                ..ask(now, &[])
            };
            let lease = lease(&mut group, &asked);
            counts[lease.index] += 1;
        }
        if method == Method::RandomTwo {
            assert_eq!(counts, [30; 3]);
        } else {
            assert!(counts[1] > counts[0] && counts[1] > counts[2], "{counts:?}");
        }
    }
}

proptest! {
    /// No method starves a server: with requests that end at once and keys that differ, each gets
    /// at least a third of its fair share.
    #[test]
    fn nobody_starves(method in 0usize..5, count in 2usize..6, seed in any::<u64>()) {
        let now = start();
        let mut group = equal(ALL[method], count);
        let mut counts = vec![0; count];
        let mut random = seed | 1;
        for _ in 0..1200 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let mixed = random ^ random >> 33;
            let key = mixed.to_le_bytes();
            let [a, b, c, d, ..] = key;
            let asked = Ask {
                key: &key,
                random: mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15),
                client: Ipv4Addr::new(a, b, c, d).into(),
                ..ask(now, &[])
            };
            let lease = lease(&mut group, &asked);
            group.release(&lease);
            counts[lease.index] += 1;
        }
        prop_assert!(counts.iter().all(|got| got * 3 * count >= 1200), "{counts:?}");
    }
}
