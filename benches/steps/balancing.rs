//! Choosing a server, lending it out and taking it back.

use std::hint::black_box;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use benches::server;
use edge_core::balance::{Ask, Group, Method, Pick, Profile};

pub(crate) fn round_robin(times: usize) {
    take(Method::RoundRobin, 3, times);
}

pub(crate) fn least_conn(times: usize) {
    take(Method::LeastConn, 200, times);
}

fn take(method: Method, count: usize, times: usize) {
    let now = Instant::now();
    let mut servers = Group::new(method, Profile::Safe { most_ejected: 50 });
    for index in 0..count {
        servers.insert(server(), &format!("10.0.0.{index}:80"), "", now, true);
    }
    for number in 0..times {
        let ask = Ask {
            now: black_box(now),
            tried: &[],
            client: Ipv4Addr::LOCALHOST.into(),
            key: &[],
            sticky: None,
            random: number as u64,
        };
        if let Pick::Server(lease) = servers.pick(&ask) {
            servers.handle_success(&lease, now, Duration::from_millis(3));
            servers.release(&lease);
        }
    }
}
