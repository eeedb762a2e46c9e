//! One instance at work: its router, its connection to the network, what it looks at.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use ipnet::IpNet;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use vrrp::Moment;
use vrrp::frame::Mac;
use vrrp::router::{Cause, Condition, Reason, Router, State};
use vrrp::track::{Tracker, condition};

use crate::config::Instance;
use crate::health::{self, Look, Means};
use crate::hooks::{Change, Hooks};
use crate::line::Line;
use crate::metrics::{Metrics, OfInstance};

/// How many changes are remembered for operators.
const REMEMBERED: usize = 20;

/// The shortest time between two warnings that anybody on the network can cause.
const QUIET: Duration = Duration::from_secs(1);

/// Where a router speaks from before that is known.
pub(crate) const NOWHERE: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// An instance at work.
#[derive(Debug)]
pub(crate) struct Seat {
    /// Tells this seat from earlier ones of the same name.
    pub(crate) id: u64,
    pub(crate) config: Instance,
    pub(crate) router: Router,
    pub(crate) metrics: OfInstance,
    /// The connection to the network, while there is one.
    pub(crate) line: Option<Line>,
    /// What the router was last told about itself.
    pub(crate) told: Option<Condition>,
    /// Where the last master was heard.
    pub(crate) station: Option<(IpAddr, Mac)>,
    pub(crate) trackers: Vec<Tracker>,
    looks: JoinSet<()>,
    hooks: Hooks,
    /// Operators who wait for the addresses to be handed over.
    pub(crate) waiting: Vec<oneshot::Sender<Result<(), String>>>,
    changes: VecDeque<Change>,
    generation: u64,
    /// When others last gave reason for a warning.
    warned: Option<Moment>,
}

impl Seat {
    /// An instance that is not yet connected.
    pub(crate) fn new(id: u64, config: Instance, metrics: &Metrics) -> Self {
        let router = Router::new(config.router_terms(NOWHERE));
        let shown = metrics.of(&config.name);
        shown.show(&router);
        Self {
            id,
            router,
            metrics: shown,
            line: None,
            told: None,
            station: None,
            trackers: Vec::new(),
            looks: JoinSet::new(),
            hooks: Hooks::start(metrics.clone()),
            waiting: Vec::new(),
            changes: VecDeque::new(),
            generation: 0,
            warned: None,
            config,
        }
    }

    /// Begins to look at what it needs.
    pub(crate) fn watch(&mut self, means: &Means, tell: &mpsc::Sender<(u64, usize, Look)>) {
        self.looks = JoinSet::new();
        self.trackers.clear();
        for (index, track) in self.config.tracks.iter().enumerate() {
            let tracker = Tracker::new(track.weight, track.rise, track.fall);
            self.trackers.push(tracker);
            let (id, tell) = (self.id, tell.clone());
            let tell = async move |look| tell.send((id, index, look)).await.is_ok();
            self.looks
                .spawn(health::watch(track.clone(), means.clone(), tell));
        }
    }

    /// What it knows of itself, apart from its group.
    pub(crate) fn condition(&self) -> Option<Condition> {
        if self.line.is_none() {
            return Some(Condition::Out(Cause::Link));
        }
        condition(&self.trackers)
    }

    /// Whether something other than its service, or its group, keeps it out of the election.
    pub(crate) fn is_broken(&self) -> bool {
        let cause = self.router.cause();
        matches!(cause, Some(Cause::Link | Cause::Address)) || self.line.is_none()
    }

    /// Whether others have not given reason for a warning just before; then they have now.
    pub(crate) fn may_warn(&mut self, now: Moment) -> bool {
        let may = self.warned.is_none_or(|last| now.since(last) >= QUIET);
        if may {
            self.warned = Some(now);
        }
        may
    }

    /// Takes note of a change of state, and tells whom it concerns.
    pub(crate) fn became(&mut self, state: State, reason: Reason) {
        self.generation += 1;
        let change = Change {
            instance: self.config.name.clone(),
            state,
            reason,
            why: reason.to_string(),
            priority: self.router.priority(),
            interface: self.config.interface.clone(),
            addresses: self.addresses(),
            at: Timestamp::now().to_string(),
            generation: self.generation,
            stopped: reason == Reason::Stopped,
        };
        tracing::info!(
            instance = self.config.name,
            priority = change.priority,
            "{state}: {reason}"
        );
        self.metrics.became(state);
        if reason == Reason::Nobody {
            self.answer(&Err("nobody has taken over; it is still here".into()));
        } else if state != State::Master {
            self.answer(&Ok(()));
        }
        self.changes.push_back(change.clone());
        if self.changes.len() > REMEMBERED {
            self.changes.pop_front();
        }
        self.hooks.tell(&self.config.notify, change);
    }

    /// Tells those who wait how it has ended.
    fn answer(&mut self, outcome: &Result<(), String>) {
        for waiting in self.waiting.drain(..) {
            // They may have gone.
            drop(waiting.send(outcome.clone()));
        }
    }

    fn addresses(&self) -> Vec<String> {
        let addresses = self.config.addresses.iter();
        addresses
            .map(|address: &IpNet| address.to_string())
            .collect()
    }

    /// Waits for the programs that are run because of it.
    pub(crate) async fn finish(self) {
        let patience = self.config.notify.timeout;
        self.hooks.finish(patience).await;
    }

    /// What operators are shown.
    pub(crate) fn show(&self, now: Moment) -> Value {
        let router = &self.router;
        let peer = router.peer().map(|peer| {
            json!({
                "source": peer.source,
                "priority": peer.priority,
                "heard_seconds_ago": now.since(peer.heard).as_secs_f64(),
            })
        });
        let tracks: Vec<_> = (self.config.tracks.iter().zip(&self.trackers))
            .map(|(track, tracker)| {
                json!({
                    "name": track.name,
                    "up": tracker.is_up(),
                    "weight": track.weight,
                    "points": tracker.points(),
                })
            })
            .collect();
        json!({
            "name": self.config.name,
            "state": router.state(),
            "cause": router.cause().map(|cause| cause.to_string()),
            "priority": router.priority(),
            "configured_priority": self.config.priority,
            "virtual_router_id": self.config.virtual_router_id.get(),
            "interface": self.config.interface,
            "source": self.line.as_ref().map(|line| line.source),
            "addresses": self.addresses(),
            "holds_addresses": router.holds(),
            "leaving": router.is_leaving(),
            "released": router.is_released(),
            "split_brain": router.is_split(now),
            "split_brain_seconds": router.split().as_secs_f64(),
            "last_master": peer,
            "tracks": tracks,
            "changes": self.changes,
        })
    }
}
