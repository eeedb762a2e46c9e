//! Which server takes a request: the method of balancing, the tiers, and what is known of each server.
//!
//! A [`Group`] holds the servers of one upstream in slots whose numbers do not change while a server
//! is there, so that requests under way, retries and probes may refer to them. [`Group::pick`] lends
//! a server out as a [`Lease`]; what became of the request is told with the same lease, and
//! [`Group::release`] ends it. The order of the rules is nginx's (EDGE U1-U6): primaries first, then
//! backups; within a tier the method decides among the servers that may be asked.
//!
//! Two profiles ([`Profile`]) differ in what failures lead to. `nginx` is that of
//! `ngx_http_upstream_round_robin.c` to the letter, but for an exact clock and one count for all
//! workers. `safe`, the default, **fails open**: when every server is out, those not yet tried are
//! asked all the same, because an answer from memory helps nobody; and it never takes out more than a
//! share of the servers for failed requests alone.

mod ewma;
mod hash;
mod memory;
mod method;
mod passive;
mod peer;
mod queue;
mod ring;
mod roster;
mod shares;
mod turns;

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

pub use memory::Memory;
pub use method::Method;
pub use passive::Profile;
pub use peer::{Command, Standing};

use self::hash::Weights;
use self::peer::Peer;
use self::ring::{Bound, Ring};
use self::roster::{Roster, Tier};
use crate::health::{Change, Thresholds};

/// What the configuration says about a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Share of the requests within its tier.
    pub weight: NonZeroU32,
    /// Failures within `fail_timeout` that take it out; 0 switches the accounting off.
    pub max_fails: u32,
    /// How long failures count, and how long the server is out.
    pub fail_timeout: Duration,
    /// The most requests it answers at a time, if there is a limit.
    pub max_conns: Option<NonZeroU32>,
    /// How long its share grows from a tenth to the whole after it has come back; zero: at once.
    pub slow_start: Duration,
    /// Asked only when no primary can be.
    pub backup: bool,
    /// Never asked (nginx's `down`).
    pub down: bool,
}

/// What a pick depends on.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// When the server is asked.
    pub now: Instant,
    /// Servers that this request has been sent to before.
    pub tried: &'a [usize],
    /// The client's address, for [`Method::IpHash`].
    pub client: IpAddr,
    /// The key, for [`Method::Hash`].
    pub key: &'a [u8],
    /// The token of the server that the client is to stay with, if it brought one.
    pub sticky: Option<&'a str>,
    /// Evenly distributed bits, for the methods that draw.
    pub random: u64,
}

/// A server that has been picked for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Its slot.
    pub index: usize,
    /// Whether the request finds out if the server is back after an ejection.
    trial: bool,
}

/// What a pick comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// This server takes the request.
    Server(Lease),
    /// Those that could take it answer as many as they may (`max_conns`).
    Busy,
    /// There is none that may be asked.
    Nobody,
}

/// The servers of one upstream, with what is remembered about each.
#[derive(Debug, Clone)]
pub struct Group {
    /// Vacant slots are kept until a new server takes them.
    peers: Vec<Peer>,
    /// How many slots are taken.
    present: usize,
    method: Method,
    profile: Profile,
    roster: Roster,
    maps: Maps,
    /// The latest time of any pick. Requests of several threads may come in another order than they were
    /// given their times in; for a group no time passes backwards.
    latest: Option<Instant>,
}

/// Where keys and tokens belong, each made when it is first asked for after servers have changed.
#[derive(Debug, Clone, Default)]
struct Maps {
    /// For [`Method::Hash`] with `consistent`.
    ring: Option<Ring>,
    /// For the other hashes.
    primaries: Option<Weights>,
    backups: Option<Weights>,
    /// The first slot of each token.
    tokens: Option<HashMap<String, usize>>,
}

impl Maps {
    fn weights(&mut self, tier: Tier, peers: &[Peer]) -> &Weights {
        let weights = if tier.is_backup() {
            &mut self.backups
        } else {
            &mut self.primaries
        };
        weights.get_or_insert_with(|| Weights::new(peers, tier.is_backup()))
    }
}

impl Group {
    /// A group without servers.
    pub fn new(method: Method, profile: Profile) -> Self {
        Self {
            peers: Vec::new(),
            present: 0,
            method,
            profile,
            roster: Roster::new(method),
            maps: Maps::default(),
            latest: None,
        }
    }

    /// Goes on with another method or profile. Another profile counts failures from zero.
    pub fn reconfigure(&mut self, method: Method, profile: Profile) {
        if self.profile != profile {
            for peer in &mut self.peers {
                peer.forget_failures(profile);
            }
        }
        if self.method != method {
            self.roster.reorder(method, &mut self.peers);
        }
        self.method = method;
        self.profile = profile;
        self.roster.look_again_at_all(self.peers.len());
    }

