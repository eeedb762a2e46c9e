//! One server: whether it may be asked, its share, and what it is doing.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::Server;
use super::ewma::Ewma;
use super::memory::{Memory, age, ago};
use super::passive::{Passive, Profile};
use crate::health::{Change, Health, Thresholds};

/// Why a server is or is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It takes requests.
    Up,
    /// It takes only requests of clients that are to stay with it.
    Draining,
    /// Its probes fail.
    Unhealthy,
    /// Too many requests failed.
    Ejected,
    /// The configuration or an operator says so, or it is gone.
    Down,
}

/// What an operator says about a server, whatever the configuration says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Command {
    /// Nothing: it takes requests as it is able to.
    #[default]
    Up,
    /// No new clients.
    Drain,
    /// No requests at all.
    Down,
}

/// A server and what is remembered about it.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    pub(super) server: Server,
    /// What an operator has said.
    pub(super) command: Command,
    /// The running sum of smooth round robin; while the server is among [`Turns`](super::turns::Turns),
    /// without what all of its class were granted.
    pub(super) current_weight: i128,
    name: String,
    token: String,
    vacant: bool,
    active: u32,
    passive: Passive,
    health: Health,
    /// Probes passed in a row since the last failure of a request or a probe.
    passed: u32,
    /// When it came back from being out, while its share still grows.
    back: Option<Instant>,
    latency: Ewma,
}

/// What a full share is for one unit of weight, so that a growing one can be a part of it.
const WHOLE: u32 = 100;

impl Peer {
    pub(super) fn new(
        server: Server,
        name: &str,
        token: &str,
        profile: Profile,
        back: Option<Instant>,
    ) -> Self {
        Self {
            passive: Passive::new(profile, &server),
            server,
            command: Command::Up,
            current_weight: 0,
            name: name.to_owned(),
            token: token.to_owned(),
            vacant: false,
            active: 0,
            health: Health::default(),
            passed: 0,
            back,
            latency: Ewma::default(),
        }
    }

    /// What another process has to know of it.
    pub(super) fn memory(&self, now: Instant) -> Memory {
        let (healthy, against) = self.health.parts();
        Memory {
            healthy,
            against,
            passed: self.passed,
            back: self.back.map(|back| age(back, now)),
            failures: self.passive.memory(now),
            latency: self.latency.memory(now),
        }
    }

    /// Goes on with what another process knew of it. Without probes their verdict would stay for ever,
    /// so it counts only where the server is `probed`.
    pub(super) fn recall(&mut self, memory: &Memory, probed: bool, now: Instant) {
        if probed {
            self.health = Health::from_parts(memory.healthy, memory.against);
            self.passed = memory.passed;
        }
        self.back = memory.back.map(|age| ago(age, now));
        self.passive.recall(&memory.failures, &self.server, now);
        self.latency = Ewma::recall(memory.latency, now);
    }

    pub(super) fn vacate(&mut self) {
        self.vacant = true;
    }

    pub(super) fn is_vacant(&self) -> bool {
        self.vacant
    }

