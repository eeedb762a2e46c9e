//! One virtual router as one node sees it: the election (RFC 9568 §6).
//!
//! A plain state machine. It is told what happens ([`Input`]) and when, and answers what to do
//! ([`Output`]), in this order; [`Router::timeout`] says when it wants to be asked next. What it does beyond the standard:
//!
//! | what | why |
//! |---|---|
//! | a master that leaves keeps the addresses until its successor is heard | nobody waits for an address that is nowhere |
//! | the only other node takes over at once when the master leaves | there is nobody to wait for |
//! | a node whose service is down stays in the election at the lowest priorities | "no healthy node" must not mean "no address" |
//! | no advert before the kernel has confirmed the addresses | an advert without an address is a black hole |
//! | who wakes up too late lets go, then listens | others have had to go on without him |
//! | a loser says where the addresses are now | neighbours believe whom they heard last |
//! | answers to lower priorities are limited | a flood must not be multiplied |

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::announce::Announcements;
use crate::moment::Moment;
use crate::timing::{DOWN, Skew};

mod backup;
mod event;
mod leaving;
mod master;
mod shown;

pub use event::{Cause, Condition, Heard, Input, Output, Reason, State};
use leaving::{Leaving, Then};
use master::Holding;

/// What a virtual router is to do; parsed from a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// 1 to 254, or 255: the owner of the addresses.
    pub priority: u8,
    /// Between two adverts, as master.
    pub interval: Duration,
    /// The version's rule for the skew.
    pub skew: Skew,
    /// How long a node is fit before it takes over from a lower priority; never if `None`.
    pub preempt: Option<Duration>,
    /// Whether there is exactly one other node, which then need not wait for anybody.
    pub pair: bool,
    /// The address that adverts are sent from: decides between equal priorities.
    pub source: IpAddr,
    /// How long the kernel keeps addresses that nobody renews; for ever if `None`.
    pub lease: Option<Duration>,
    /// How often neighbours are reminded; never if `None`.
    pub refresh: Option<Duration>,
    /// Whether a node whose service is down takes addresses that nobody else holds.
    pub last_resort: bool,
    /// Whether a witness is asked before a silent master is replaced.
    pub witness: bool,
}

/// Priorities up to this one say: only because nobody else does.
pub const LAST_RESORT: u8 = 16;

/// How long a master that leaves waits for a successor.
pub const HANDOVER: Duration = Duration::from_secs(2);

/// How long after the first advert of its successor: keepalived sends that before it has the address.
pub const LINGER: Duration = Duration::from_millis(50);

/// How long the kernel may take to put addresses, and a witness to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// When the kernel is asked again after it has refused.
const RETRY: Duration = Duration::from_secs(3);

impl Terms {
    /// The priority of a node whose service is down: below all that are fit, in the same order.
    fn last_resort_priority(&self) -> u8 {
        1 + self.priority / 16
    }
}

/// A master that was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Where its adverts come from.
    pub source: IpAddr,
    /// The priority of the last one.
    pub priority: u8,
    /// When that came.
    pub heard: Moment,
}

#[derive(Debug, Clone)]
enum Phase {
    /// Nothing is known of the own condition yet.
    Start,
    /// Listening; takes over at `down_at`.
    Backup {
        down_at: Moment,
    },
    /// A witness was asked.
    Asking {
        until: Moment,
    },
    /// The kernel was asked for the addresses.
    Taking {
        why: Reason,
        until: Moment,
    },
    Master(Holding),
    Leaving(Leaving),
    /// Out of the election; after `retry` the cause may be gone.
    Out {
        cause: Cause,
        retry: Option<Moment>,
    },
    Stopped,
}

/// One virtual router of this node.
#[derive(Debug, Clone)]
pub struct Router {
    terms: Terms,
    phase: Phase,
    condition: Option<Condition>,
    /// Since when the service is up.
    fit_since: Moment,
    /// The interval of the master, which for others is the rule.
    interval: Duration,
    peer: Option<Peer>,
    /// Handed over by an operator: not taken back from somebody who holds it.
    released: bool,
    /// Whether the last thing that was heard of the network is that the witness is against it.
    isolated: bool,
    rival: Option<Moment>,
    split: Duration,
    outputs: VecDeque<Output>,
}