    /// Adds a server and answers its slot. `name` is its address, on which consistent hashing
    /// depends; `token` is what a client brings to stay with it. `warm`: its share need not grow.
    pub fn insert(
        &mut self,
        server: Server,
        name: &str,
        token: &str,
        now: Instant,
        warm: bool,
    ) -> usize {
        let back = Some(now).filter(|_| !warm);
        let peer = Peer::new(server, name, token, self.profile, back);
        // A slot that a request still holds cannot mean another server.
        let vacant = self.peers.iter().position(Peer::is_free);
        let index = vacant.unwrap_or(self.peers.len());
        match self.peers.get_mut(index) {
            Some(slot) => *slot = peer,
            None => self.peers.push(peer),
        }
        self.present += 1;
        self.roster.look_again(index);
        self.maps = Maps::default();
        index
    }

    /// Takes a server away; requests that it is answering go on.
    pub fn remove(&mut self, index: usize) {
        self.roster.lift(index, &mut self.peers);
        if let Some(peer) = self.peers.get_mut(index)
            && !peer.is_vacant()
        {
            peer.vacate();
            self.present -= 1;
        }
        if self.present == 1 {
            // U4: from now on nothing counts, so nothing that was counted may.
            self.peers.iter_mut().for_each(Peer::forgive);
            self.roster.look_again_at_all(self.peers.len());
        }
        self.maps = Maps::default();
    }

    /// Goes on with other settings for a server of which everything else is kept.
    pub fn set(&mut self, index: usize, server: Server) {
        if let Some(peer) = self.peers.get_mut(index)
            && peer.server != server
        {
            peer.server = server;
            self.roster.look_again(index);
            self.maps = Maps::default();
        }
    }

    /// Does what an operator says about a server.
    pub fn command(&mut self, index: usize, command: Command) {
        if let Some(peer) = self.peers.get_mut(index) {
            peer.command = command;
            self.roster.look_again(index);
        }
    }

    /// Lends the server that is to take a request.
    pub fn pick(&mut self, ask: &Ask<'_>) -> Pick {
        let now = self.latest.max(Some(ask.now)).unwrap_or(ask.now);
        self.latest = Some(now);
        let ask = &Ask { now, ..*ask };
        self.roster.refresh(&mut self.peers, now);
        let Some(index) = self.choose_any(ask) else {
            return if self.roster.is_busy(ask.tried) {
                Pick::Busy
            } else {
                Pick::Nobody
            };
        };
        let peer = self.peers.get_mut(index);
        let trial = peer.is_some_and(|peer| peer.begin(now));
        self.roster.look_again(index);
        Pick::Server(Lease { index, trial })
    }

    fn choose_any(&mut self, ask: &Ask<'_>) -> Option<usize> {
        if let Some(index) = self.sticky(ask) {
            return Some(index);
        }
        for index in ask.tried {
            self.roster.lift(*index, &mut self.peers);
        }
        let chosen = self.choose(ask, Tier::Primary);
        let chosen = chosen.or_else(|| self.choose(ask, Tier::Backup));
        if chosen.is_some() || self.profile == Profile::Nginx || self.roster.is_busy(ask.tried) {
            return chosen;
        }
        // Fail open.
        let chosen = self.choose(ask, Tier::OutPrimary);
        chosen.or_else(|| self.choose(ask, Tier::OutBackup))
    }

    /// The server that the client has been with, as long as it answers at all.
    fn sticky(&mut self, ask: &Ask<'_>) -> Option<usize> {
        let token = ask.sticky?;
        let tokens = self.maps.tokens.get_or_insert_with(|| {
            let present = self.peers.iter().enumerate().rev();
            let present = present.filter(|(_, peer)| !peer.is_vacant());
            present
                .map(|(index, peer)| (peer.token().to_owned(), index))
                .collect()
        });
        let index = *tokens.get(token)?;
        let peer = self.peers.get(index)?;
        let stays = matches!(peer.standing(ask.now), Standing::Up | Standing::Draining);
        (stays && peer.has_room() && !ask.tried.contains(&index)).then_some(index)
    }

    /// The server of a tier that the method says.
    fn choose(&mut self, ask: &Ask<'_>, tier: Tier) -> Option<usize> {
        if self.roster.is_empty(tier) {
            return None;
        }
        self.by_key(ask, tier).or_else(|| {
            let (roster, peers) = (&mut self.roster, &mut self.peers);
            match self.method {
                Method::LeastConn => roster.next(tier, true, peers),
                Method::RandomTwo => roster.better_of_two(tier, ask, peers, Peer::load),
                Method::PeakEwma => roster.better_of_two(tier, ask, peers, Peer::expected_wait),
                Method::RoundRobin | Method::IpHash | Method::Hash { .. } => {
                    roster.next(tier, false, peers)
                }
            }
        })
    }

