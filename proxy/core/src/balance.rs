//! Which server takes a request: smooth weighted round robin over primaries, then backups, with
//! nginx's passive failure accounting (`max_fails`, `fail_timeout`) and active health.
//!
//! The rules are those of `ngx_http_upstream_round_robin.c`, numbered U1-U6 in the tests, with
//! three differences. The clock is exact instead of whole seconds. Probes that pass `rise` times in
//! a row after the last failure end an ejection, so that a server which restarts has its traffic
//! back when it is well and not when `fail_timeout` is over. And the edge **fails open**: when every
//! server is out by accounting or probes, those that this request has not tried are asked all the
//! same, primaries first. nginx would answer 502 from memory for up to `fail_timeout` although the
//! servers may be back.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use crate::health::{Change, Health, Thresholds};

/// What the configuration says about a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Server {
    /// Share of the requests within its tier.
    pub weight: NonZeroU32,
    /// Failures within `fail_timeout` that take it out; 0 switches the accounting off.
    pub max_fails: u32,
    /// How long failures count, and how long the server is out.
    pub fail_timeout: Duration,
    /// Asked only when no primary can be.
    pub backup: bool,
    /// Never asked (nginx's `down`).
    pub down: bool,
}

/// The servers of one upstream, with what is remembered about each.
#[derive(Debug, Clone)]
pub struct Group {
    peers: Vec<Peer>,
}

/// One server's accounting (U1).
#[derive(Debug, Clone)]
struct Peer {
    server: Server,
    current_weight: i64,
    effective_weight: i64,
    fails: u32,
    /// When a failure was last counted.
    accessed: Option<Instant>,
    /// When the window of `fail_timeout` last began.
    checked: Option<Instant>,
    health: Health,
    /// Probes passed in a row since the last failure of a request or a probe.
    passed: u32,
}

/// Why a server is or is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It takes requests.
    Up,
    /// Its probes fail.
    Unhealthy,
    /// It failed `max_fails` requests less than `fail_timeout` ago.
    Ejected,
    /// The configuration says so.
    Down,
}

impl Group {
    /// A group whose servers have done nothing yet.
    pub fn new(servers: impl IntoIterator<Item = Server>) -> Self {
        Self {
            peers: servers.into_iter().map(Peer::new).collect(),
        }
    }

    /// Takes over what `old` remembers of server `from` for server `to` of this group, so that a
    /// reload neither revives a dead server nor forgets a weighted turn.
    pub fn inherit(&mut self, to: usize, old: &Self, from: usize) {
        if let (Some(peer), Some(before)) = (self.peers.get_mut(to), old.peers.get(from)) {
            let server = peer.server;
            let weight = i64::from(server.weight.get());
            *peer = before.clone();
            peer.server = server;
            peer.effective_weight = peer.effective_weight.min(weight);
        }
    }

    /// The server to ask, of those not in `tried`; `None` when each was tried or is `down`.
    pub fn pick(&mut self, now: Instant, tried: &[usize]) -> Option<usize> {
        let single = self.peers.len() == 1;
        for backup in [false, true] {
            let eligible = |peer: &Peer| {
                peer.server.backup == backup
                    && (peer.standing(now) == Standing::Up
                        // U4: a single server is never out by accounting.
                        || (single && peer.standing(now) == Standing::Ejected))
            };
            if let Some(index) = self.smooth(tried, eligible) {
                self.begin_window(index, now);
                return Some(index);
            }
        }
        // Fail open.
        [false, true].into_iter().find_map(|backup| {
            self.smooth(tried, |peer| {
                peer.server.backup == backup && !peer.server.down
            })
        })
    }

    /// U2: smooth weighted round robin among the eligible.
    fn smooth(&mut self, tried: &[usize], eligible: impl Fn(&Peer) -> bool) -> Option<usize> {
        let mut total = 0;
        let mut best: Option<(usize, i64)> = None;
        for (index, peer) in self.peers.iter_mut().enumerate() {
            if tried.contains(&index) || !eligible(peer) {
                continue;
            }
            peer.current_weight += peer.effective_weight;
            total += peer.effective_weight;
            if peer.effective_weight < i64::from(peer.server.weight.get()) {
                peer.effective_weight += 1;
            }
            if best.is_none_or(|(_, weight)| peer.current_weight > weight) {
                best = Some((index, peer.current_weight));
            }
        }
        let (index, _) = best?;
        if let Some(peer) = self.peers.get_mut(index) {
            peer.current_weight -= total;
        }
        Some(index)
    }

    /// U3: the first pick after `fail_timeout` opens a new window, in which one success clears
    /// the failures and one failure ejects again.
    fn begin_window(&mut self, index: usize, now: Instant) {
        if let Some(peer) = self.peers.get_mut(index) {
            let ended = peer
                .checked
                .is_none_or(|checked| now.saturating_duration_since(checked) > peer.fail_timeout());
            if ended {
                peer.checked = Some(now);
            }
        }
    }

    /// Notes that server `index` answered.
    pub fn handle_success(&mut self, index: usize) {
        if let Some(peer) = self.peers.get_mut(index)
            && peer.accessed < peer.checked
        {
            peer.fails = 0;
        }
    }

    /// Notes that server `index` failed; `true` if that takes it out.
    pub fn handle_failure(&mut self, index: usize, now: Instant) -> bool {
        let Some(peer) = self.peers.get_mut(index) else {
            return false;
        };
        let before = peer.standing(now);
        peer.fails = peer.fails.saturating_add(1);
        peer.passed = 0;
        peer.accessed = Some(now);
        peer.checked = Some(now);
        if let Some(max_fails) = NonZeroU32::new(peer.server.max_fails) {
            let share = peer.server.weight.get() / max_fails;
            peer.effective_weight = (peer.effective_weight - i64::from(share)).max(0);
        }
        before == Standing::Up && peer.standing(now) == Standing::Ejected
    }

    /// Notes the outcome of a probe of server `index`; the change is that of the probes' verdict.
    pub fn handle_probe(
        &mut self,
        index: usize,
        passed: bool,
        thresholds: &Thresholds,
    ) -> Option<Change> {
        let peer = self.peers.get_mut(index)?;
        peer.passed = if passed {
            peer.passed.saturating_add(1)
        } else {
            0
        };
        if peer.passed >= thresholds.rise.get() {
            peer.fails = 0;
        }
        peer.health.observe(passed, thresholds)
    }

    /// Why server `index` is or is not asked at `now`.
    pub fn standing(&self, index: usize, now: Instant) -> Standing {
        self.peers
            .get(index)
            .map_or(Standing::Down, |peer| peer.standing(now))
    }
}

impl Peer {
    fn new(server: Server) -> Self {
        Self {
            server,
            current_weight: 0,
            effective_weight: i64::from(server.weight.get()),
            fails: 0,
            accessed: None,
            checked: None,
            health: Health::default(),
            passed: 0,
        }
    }

    fn fail_timeout(&self) -> Duration {
        self.server.fail_timeout
    }

    fn standing(&self, now: Instant) -> Standing {
        let max_fails = self.server.max_fails;
        let in_window = self
            .checked
            .is_some_and(|checked| now.saturating_duration_since(checked) <= self.fail_timeout());
        if self.server.down {
            Standing::Down
        } else if !self.health.is_up() {
            Standing::Unhealthy
        } else if max_fails > 0 && self.fails >= max_fails && in_window {
            Standing::Ejected
        } else {
            Standing::Up
        }
    }
}

#[cfg(test)]
mod tests;