impl Router {
    /// A router that knows nothing yet. Its first output removes what an earlier one has left.
    pub fn new(terms: Terms) -> Self {
        Self {
            interval: terms.interval,
            terms,
            phase: Phase::Start,
            condition: None,
            fit_since: Moment::default(),
            peer: None,
            released: false,
            isolated: false,
            rival: None,
            split: Duration::ZERO,
            outputs: VecDeque::from([Output::Drop]),
        }
    }

    /// Takes note of something, and of the time.
    pub fn handle(&mut self, input: Input, now: Moment) {
        self.wake(now);
        match input {
            Input::Heard(heard) => self.heard(&heard, now),
            Input::Condition(condition) => self.conditioned(condition, now),
            Input::Taken(taken) => self.taken(taken, now),
            Input::Lost => self.lost(now),
            Input::Rival => self.rival(now),
            Input::Witness(agrees) => self.witnessed(agrees, now),
            Input::Follow(State::Master) => self.follow(now),
            Input::Follow(_) => self.leave(Then::Back, Reason::Group, now),
            Input::Release => self.release(now),
            Input::Resume => self.released = false,
            Input::Stop => self.stop(now),
            Input::Tick => {}
        }
        self.expire(now);
    }

    /// What to do next, until there is nothing.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Tick`] is wanted at the latest.
    pub fn timeout(&self) -> Option<Moment> {
        match &self.phase {
            Phase::Backup { down_at } => Some(*down_at),
            Phase::Asking { until } | Phase::Taking { until, .. } => Some(*until),
            Phase::Master(holding) => Some(holding.timeout()),
            Phase::Leaving(leaving) => Some(leaving.timeout()),
            Phase::Out { retry, .. } => *retry,
            Phase::Start | Phase::Stopped => None,
        }
    }

    /// Goes on under other terms.
    pub fn reconfigure(&mut self, terms: Terms, now: Moment) {
        let before = self.priority();
        if !matches!(self.phase, Phase::Backup { .. } | Phase::Asking { .. }) {
            self.interval = terms.interval;
        }
        self.terms = terms;
        if let Phase::Master(holding) = &mut self.phase {
            holding.advise(&self.terms, now);
            if self.priority() != before {
                self.advertise(now);
            }
        } else if self.condition == Some(Condition::Unfit) {
            self.conditioned(Condition::Unfit, now);
        }
    }

    /// Who wakes up later than others wait lets go, and listens first.
    fn wake(&mut self, now: Moment) {
        if let Phase::Backup { down_at } = self.phase
            && now.since(down_at) > self.interval
        {
            self.listen(now);
        }
        let patience = self.terms.interval * DOWN;
        let (due, holding) = match &self.phase {
            Phase::Master(holding) => (holding.advert_at(), holding),
            Phase::Leaving(leaving) => (leaving.timeout(), &leaving.holding),
            Phase::Start
            | Phase::Backup { .. }
            | Phase::Asking { .. }
            | Phase::Taking { .. }
            | Phase::Out { .. }
            | Phase::Stopped => return,
        };
        if now.since(due) > patience || holding.has_lapsed(now) {
            self.step_down(now);
        }
    }

    /// Does what is due.
    fn expire(&mut self, now: Moment) {
        if self.timeout().is_none_or(|due| now < due) {
            return;
        }
        match &self.phase {
            Phase::Backup { .. } => self.silent(now),
            Phase::Asking { .. } => self.witnessed(false, now),
            Phase::Taking { .. } => self.taken(false, now),
            Phase::Master(_) => self.hold(now),
            Phase::Leaving(_) => self.linger(now),
            Phase::Out { .. } => self.enter(now),
            Phase::Start | Phase::Stopped => {}
        }
    }