    /// The server of a tier that the request's key belongs to, if it has one.
    fn by_key(&mut self, ask: &Ask<'_>, tier: Tier) -> Option<usize> {
        let (peers, roster, maps) = (&self.peers, &self.roster, &mut self.maps);
        let open = |index: usize| roster.has(tier, index);
        match self.method {
            Method::IpHash => hash::by_address(maps.weights(tier, peers), ask.client, open),
            Method::Hash {
                consistent: false, ..
            } => hash::by_key(maps.weights(tier, peers), ask.key, open),
            Method::Hash { load, .. } if !tier.is_backup() => {
                let ring = maps.ring.get_or_insert_with(|| Ring::new(peers));
                let bound = load.map(|load| Bound::new(roster.sums(tier), load));
                ring.find(peers, ask.key, bound, open)
            }
            Method::Hash { .. }
            | Method::RoundRobin
            | Method::LeastConn
            | Method::RandomTwo
            | Method::PeakEwma => None,
        }
    }

    /// Notes that the server of `lease` answered, and how long it took until it did.
    pub fn handle_success(&mut self, lease: &Lease, now: Instant, latency: Duration) {
        if let Some(peer) = self.peers.get_mut(lease.index) {
            // Two exponentials, for the only method that asks for them.
            let latency = (self.method == Method::PeakEwma).then_some(latency);
            peer.succeeded(lease.trial, now, latency);
            self.roster.look_again(lease.index);
        }
    }

    /// Notes that the server of `lease` failed; `true` if that takes it out. `key` is the same for
    /// requests that ask for the same thing, if that may be the reason.
    pub fn handle_failure(&mut self, lease: &Lease, now: Instant, key: Option<u64>) -> bool {
        let may_eject = self.may_eject_another(lease.index, now, key.is_some());
        let Some(peer) = self.peers.get_mut(lease.index) else {
            return false;
        };
        let before = peer.standing(now);
        peer.failed(lease.trial, now, key, may_eject);
        self.roster.look_again(lease.index);
        before == Standing::Up && peer.standing(now) == Standing::Ejected
    }

    /// Whether a failure may take server `index` out: never a single one (U4), and in the safe profile
    /// not more than the cap, unless it is certain that the failure is the server's (a connection
    /// that was refused).
    fn may_eject_another(&self, index: usize, now: Instant, doubtful: bool) -> bool {
        if self.present < 2 {
            return false;
        }
        let (Profile::Safe { most_ejected }, true) = (self.profile, doubtful) else {
            return true;
        };
        let present = self.peers.iter().enumerate();
        let present = present.filter(|(_, peer)| peer.standing(now) != Standing::Down);
        let (all, out) = present.fold((0, 0), |(all, out), (other, peer)| {
            let is_out = other != index && peer.standing(now) == Standing::Ejected;
            (all + 1, out + u32::from(is_out))
        });
        (out + 1) * 100 <= all * most_ejected
    }

    /// Ends a lease.
    pub fn release(&mut self, lease: &Lease) {
        if let Some(peer) = self.peers.get_mut(lease.index) {
            peer.end(lease.trial);
            self.roster.look_again(lease.index);
        }
    }

    /// Notes the outcome of a probe of server `index`; the change is that of the probes' verdict.
    pub fn handle_probe(
        &mut self,
        index: usize,
        passed: bool,
        thresholds: &Thresholds,
        now: Instant,
    ) -> Option<Change> {
        let peer = self.peers.get_mut(index)?;
        self.roster.look_again(index);
        peer.probed(passed, *thresholds, now)
    }

    /// Why server `index` is or is not asked at `now`.
    pub fn standing(&self, index: usize, now: Instant) -> Standing {
        self.peers
            .get(index)
            .map_or(Standing::Down, |peer| peer.standing(now))
    }

    /// Requests that server `index` is answering.
    pub fn active(&self, index: usize) -> u32 {
        self.peers.get(index).map_or(0, Peer::active)
    }

    /// What is known of server `index`, for a process that takes over.
    pub fn memory(&self, index: usize, now: Instant) -> Option<Memory> {
        let peer = self.peers.get(index).filter(|peer| !peer.is_vacant());
        peer.map(|peer| peer.memory(now))
    }

    /// Goes on with what another process knew of server `index`; `probed`: there are probes that may
    /// change their verdict. For a single server nothing counts (U4).
    pub fn recall(&mut self, index: usize, memory: &Memory, probed: bool, now: Instant) {
        let alone = self.present < 2;
        if let Some(peer) = self.peers.get_mut(index) {
            peer.recall(memory, probed, now);
            if alone {
                peer.forgive();
            }
            self.roster.look_again(index);
        }
    }

    /// The token with which a client stays with server `index`.
    pub fn token(&self, index: usize) -> &str {
        self.peers.get(index).map_or("", Peer::token)
    }
}

#[cfg(test)]
mod tests;
