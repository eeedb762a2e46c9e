//! Choosing a server, lending it out and taking it back, for each method and by how many there are.

use std::hint::black_box;
use std::net::Ipv4Addr;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use benches::server;
use criterion::{BenchmarkId, Criterion};
use edge_core::balance::{Ask, Group, Lease, Method, Pick, Profile};

const COUNTS: [usize; 3] = [3, 200, 1000];

/// Requests that are under way all the while, so that methods that compare loads have some to compare.
const UNDER_WAY: usize = 64;

pub(crate) fn benches(criterion: &mut Criterion) {
    let hash = |consistent, percent| Method::Hash {
        consistent,
        load: NonZeroU32::new(percent),
    };
    let methods = [
        ("round robin", Method::RoundRobin),
        ("least_conn", Method::LeastConn),
        ("ip_hash", Method::IpHash),
        ("hash", hash(false, 0)),
        ("hash consistent", hash(true, 0)),
        ("hash consistent, load 125 %", hash(true, 125)),
        ("random two", Method::RandomTwo),
        ("peak EWMA", Method::PeakEwma),
    ];
    let mut group = criterion.benchmark_group("edge/choose a server");
    for (name, method) in methods {
        for count in COUNTS {
            let mut turns = Turns::new(method, count);
            (0..UNDER_WAY).for_each(|_| turns.take());
            assert!(turns.under_way.iter().all(Option::is_some), "{name}");
            group.bench_function(BenchmarkId::new(name, count), |bencher| {
                bencher.iter(|| turns.take());
            });
            assert!(
                turns.under_way.iter().all(Option::is_some),
                "{name}: nobody"
            );
        }
    }
    group.finish();
}

/// Requests of many clients, each of which takes the place of the one that has been under way longest.
struct Turns {
    servers: Group,
    under_way: [Option<Lease>; UNDER_WAY],
    number: usize,
    now: Instant,
}

impl Turns {
    fn new(method: Method, count: usize) -> Self {
        let now = Instant::now();
        let mut servers = Group::new(method, Profile::Safe { most_ejected: 50 });
        for index in 0..count {
            let name = format!("10.0.{}.{}:80", index / 250, index % 250);
            servers.insert(server(), &name, "", now, true);
        }
        Self {
            servers,
            under_way: [None; UNDER_WAY],
            number: 0,
            now,
        }
    }

    fn take(&mut self) {
        self.number += 1;
        // Fibonacci hashing: neighbours are far apart.
        let random = (self.number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let bytes = random.to_be_bytes();
        let [a, b, c, d, ..] = bytes;
        let ask = Ask {
            now: black_box(self.now),
            tried: &[],
            client: Ipv4Addr::new(a, b, c, d).into(),
            key: &bytes,
            sticky: None,
            random,
        };
        let Pick::Server(lease) = self.servers.pick(&ask) else {
            return;
        };
        let place = self.under_way.get_mut(self.number % UNDER_WAY);
        if let Some(before) = place.and_then(|place| place.replace(lease)) {
            self.servers
                .handle_success(&before, self.now, Duration::from_millis(3));
            self.servers.release(&before);
        }
    }
}
