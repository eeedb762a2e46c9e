//! Smooth weighted round robin, and nginx's `least_conn`, without looking at every server.
//!
//! With each turn the running sum of every server grows by its share, the largest takes the turn, and is
//! lowered by the shares of all (EDGE U2). Servers of one share grow alike, so their order changes only
//! for the one that took a turn: they are kept in a [`Class`], in order, and what all of them were
//! granted is written down once. Only the first of each class can be the largest of all.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet};

use super::Peer;

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
    classes: BTreeMap<Class, Members>,
}

#[derive(Debug, Clone, Default)]
struct Members {
    /// What has been added to the running sums of all since the class is there. Never too large: it
    /// would take 2^95 turns of the largest share.
    granted: i128,
    /// The running sums without that, the largest first, of equal ones the first server.
    sums: BTreeSet<(Reverse<i128>, usize)>,
}

impl Class {
    /// Whether its servers have more to do than those of `other`: a/b > c/d as a*d > c*b, which is exact.
    pub(super) fn is_busier_than(&self, other: &Self) -> bool {
        self.compare(other).is_gt()
    }

    fn compare(&self, other: &Self) -> Ordering {
        let product = |active: u32, share: u32| u64::from(active) * u64::from(share.max(1));
        product(self.active, other.share).cmp(&product(other.active, self.share))
    }
}

impl Ord for Class {
    fn cmp(&self, other: &Self) -> Ordering {
        self.compare(other).then(self.share.cmp(&other.share))
    }
}

impl PartialOrd for Class {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Turns {
    /// Takes a server in.
    pub(super) fn join(&mut self, class: Class, index: usize, peer: &mut Peer) {
        let members = self.classes.entry(class).or_default();
        peer.current_weight -= members.granted;
        members.sums.insert((Reverse(peer.current_weight), index));
    }

    /// Lets a server of `class` go.
    pub(super) fn leave(&mut self, class: Class, index: usize, peer: &mut Peer) {
        let Some(members) = self.classes.get_mut(&class) else {
            return;
        };
        members.sums.remove(&(Reverse(peer.current_weight), index));
        peer.current_weight += members.granted;
        if members.sums.is_empty() {
            self.classes.remove(&class);
        }
    }

    /// The class with the least to do.
    pub(super) fn least(&self) -> Option<Class> {
        self.classes.first_key_value().map(|(class, _)| *class)
    }

    /// Whose turn it is: of all, or of those that are not busier than those of `least`.
    pub(super) fn next(&mut self, least: Option<Class>, peers: &mut [Peer]) -> Option<usize> {
        let mut total = 0;
        let mut best = None;
        for (class, members) in &mut self.classes {
            if least.is_some_and(|least| class.is_busier_than(&least)) {
                break;
            }
            let share = i128::from(class.share);
            members.granted += share;
            total += share * i128::try_from(members.sums.len()).unwrap_or(i128::MAX);
            let Some((Reverse(sum), index)) = members.sums.first() else {
                continue;
            };
            // Of equal ones the first server.
            best = best.max(Some((sum + members.granted, Reverse(*index), *class)));
        }
        let (_, Reverse(index), class) = best?;
        let members = self.classes.get_mut(&class)?;
        let (Reverse(sum), _) = members.sums.pop_first()?;
        members.sums.insert((Reverse(sum - total), index));
        peers.get_mut(index)?.current_weight = sum - total;
        Some(index)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }
}
