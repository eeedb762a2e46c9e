//! Handing the addresses over: they are kept until a successor is heard.

use std::time::Duration;

use super::{HANDOVER, Heard, Holding, LINGER, Output, Phase, Reason, Router, State};
use crate::moment::Moment;

/// What comes after a farewell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// The service is down: gone as soon as somebody else is there, and the last resort otherwise.
    Hold,
    /// An operator wants it: gone when somebody else is there, and master as before otherwise.
    Keep,
    /// The group goes first: gone when somebody else is there, and in any case.
    Back,
    /// The daemon ends, whoever is there.
    Stop,
}

impl Then {
    /// How long a successor is waited for.
    pub(super) fn wait(self, interval: Duration) -> Duration {
        match self {
            // Longer than the skew of those who are fit, shorter than the patience of those who are not.
            Self::Hold => interval * 2,
            Self::Keep | Self::Back | Self::Stop => HANDOVER,
        }
    }
}

/// Somebody who has said farewell.
#[derive(Debug, Clone)]
pub(super) struct Leaving {
    pub(super) holding: Holding,
    then: Then,
    reason: Reason,
    until: Moment,
    /// Whether a successor was heard.
    succeeded: bool,
}

impl Leaving {
    pub(super) fn begin(holding: Holding, then: Then, reason: Reason, until: Moment) -> Self {
        Self {
            holding,
            then,
            reason,
            until,
            succeeded: false,
        }
    }

    pub(super) fn timeout(&self) -> Moment {
        let renew = self.holding.renew_at();
        renew.map_or(self.until, |renew| renew.min(self.until))
    }

    pub(super) fn is_for_want_of_service(&self) -> bool {
        self.then == Then::Hold && !self.succeeded
    }
}

impl Router {
    pub(super) fn heard_while_leaving(&mut self, heard: &Heard, now: Moment) {
        let Phase::Leaving(leaving) = &self.phase else {
            return;
        };
        // Another that leaves is no successor, and a worse last resort is none either.
        if heard.priority == 0 || (leaving.then == Then::Hold && !self.outranks(heard)) {
            return;
        }
        let (then, known) = (leaving.then, leaving.succeeded);
        self.note(heard, now);
        self.interval = heard.interval;
        if then == Then::Hold {
            self.let_go(now);
        } else if !known && let Phase::Leaving(leaving) = &mut self.phase {
            leaving.succeeded = true;
            leaving.until = now + LINGER;
        }
    }

    /// Does what is due.
    pub(super) fn linger(&mut self, now: Moment) {
        let Phase::Leaving(leaving) = &mut self.phase else {
            return;
        };
        if leaving.until <= now {
            match (leaving.then, leaving.succeeded) {
                (Then::Hold, _) => self.keep(Reason::Unfit, now),
                (Then::Keep, false) => {
                    self.released = false;
                    self.keep(Reason::Nobody, now);
                }
                (Then::Keep, true) | (Then::Back | Then::Stop, _) => self.let_go(now),
            }
        } else if leaving.holding.renew(&self.terms, now) {
            self.outputs.push_back(Output::Renew);
        }
    }

    /// Removes the addresses.
    fn let_go(&mut self, now: Moment) {
        let Phase::Leaving(leaving) = &self.phase else {
            return;
        };
        let (then, reason) = (leaving.then, leaving.reason);
        self.outputs.push_back(Output::Drop);
        if let Some(peer) = self
            .peer
            .filter(|_| leaving.succeeded || then == Then::Hold)
        {
            let winner = peer.source;
            self.outputs.push_back(Output::Correct { winner });
        }
        if then == Then::Stop {
            self.phase = Phase::Stopped;
        } else {
            self.listen(now);
        }
        self.became(reason);
    }

    /// Goes on as master.
    pub(super) fn keep(&mut self, reason: Reason, now: Moment) {
        self.interval = self.terms.interval;
        let holding = Holding::begin(&self.terms, self.announcements(now), now);
        self.phase = Phase::Master(holding);
        self.became(reason);
        self.hold(now);
    }

    pub(super) fn release(&mut self, now: Moment) {
        if self.state() != State::Init {
            self.released = true;
        }
        self.leave(Then::Keep, Reason::Released, now);
    }

    pub(super) fn stop(&mut self, now: Moment) {
        match &mut self.phase {
            Phase::Stopped => {}
            Phase::Master(_) => self.leave(Then::Stop, Reason::Stopped, now),
            Phase::Leaving(leaving) => {
                leaving.then = Then::Stop;
                leaving.reason = Reason::Stopped;
            }
            Phase::Start
            | Phase::Backup { .. }
            | Phase::Asking { .. }
            | Phase::Taking { .. }
            | Phase::Out { .. } => {
                self.outputs.push_back(Output::Drop);
                self.phase = Phase::Stopped;
                self.became(Reason::Stopped);
            }
        }
    }
}