    fn heard(&mut self, heard: &Heard, now: Moment) {
        match &self.phase {
            Phase::Start | Phase::Out { .. } | Phase::Stopped => self.note(heard, now),
            Phase::Backup { .. } | Phase::Asking { .. } => self.heard_as_backup(heard, now),
            Phase::Taking { .. } => self.heard_while_taking(heard, now),
            Phase::Master(_) => self.heard_as_master(heard, now),
            Phase::Leaving(_) => self.heard_while_leaving(heard, now),
        }
    }

    fn note(&mut self, heard: &Heard, now: Moment) {
        self.peer = Some(Peer {
            source: heard.source,
            priority: heard.priority,
            heard: now,
        });
    }

    /// Whether an advert is of somebody who goes before this node (RFC 9568 §6.4.3).
    fn outranks(&self, heard: &Heard) -> bool {
        let own = (self.priority(), self.terms.source);
        (heard.priority, heard.source) > own
    }

    fn conditioned(&mut self, condition: Condition, now: Moment) {
        let before = (self.state(), self.priority());
        let was_fit = self.is_fit();
        self.condition = Some(condition);
        match condition {
            Condition::Out(cause) => self.drop_out(cause, now),
            Condition::Unfit if !self.terms.last_resort => self.drop_out(Cause::Service, now),
            Condition::Fit { .. } | Condition::Unfit => {
                if !was_fit {
                    self.fit_since = now;
                }
                self.reconsider(before, now);
            }
        }
    }

    /// Goes on with another condition, none that keeps it out of the election.
    fn reconsider(&mut self, before: (State, u8), now: Moment) {
        let fit = self.is_fit();
        match &self.phase {
            Phase::Start => self.enter(now),
            // What the kernel has refused it is asked again when its time has come.
            Phase::Out { cause, .. } => {
                if *cause != Cause::Address {
                    self.enter(now);
                }
            }
            Phase::Backup { .. } | Phase::Asking { .. } => {
                if self.state() != before.0 {
                    self.listen(now);
                    self.became(if fit { Reason::Fit } else { Reason::Unfit });
                }
            }
            Phase::Master(_) => {
                if !fit {
                    self.leave(Then::Hold, Reason::Unfit, now);
                } else if self.priority() != before.1 {
                    self.advertise(now);
                }
            }
            Phase::Leaving(leaving) => {
                if fit && leaving.is_for_want_of_service() {
                    self.keep(Reason::Fit, now);
                }
            }
            Phase::Taking { .. } | Phase::Stopped => {}
        }
    }

    fn is_fit(&self) -> bool {
        matches!(self.condition, Some(Condition::Fit { .. }))
    }

    /// Joins the election.
    fn enter(&mut self, now: Moment) {
        self.interval = self.terms.interval;
        match self.condition {
            None => {}
            Some(Condition::Out(cause)) => self.phase = Phase::Out { cause, retry: None },
            Some(Condition::Fit { .. }) if self.terms.priority == 255 => {
                self.take(Reason::Owner, now);
            }
            Some(Condition::Fit { .. } | Condition::Unfit) => {
                self.listen(now);
                self.became(Reason::Start);
            }
        }
    }

    /// Leaves the election at once; whoever is master has nothing to serve with.
    fn drop_out(&mut self, cause: Cause, now: Moment) {
        let retry = (cause == Cause::Address).then_some(now + RETRY);
        if matches!(self.phase, Phase::Stopped | Phase::Out { .. }) {
            if let Phase::Out { .. } = self.phase {
                self.phase = Phase::Out { cause, retry };
            }
            return;
        }
        if self.holds() && cause != Cause::Link {
            self.outputs.push_back(Output::Send { priority: 0 });
        }
        self.outputs.push_back(Output::Drop);
        self.phase = Phase::Out { cause, retry };
        self.became(Reason::Out(cause));
    }

    fn became(&mut self, reason: Reason) {
        let state = self.state();
        self.outputs.push_back(Output::Became { state, reason });
    }

    fn announcements(&self, now: Moment) -> Announcements {
        Announcements::begin(now, self.terms.refresh)
    }
}
