//! Smooth weighted round robin, and nginx's `least_conn`, without looking at every server.
//!
//! With each turn the running sum of every server grows by its share, the largest takes the turn, and is
//! lowered by the shares of all (EDGE U2). Servers of one share grow alike, so their order changes only
//! for the one that took a turn: they are kept in a [`Class`], in order, and what all of them were
//! granted is written down once. Only the first of each class can be the largest of all.

use std::cmp::Ordering;

use super::Peer;
use super::queue::{Positions, Queue, Queued};

/// Servers that grow alike and, where that counts, have as many requests under way. The order is that
/// of their load: requests under way in relation to the share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Class {
    /// Requests under way; zero where they do not count.
    pub(super) active: u32,
    pub(super) share: u32,
}

/// The servers of a tier that take turns.
#[derive(Debug, Clone, Default)]
pub(super) struct Turns {
    /// In their order.
    classes: Vec<(Class, Members)>,
    positions: Positions,
}

#[derive(Debug, Clone, Default)]
struct Members {
    /// What has been added to the running sums of all since the class is there. Never too large: it
    /// would take 2^95 turns of the largest share.
    granted: i128,
    /// With their running sums without that.
    queue: Queue,
}

impl Class {
    /// Whether its servers have more to do than those of `other`: a/b > c/d as a*d > c*b, which is exact.
    pub(super) fn is_busier_than(self, other: Self) -> bool {
        self.compare_load(other).is_gt()
    }

    fn compare_load(self, other: Self) -> Ordering {
        let product = |active: u32, share: u32| u64::from(active) * u64::from(share.max(1));
        product(self.active, other.share).cmp(&product(other.active, self.share))
    }

    /// By load, of equal ones by share.
    fn order(self, other: Self) -> Ordering {
        self.compare_load(other)
            .then_with(|| self.share.cmp(&other.share))
    }
}

impl Turns {
    /// Takes a server in.
    pub(super) fn join(&mut self, class: Class, index: usize, peer: &mut Peer) {
        let at = self.find(class).unwrap_or_else(|at| {
            self.classes.insert(at, (class, Members::default()));
            at
        });
        if let Some((_, members)) = self.classes.get_mut(at) {
            let sum = peer.current_weight - members.granted;
            peer.current_weight = sum;
            let server = Queued { sum, index };
            members.queue.push(server, &mut self.positions);
        }
    }

    /// Lets a server of `class` go.
    pub(super) fn leave(&mut self, class: Class, index: usize, peer: &mut Peer) {
        let Ok(at) = self.find(class) else {
            return;
        };
        if let Some((_, members)) = self.classes.get_mut(at) {
            members.queue.remove(index, &mut self.positions);
            peer.current_weight += members.granted;
            if members.queue.len() == 0 {
                self.classes.remove(at);
            }
        }
    }

    fn find(&self, class: Class) -> Result<usize, usize> {
        self.classes
            .binary_search_by(|(other, _)| other.order(class))
    }

    /// The class with the least to do.
    pub(super) fn least(&self) -> Option<Class> {
        self.classes.first().map(|(class, _)| *class)
    }

    /// Whose turn it is: of all, or of those that are not busier than those of `least`.
    pub(super) fn next(&mut self, least: Option<Class>, peers: &mut [Peer]) -> Option<usize> {
        let mut total = 0;
        let mut best: Option<(Queued, &mut Members)> = None;
        for (class, members) in &mut self.classes {
            if least.is_some_and(|least| class.is_busier_than(least)) {
                break;
            }
            let share = u64::from(class.share);
            members.granted += i128::from(share);
            total += share * members.queue.len() as u64;
            if let Some(mut first) = members.queue.first() {
                first.sum += members.granted;
                if best.as_ref().is_none_or(|(best, _)| first.is_before(best)) {
                    best = Some((first, members));
                }
            }
        }
        let (Queued { sum, index }, members) = best?;
        let sum = sum - members.granted - i128::from(total);
        members.queue.replace_first(sum, &mut self.positions);
        peers.get_mut(index)?.current_weight = sum;
        Some(index)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }
}
