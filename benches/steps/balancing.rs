//! Choosing a server, lending it out and taking it back.

use std::hint::black_box;
use std::net::Ipv4Addr;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use benches::server;
use edge_core::balance::{Ask, Group, Method, Pick, Profile};

pub(crate) fn round_robin(times: usize) {
    take(Method::RoundRobin, 3, times);
}

pub(crate) fn round_robin_of_many(times: usize) {
    take(Method::RoundRobin, 1000, times);
}

pub(crate) fn least_conn(times: usize) {
    take(Method::LeastConn, 200, times);
}

pub(crate) fn hash(times: usize) {
    let load = NonZeroU32::new(125);
    let consistent = true;
    take(Method::Hash { consistent, load }, 1000, times);
}

pub(crate) fn random_two(times: usize) {
    take(Method::RandomTwo, 1000, times);
}

fn take(method: Method, count: usize, times: usize) {
    let now = Instant::now();
    let mut servers = Group::new(method, Profile::Safe { most_ejected: 50 });
    for index in 0..count {
        servers.insert(server(), &format!("10.0.0.{index}:80"), "", now, true);
    }
    for number in 0..times {
        // Fibonacci hashing: neighbours are far apart.
        let random = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let ask = Ask {
            now: black_box(now),
            tried: &[],
            client: Ipv4Addr::LOCALHOST.into(),
            key: &random.to_be_bytes(),
            sticky: None,
            random,
        };
        if let Pick::Server(lease) = servers.pick(&ask) {
            servers.handle_success(&lease, now, Duration::from_millis(3));
            servers.release(&lease);
        }
    }
}
