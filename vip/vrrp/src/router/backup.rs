//! Listening to a master, and taking over from it.

use super::{Cause, Heard, Holding, LAST_RESORT, Output, PATIENCE, Phase, Reason, Router};
use crate::moment::Moment;
use crate::timing::DOWN;

/// By how much the skew is shortened when a master has left: enough to keep an order among several.
const HURRY: u32 = 16;

impl Router {
    /// Waits for adverts for as long as a master may be silent.
    pub(super) fn listen(&mut self, now: Moment) {
        let down = self.terms.skew.down(self.priority(), self.interval);
        self.phase = Phase::Backup {
            down_at: now + down,
        };
    }

    pub(super) fn heard_as_backup(&mut self, heard: &Heard, now: Moment) {
        self.isolated = false;
        if heard.priority == 0 {
            self.heard_farewell(heard, now);
        } else if heard.priority < self.priority() && self.may_preempt(heard) {
            self.heard_lower(heard, now);
        } else {
            self.note(heard, now);
            self.interval = heard.interval;
            self.listen(now);
        }
    }

    /// A master of a lower priority, which this node may take over from.
    fn heard_lower(&mut self, heard: &Heard, now: Moment) {
        let patience = self.interval * DOWN;
        let obeyed = self.peer.is_some_and(|peer| {
            let better = peer.priority >= self.priority() && peer.source != heard.source;
            better && now.since(peer.heard) < patience
        });
        if obeyed {
            // A loser says to the winner that it was there.
            return;
        }
        self.note(heard, now);
        let delay = self.terms.preempt.unwrap_or_default();
        if now.since(self.fit_since) >= delay || heard.priority <= LAST_RESORT {
            self.take(Reason::Preempted, now);
        } else {
            self.listen(now);
        }
    }

    /// The master leaves. Of others, who never were, it means nothing.
    fn heard_farewell(&mut self, heard: &Heard, now: Moment) {
        if self.peer.is_some_and(|peer| peer.source != heard.source) {
            return;
        }
        self.note(heard, now);
        if !self.is_fit() {
            // It goes on as the last resort if nobody else comes; then there is nothing to be gained here.
            self.listen(now);
        } else if self.terms.pair {
            self.take(Reason::Left, now);
        } else {
            let wait = self.terms.skew.of(self.priority(), self.interval) / HURRY;
            let down_at = now + wait;
            self.phase = Phase::Backup { down_at };
        }
    }

    /// Whether a master of a lower priority is to be replaced. One that cannot serve always is.
    fn may_preempt(&self, heard: &Heard) -> bool {
        let wants = self.terms.preempt.is_some() || self.priority() == 255;
        self.is_fit() && ((wants && !self.released) || heard.priority <= LAST_RESORT)
    }

    /// The time to wait for the master is over.
    pub(super) fn silent(&mut self, now: Moment) {
        let left = self.peer.is_some_and(|peer| peer.priority == 0);
        if left {
            self.take(Reason::Left, now);
        } else if self.terms.witness {
            self.outputs.push_back(Output::Ask);
            self.phase = Phase::Asking {
                until: now + PATIENCE,
            };
        } else {
            self.take(Reason::Silence, now);
        }
    }

    pub(super) fn witnessed(&mut self, agrees: bool, now: Moment) {
        if !matches!(self.phase, Phase::Asking { .. }) {
            return;
        }
        if agrees {
            self.take(Reason::Silence, now);
        } else {
            self.listen(now);
            // It is asked again and again; that nothing has changed concerns nobody.
            if !self.isolated {
                self.isolated = true;
                self.became(Reason::Isolated);
            }
        }
    }

    pub(super) fn take(&mut self, why: Reason, now: Moment) {
        self.isolated = false;
        self.outputs.push_back(Output::Take);
        self.phase = Phase::Taking {
            why,
            until: now + PATIENCE,
        };
    }

    /// Another router of the group has become master.
    pub(super) fn follow(&mut self, now: Moment) {
        if matches!(self.phase, Phase::Backup { .. } | Phase::Asking { .. }) {
            self.take(Reason::Group, now);
        }
    }

    /// Somebody was master, or has become it, while the kernel was being asked.
    pub(super) fn heard_while_taking(&mut self, heard: &Heard, now: Moment) {
        let yields = self.outranks(heard) || (heard.priority > 0 && !self.may_preempt(heard));
        if yields {
            self.outputs.push_back(Output::Drop);
            self.note(heard, now);
            self.interval = heard.interval;
            self.listen(now);
        }
    }

    pub(super) fn taken(&mut self, taken: bool, now: Moment) {
        match (&mut self.phase, taken) {
            (Phase::Taking { why, .. }, true) => {
                let why = *why;
                self.released = false;
                self.interval = self.terms.interval;
                let holding = Holding::begin(&self.terms, self.announcements(now), now);
                self.phase = Phase::Master(holding);
                self.became(why);
            }
            (Phase::Master(holding), true) => holding.announce_again(now),
            (Phase::Taking { .. } | Phase::Master(_) | Phase::Leaving(_), false) => {
                self.drop_out(Cause::Address, now);
            }
            // It has changed its mind since it asked.
            (
                Phase::Start
                | Phase::Backup { .. }
                | Phase::Asking { .. }
                | Phase::Leaving(_)
                | Phase::Out { .. }
                | Phase::Stopped,
                _,
            ) => {}
        }
    }
}
