//! How a server is chosen within a tier.

use std::num::NonZeroU32;
use std::time::Instant;

use super::shares::Shares;
use super::{Ask, Peer};

/// How a server is chosen within a tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// In turn, smoothly by weight.
    RoundRobin,
    /// The one with the fewest requests under way for its weight (nginx's `least_conn`).
    LeastConn,
    /// By the client's address (nginx's `ip_hash`).
    IpHash,
    /// By a key (nginx's `hash`).
    Hash {
        /// Whether a change of servers moves only the keys of those that changed (ketama).
        consistent: bool,
        /// With `consistent`: how much more than its share of the requests under way a server may
        /// have, in percent of the share, before keys move on to the next; `None`: any amount.
        load: Option<NonZeroU32>,
    },
    /// Two are drawn, the less loaded is taken (nginx's `random two least_conn`).
    RandomTwo,
    /// Two are drawn, the one with the shorter expected wait is taken.
    PeakEwma,
}

/// Draws two servers by share and takes the one with the lower cost.
pub(super) fn better_of_two(
    shares: &mut Shares,
    ask: &Ask<'_>,
    peers: &[Peer],
    cost: fn(&Peer, Instant) -> f64,
) -> Option<usize> {
    let first = shares.draw(ask.random & u64::from(u32::MAX))?;
    let share = shares.take(first);
    let second = shares.draw(ask.random >> 32);
    shares.set(first, share);
    let Some(second) = second else {
        return Some(first);
    };
    let cost = |index: usize| {
        peers
            .get(index)
            .map_or(f64::MAX, |peer| cost(peer, ask.now))
    };
    Some(if cost(second) < cost(first) {
        second
    } else {
        first
    })
}
