//! Which servers of a group may be asked, kept so that a pick need not look at every one.
//!
//! Whatever may change where a server stands only notes that it is to be looked at again
//! ([`Roster::look_again`]), and the next pick does that first ([`Roster::refresh`]). What changes with
//! time is looked at when it does, and what changes with every turn before each of them.

use std::collections::BTreeSet;
use std::time::Instant;

use super::method::{self, Method};
use super::shares::Shares;
use super::turns::{Class, Turns};
use super::{Ask, Peer, Standing};

/// Servers among which the method chooses. All of one tier are asked before any of the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tier {
    Primary,
    Backup,
    /// Primaries that are out, for when everything is.
    OutPrimary,
    OutBackup,
}

/// The servers of a group in their tiers.
#[derive(Debug, Clone)]
pub(super) struct Roster {
    method: Method,
    slots: Vec<Slot>,
    tiers: [Candidates; 4],
    /// Servers that would be asked if they had room for one more request.
    full: BTreeSet<usize>,
    /// Those to be looked at before the next pick.
    again: Vec<usize>,
    /// When servers change without any event.
    awaited: BTreeSet<(Instant, usize)>,
}

#[derive(Debug, Clone, Default)]
struct Slot {
    place: Place,
    /// Whether it is among those to be looked at again.
    again: bool,
    awaited: Option<Instant>,
}

/// Where a server stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Nowhere,
    Full,
    In(Tier, Entry),
}

/// What a server counts for in its tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    class: Class,
    weight: u32,
}

/// The servers of one tier that have room.
#[derive(Debug, Clone)]
struct Candidates {
    order: Order,
    /// What they have under way, where that counts.
    requests: u64,
    weights: u64,
}

#[derive(Debug, Clone)]
enum Order {
    Turns(Turns),
    Shares(Shares),
}

impl Tier {
    pub(super) fn is_backup(self) -> bool {
        matches!(self, Self::Backup | Self::OutBackup)
    }
}

impl Roster {
    pub(super) fn new(method: Method) -> Self {
        let order = match method {
            Method::RandomTwo | Method::PeakEwma => Order::Shares(Shares::default()),
            Method::RoundRobin | Method::LeastConn | Method::IpHash | Method::Hash { .. } => {
                Order::Turns(Turns::default())
            }
        };
        let candidates = Candidates {
            order,
            requests: 0,
            weights: 0,
        };
        Self {
            method,
            slots: Vec::new(),
            tiers: std::array::from_fn(|_| candidates.clone()),
            full: BTreeSet::new(),
            again: Vec::new(),
            awaited: BTreeSet::new(),
        }
    }

    /// Goes on with another method.
    pub(super) fn reorder(&mut self, method: Method, peers: &mut [Peer]) {
        for index in 0..peers.len() {
            self.lift(index, peers);
        }
        *self = Self::new(method);
        self.look_again_at_all(peers.len());
    }

    /// Something about a server may have changed.
    pub(super) fn look_again(&mut self, index: usize) {
        if index >= self.slots.len() {
            self.slots.resize_with(index + 1, Slot::default);
        }
        if let Some(slot) = self.slots.get_mut(index)
            && !slot.again
        {
            slot.again = true;
            self.again.push(index);
        }
    }

    pub(super) fn look_again_at_all(&mut self, count: usize) {
        for index in 0..count {
            self.look_again(index);
        }
    }

    /// Brings the tiers up to date.
    pub(super) fn refresh(&mut self, peers: &mut [Peer], now: Instant) {
        while let Some((at, index)) = self.awaited.first().copied()
            && at <= now
        {
            self.awaited.pop_first();
            if let Some(slot) = self.slots.get_mut(index) {
                slot.awaited = None;
            }
            self.look_again(index);
        }
        let mut again = std::mem::take(&mut self.again);
        again.retain(|index| self.look_at(*index, peers, now));
        self.again = again;
    }

    /// Puts a server where it belongs; whether it has to be looked at before the next pick as well.
    fn look_at(&mut self, index: usize, peers: &mut [Peer], now: Instant) -> bool {
        let Some(peer) = peers.get_mut(index) else {
            return false;
        };
        let standing = peer.standing(now);
        let place = self.place(peer, standing, now);
        self.put(index, peer, place);
        let awaited = peer.changes_at(standing, now);
        let Some(slot) = self.slots.get_mut(index) else {
            return false;
        };
        if slot.awaited != awaited {
            let before = std::mem::replace(&mut slot.awaited, awaited);
            before.map(|at| self.awaited.remove(&(at, index)));
            awaited.map(|at| self.awaited.insert((at, index)));
        }
        slot.again = peer.is_recovering();
        slot.again
    }

