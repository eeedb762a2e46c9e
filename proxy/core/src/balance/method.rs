//! The methods of balancing that look at shares and load.

use std::num::NonZeroU32;
use std::time::Instant;

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

/// U2: smooth weighted round robin.
pub(super) fn smooth(
    peers: &mut [Peer],
    now: Instant,
    open: impl Fn(usize, &Peer) -> bool,
) -> Option<usize> {
    let mut total = 0;
    let mut best: Option<(usize, i64)> = None;
    for (index, peer) in peers.iter_mut().enumerate() {
        if !open(index, peer) {
            continue;
        }
        let share = i64::from(peer.share(now));
        peer.current_weight += share;
        total += share;
        peer.recover_weight();
        if best.is_none_or(|(_, weight)| peer.current_weight > weight) {
            best = Some((index, peer.current_weight));
        }
    }
    let (index, _) = best?;
    if let Some(peer) = peers.get_mut(index) {
        peer.current_weight -= total;
    }
    Some(index)
}

/// The fewest requests under way in relation to the share; smoothly in turn among equals.
pub(super) fn least_connected(
    peers: &mut [Peer],
    now: Instant,
    open: impl Fn(usize, &Peer) -> bool,
) -> Option<usize> {
    let load = |peer: &Peer| (u64::from(peer.active()), u64::from(peer.share(now).max(1)));
    // a/b < c/d as a*d < c*b: exact, however large the group.
    let is_less = |(a, b): (u64, u64), (c, d): (u64, u64)| a * d < c * b;
    let candidates = peers
        .iter()
        .enumerate()
        .filter(|(index, peer)| open(*index, peer));
    let least = candidates
        .map(|(_, peer)| load(peer))
        .reduce(|one, other| if is_less(other, one) { other } else { one })?;
    smooth(peers, now, |index, peer| {
        open(index, peer) && !is_less(least, load(peer))
    })
}

/// Draws two servers by share and takes the one with the lower cost.
pub(super) fn better_of_two(
    peers: &[Peer],
    ask: &Ask<'_>,
    open: impl Fn(usize, &Peer) -> bool,
    cost: fn(&Peer, Instant) -> f64,
) -> Option<usize> {
    let first = draw(peers, ask.now, ask.random & u64::from(u32::MAX), &open)?;
    let others = |index: usize, peer: &Peer| index != first && open(index, peer);
    let Some(second) = draw(peers, ask.now, ask.random >> 32, others) else {
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

/// An open server, each as likely as its share is large; `random` has 32 bits.
fn draw(
    peers: &[Peer],
    now: Instant,
    random: u64,
    open: impl Fn(usize, &Peer) -> bool,
) -> Option<usize> {
    let shares = || {
        let open = peers
            .iter()
            .enumerate()
            .filter(|(index, peer)| open(*index, peer));
        open.map(|(index, peer)| (index, u128::from(peer.share(now).max(1))))
    };
    let total: u128 = shares().map(|(_, share)| share).sum();
    // Scaled, not reduced: a remainder would favour the first.
    let at = (u128::from(random) * total) >> 32;
    let mut sum = 0;
    let drawn = shares().find(|(_, share)| {
        sum += share;
        at < sum
    });
    drawn.map(|(index, _)| index)
}
