//! Holding the addresses.

use super::{Heard, Leaving, Output, Phase, Reason, Router, Terms, Then};
use crate::announce::Announcements;
use crate::moment::Moment;
use crate::timing::DOWN;

/// The lease is renewed so many times before it ends.
const RENEWALS: u32 = 4;

/// The timers of somebody who holds addresses.
#[derive(Debug, Clone)]
pub(super) struct Holding {
    advert_at: Moment,
    renew_at: Option<Moment>,
    /// When the kernel removes the addresses unless the lease is renewed.
    lapses_at: Option<Moment>,
    /// When an advert may again be sent because of what others did.
    answer_at: Moment,
    announcements: Announcements,
    /// Whether somebody else was master as well, and it is not over yet.
    disputed: bool,
}

impl Holding {
    /// All due at once.
    pub(super) fn begin(terms: &Terms, announcements: Announcements, now: Moment) -> Self {
        Self {
            advert_at: now,
            renew_at: terms.lease.map(|lease| now + lease / RENEWALS),
            lapses_at: terms.lease.map(|lease| now + lease),
            answer_at: now,
            announcements,
            disputed: false,
        }
    }

    pub(super) fn advert_at(&self) -> Moment {
        self.advert_at
    }

    pub(super) fn timeout(&self) -> Moment {
        let others = [self.renew_at, self.announcements.due()];
        others
            .into_iter()
            .flatten()
            .fold(self.advert_at, Moment::min)
    }

    /// Goes on under other terms.
    pub(super) fn advise(&mut self, terms: &Terms, now: Moment) {
        self.advert_at = self.advert_at.min(now + terms.interval);
        self.renew_at = terms.lease.map(|_| now);
    }

    pub(super) fn announce_again(&mut self, now: Moment) {
        self.announcements.repeat(now);
    }

    /// Whether the lease is to be renewed; then it counts as renewed.
    pub(super) fn renew(&mut self, terms: &Terms, now: Moment) -> bool {
        let due = self.renew_at.is_some_and(|due| due <= now);
        if due {
            self.renew_at = terms.lease.map(|lease| now + lease / RENEWALS);
            self.lapses_at = terms.lease.map(|lease| now + lease);
        }
        due
    }

    /// Whether the kernel has removed the addresses by now.
    pub(super) fn has_lapsed(&self, now: Moment) -> bool {
        self.lapses_at.is_some_and(|lapse| lapse <= now)
    }

    /// When the lease is to be renewed.
    pub(super) fn renew_at(&self) -> Option<Moment> {
        self.renew_at
    }
}

impl Router {
    /// Does what is due.
    pub(super) fn hold(&mut self, now: Moment) {
        let (priority, is_split) = (self.priority(), self.is_split(now));
        let Phase::Master(holding) = &mut self.phase else {
            return;
        };
        if holding.advert_at <= now {
            self.outputs.push_back(Output::Send { priority });
            // On time again after a delay, without drift.
            let next = holding.advert_at + self.terms.interval;
            holding.advert_at = if next > now {
                next
            } else {
                now + self.terms.interval
            };
        }
        if holding.renew(&self.terms, now) {
            self.outputs.push_back(Output::Renew);
        }
        if holding.announcements.take(now) {
            self.outputs.push_back(Output::Announce);
            if holding.announcements.is_settled() {
                self.outputs.push_back(Output::Probe);
            }
        }
        if holding.disputed && !is_split {
            holding.disputed = false;
            self.became(Reason::Kept);
        }
    }

    /// Sends an advert now, and the next one an interval later.
    pub(super) fn advertise(&mut self, now: Moment) {
        if let Phase::Master(holding) = &mut self.phase {
            holding.advert_at = now;
        }
    }

    pub(super) fn heard_as_master(&mut self, heard: &Heard, now: Moment) {
        if heard.priority == 0 {
            self.answer(now);
        } else if self.outranks(heard) {
            self.yield_to(heard, now);
        } else if heard.source != self.terms.source {
            self.dispute(now);
            self.answer(now);
        }
    }

    /// Says who is master, and where the addresses are; not for each packet of a flood.
    fn answer(&mut self, now: Moment) {
        if let Phase::Master(holding) = &mut self.phase {
            if holding.answer_at <= now {
                holding.answer_at = now + self.terms.interval;
                holding.advert_at = now;
            }
            holding.announcements.repeat(now);
        }
    }

    /// A better one was heard. It is told that there were two, and the neighbours where the addresses are.
    fn yield_to(&mut self, heard: &Heard, now: Moment) {
        let priority = self.priority();
        self.note(heard, now);
        self.interval = heard.interval;
        self.outputs.push_back(Output::Send { priority });
        self.outputs.push_back(Output::Drop);
        let winner = heard.source;
        self.outputs.push_back(Output::Correct { winner });
        self.listen(now);
        self.became(Reason::Outranked);
    }

    fn note_rival(&mut self, now: Moment) {
        let longest = self.terms.interval * DOWN;
        let since = self.rival.map_or(longest, |last| now.since(last));
        self.split += since.min(longest);
        self.rival = Some(now);
    }

    /// Somebody else answers for the addresses.
    pub(super) fn rival(&mut self, now: Moment) {
        if let Phase::Master(holding) = &mut self.phase {
            holding.announcements.repeat(now);
            self.dispute(now);
        }
    }

    /// Takes note of another master, of whom this one will have to be told apart; not of one that has just been
    /// replaced, which may still say that it was there.
    fn dispute(&mut self, now: Moment) {
        if let Phase::Master(holding) = &mut self.phase
            && holding.announcements.is_settled()
        {
            holding.disputed = true;
            self.note_rival(now);
        }
    }

    /// Somebody has removed an address: it is put again.
    pub(super) fn lost(&mut self, now: Moment) {
        if let Phase::Leaving(leaving) = &mut self.phase {
            leaving.holding.renew_at = Some(now);
        } else if matches!(self.phase, Phase::Master(_) | Phase::Taking { .. }) {
            self.outputs.push_back(Output::Take);
        }
    }

    /// Lets go without a successor: it has not been run for longer than others wait.
    pub(super) fn step_down(&mut self, now: Moment) {
        self.outputs.push_back(Output::Drop);
        self.interval = self.terms.interval;
        self.listen(now);
        self.became(Reason::Stalled);
    }

    /// Says farewell, and holds the addresses until a successor is heard.
    pub(super) fn leave(&mut self, then: Then, reason: Reason, now: Moment) {
        let Phase::Master(holding) = &self.phase else {
            return;
        };
        self.outputs.push_back(Output::Send { priority: 0 });
        let wait = then.wait(self.terms.interval);
        self.phase = Phase::Leaving(Leaving::begin(holding.clone(), then, reason, now + wait));
    }
}