    /// Whether another server may take the slot.
    pub(super) fn is_free(&self) -> bool {
        self.vacant && self.active == 0
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    pub(super) fn active(&self) -> u32 {
        self.active
    }

    pub(super) fn forgive(&mut self) {
        self.passive.forgive();
    }

    pub(super) fn forget_failures(&mut self, profile: Profile) {
        self.passive = Passive::new(profile, &self.server);
    }

    pub(super) fn standing(&self, now: Instant) -> Standing {
        if self.vacant || self.server.down || self.command == Command::Down {
            Standing::Down
        } else if !self.health.is_up() {
            Standing::Unhealthy
        } else if self.passive.is_out(&self.server, now) {
            Standing::Ejected
        } else if self.command == Command::Drain {
            Standing::Draining
        } else {
            Standing::Up
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.server
            .max_conns
            .is_none_or(|most| self.active < most.get())
    }

    /// Its weight at `now`, in hundredths: less while it is being started slowly, or (as nginx has
    /// it) after failures.
    pub(super) fn share(&self, now: Instant) -> u32 {
        let weight = self.passive.weight(&self.server);
        weight.saturating_mul(self.grown(now))
    }

    /// How much of its weight it has, in percent.
    fn grown(&self, now: Instant) -> u32 {
        self.back.map_or(WHOLE, |back| {
            let passed = now.saturating_duration_since(back).as_millis();
            let whole = self.server.slow_start.as_millis().max(1);
            let percent = passed.saturating_mul(u128::from(WHOLE)) / whole;
            // A tenth from the start: with nothing it would never show that it works.
            u32::try_from(percent).map_or(WHOLE, |percent| percent.clamp(WHOLE / 10, WHOLE))
        })
    }

    /// Whether its share may change with every turn.
    pub(super) fn is_recovering(&self) -> bool {
        self.passive.is_recovering(&self.server)
    }

    /// When its `standing` or its share will change without any event, if that is to be.
    pub(super) fn changes_at(&self, standing: Standing, now: Instant) -> Option<Instant> {
        let comes_back = match standing {
            Standing::Ejected => self.passive.out_until(&self.server),
            Standing::Up | Standing::Draining | Standing::Unhealthy | Standing::Down => None,
        };
        let changes = [comes_back, self.grows_at(now)].into_iter().flatten();
        changes.min()
    }

    /// When its share will be a hundredth larger.
    fn grows_at(&self, now: Instant) -> Option<Instant> {
        let back = self.back?;
        let next = u128::from(self.grown(now)) + 1;
        if next > u128::from(WHOLE) {
            return None;
        }
        let whole = self.server.slow_start.as_millis().max(1);
        let passed = next.saturating_mul(whole).div_ceil(u128::from(WHOLE));
        back.checked_add(Duration::from_millis(u64::try_from(passed).ok()?))
    }

    /// Counts a request as sent to it; whether that request is the trial after an ejection.
    pub(super) fn begin(&mut self, now: Instant) -> bool {
        self.active = self.active.saturating_add(1);
        self.passive.begin(&self.server, now)
    }

    /// Counts a request as over.
    pub(super) fn end(&mut self, trial: bool) {
        self.active = self.active.saturating_sub(1);
        if trial {
            self.passive.abandon();
        }
    }

    pub(super) fn succeeded(&mut self, trial: bool, now: Instant, latency: Option<Duration>) {
        if let Some(latency) = latency {
            self.latency.observe(now, latency);
        }
        if self.passive.succeeded(trial, now) {
            self.start_slowly(now);
        }
    }

    pub(super) fn failed(&mut self, trial: bool, now: Instant, key: Option<u64>, may_eject: bool) {
        self.passed = 0;
        self.passive
            .failed(&self.server, trial, now, key, may_eject);
    }

    pub(super) fn probed(
        &mut self,
        passed: bool,
        thresholds: Thresholds,
        now: Instant,
    ) -> Option<Change> {
        self.passed = if passed {
            self.passed.saturating_add(1)
        } else {
            0
        };
        let was_out = self.standing(now) == Standing::Ejected;
        if self.passed >= thresholds.rise.get() {
            self.passive.forgive();
        }
        let change = self.health.observe(passed, &thresholds);
        let back = was_out && self.standing(now) != Standing::Ejected;
        if change == Some(Change::Up) || back {
            self.start_slowly(now);
        }
        change
    }

    fn start_slowly(&mut self, now: Instant) {
        self.back = Some(now).filter(|_| !self.server.slow_start.is_zero());
    }

    /// Requests under way, in relation to its share.
    pub(super) fn load(&self, now: Instant) -> f64 {
        f64::from(self.active) / f64::from(self.share(now).max(1))
    }

    /// How long a further request would wait, in relation to its share.
    pub(super) fn expected_wait(&self, now: Instant) -> f64 {
        self.latency.seconds(now) * (f64::from(self.active) + 1.0)
            / f64::from(self.share(now).max(1))
    }

    /// nginx: a weight that failures have lowered grows with every round.
    pub(super) fn recover_weight(&mut self) {
        self.passive.recover_weight(&self.server);
    }
}