    fn place(&self, peer: &Peer, standing: Standing, now: Instant) -> Place {
        let tier = match (standing, peer.server.backup) {
            (Standing::Up, _) if !peer.has_room() => return Place::Full,
            (Standing::Up, false) => Tier::Primary,
            (Standing::Up, true) => Tier::Backup,
            (Standing::Ejected | Standing::Unhealthy, _) if !peer.has_room() => {
                return Place::Nowhere;
            }
            (Standing::Ejected | Standing::Unhealthy, false) => Tier::OutPrimary,
            (Standing::Ejected | Standing::Unhealthy, true) => Tier::OutBackup,
            (Standing::Draining | Standing::Down, _) => return Place::Nowhere,
        };
        let counts = matches!(
            self.method,
            Method::LeastConn | Method::Hash { load: Some(_), .. }
        );
        let class = Class {
            active: if counts { peer.active() } else { 0 },
            share: peer.share(now),
        };
        let weight = peer.server.weight.get();
        Place::In(tier, Entry { class, weight })
    }

    fn put(&mut self, index: usize, peer: &mut Peer, place: Place) {
        let Some(slot) = self.slots.get_mut(index) else {
            return;
        };
        if slot.place == place {
            return;
        }
        match std::mem::replace(&mut slot.place, place) {
            Place::Nowhere => {}
            Place::Full => {
                self.full.remove(&index);
            }
            Place::In(tier, entry) => self.tier_mut(tier).leave(entry, index, peer),
        }
        match place {
            Place::Nowhere => {}
            Place::Full => {
                self.full.insert(index);
            }
            Place::In(tier, entry) => self.tier_mut(tier).join(entry, index, peer),
        }
    }

    /// Takes a server out of its tier until the next pick.
    pub(super) fn lift(&mut self, index: usize, peers: &mut [Peer]) {
        if let Some(peer) = peers.get_mut(index) {
            self.put(index, peer, Place::Nowhere);
            self.look_again(index);
        }
    }

    /// Whether a server that has not been `tried` would be asked if it had room for one more request.
    pub(super) fn is_busy(&self, tried: &[usize]) -> bool {
        self.full.iter().any(|index| !tried.contains(index))
    }

    pub(super) fn is_empty(&self, tier: Tier) -> bool {
        match &self.tier(tier).order {
            Order::Turns(turns) => turns.is_empty(),
            Order::Shares(shares) => shares.total() == 0,
        }
    }

    /// Whether a server is one of a tier.
    pub(super) fn has(&self, tier: Tier, index: usize) -> bool {
        let slot = self.slots.get(index);
        slot.is_some_and(|slot| matches!(slot.place, Place::In(its, _) if its == tier))
    }

    /// The requests that the servers of a tier have under way, and their weights, in all.
    pub(super) fn sums(&self, tier: Tier) -> (u64, u64) {
        let tier = self.tier(tier);
        (tier.requests, tier.weights)
    }

    /// The server of a tier whose turn it is; `least`: of those with the least to do.
    pub(super) fn next(&mut self, tier: Tier, least: bool, peers: &mut [Peer]) -> Option<usize> {
        let Order::Turns(turns) = &mut self.tier_mut(tier).order else {
            return None;
        };
        let least = turns.least().filter(|_| least);
        let next = turns.next(least, peers);
        // nginx: a weight that failures have lowered grows with every turn that it takes part in.
        for index in &self.again {
            let place = self.slots.get(*index).map(|slot| slot.place);
            if let Some(Place::In(its, entry)) = place
                && its == tier
                && least.is_none_or(|least| !entry.class.is_busier_than(least))
                && let Some(peer) = peers.get_mut(*index)
            {
                peer.recover_weight();
            }
        }
        next
    }

    /// Draws two servers of a tier by share, and answers the one with the lower cost.
    pub(super) fn better_of_two(
        &mut self,
        tier: Tier,
        ask: &Ask<'_>,
        peers: &[Peer],
        cost: fn(&Peer, Instant) -> f64,
    ) -> Option<usize> {
        match &mut self.tier_mut(tier).order {
            Order::Shares(shares) => method::better_of_two(shares, ask, peers, cost),
            Order::Turns(_) => None,
        }
    }

    fn tier(&self, tier: Tier) -> &Candidates {
        let [primary, backup, out_primary, out_backup] = &self.tiers;
        match tier {
            Tier::Primary => primary,
            Tier::Backup => backup,
            Tier::OutPrimary => out_primary,
            Tier::OutBackup => out_backup,
        }
    }

    fn tier_mut(&mut self, tier: Tier) -> &mut Candidates {
        let [primary, backup, out_primary, out_backup] = &mut self.tiers;
        match tier {
            Tier::Primary => primary,
            Tier::Backup => backup,
            Tier::OutPrimary => out_primary,
            Tier::OutBackup => out_backup,
        }
    }
}

impl Candidates {
    fn join(&mut self, entry: Entry, index: usize, peer: &mut Peer) {
        self.requests += u64::from(entry.class.active);
        self.weights += u64::from(entry.weight);
        match &mut self.order {
            Order::Turns(turns) => turns.join(entry.class, index, peer),
            Order::Shares(shares) => shares.set(index, entry.class.share.max(1).into()),
        }
    }

    fn leave(&mut self, entry: Entry, index: usize, peer: &mut Peer) {
        self.requests -= u64::from(entry.class.active);
        self.weights -= u64::from(entry.weight);
        match &mut self.order {
            Order::Turns(turns) => turns.leave(entry.class, index, peer),
            Order::Shares(shares) => shares.set(index, 0),
        }
    }
}
