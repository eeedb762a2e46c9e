//! What the edge does with each request, apart from reading and writing sockets: the functions of
//! `edge-core` that it calls.

#![expect(
    clippy::expect_used,
    reason = "where the setting is wrong there is nothing to measure"
)]

mod balancing;
mod chunks;
mod heads;
mod limits;
mod log_lines;
mod routing;

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};

criterion_group!(
    name = edge;
    // They are many, and all in memory: more time would tell no more.
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_millis(1500));
    targets = heads::benches, log_lines::benches, routing::benches, balancing::benches,
        limits::benches, chunks::benches
);
criterion_main!(edge);
