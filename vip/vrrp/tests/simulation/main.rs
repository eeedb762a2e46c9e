//! Thousands of short lives of two to five nodes in virtual time: packets are lost, delayed, doubled and
//! reordered; nodes are cut off, frozen, killed, started again, handed over and reconfigured, services come
//! and go. `HIFATE_RUNS` says how many lives, `HIFATE_SEED` which one to tell in full.
//!
//! What has to be true is in `check.rs`, and in docs/vip.md.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "who runs it says how often, and wants to read what happened"
)]

mod check;
mod fault;
mod world;

use std::env;

use world::World;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}

#[test]
fn whatever_happens_one_node_holds_the_address_in_the_end() {
    if let Some(seed) = number("HIFATE_SEED") {
        let mut world = World::new(seed, true);
        let ended = world.live();
        println!("seed {seed}: {ended:?}");
        ended.unwrap();
        return;
    }
    let runs = number("HIFATE_RUNS").unwrap_or(20_000);
    let failed: Vec<_> = (0..runs)
        .filter_map(|seed| Some((seed, World::new(seed, false).live().err()?)))
        .collect();
    for (seed, broken) in failed.iter().take(10) {
        println!("HIFATE_SEED={seed}: {broken}");
    }
    assert!(failed.is_empty(), "{} of {runs} lives", failed.len());
}
