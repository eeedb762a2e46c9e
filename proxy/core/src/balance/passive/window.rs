//! The safe profile's accounting: the failures of exactly the last `fail_timeout`.
//!
//! A server is out when `max_fails` of its requests failed within that time. After `fail_timeout`
//! one request, the trial, finds out whether it is back, while the others go elsewhere. Failures that
//! the request itself may have caused (the server took it and did not answer) count once for each
//! thing asked for, as long as the server answers other requests: one URL that hangs does not take a
//! server away from everybody else.

use std::collections::VecDeque;
use std::time::Instant;

use crate::balance::Server;
use crate::balance::memory::{Failures, age, ago};

/// The failures of a server that still count, and its ejection.
#[derive(Debug, Clone, Default)]
pub(in crate::balance) struct Window {
    /// In order of time; never more than `max_fails`.
    failures: VecDeque<Failed>,
    /// When it last answered.
    answered: Option<Instant>,
    ejection: Option<Ejection>,
}

#[derive(Debug, Clone, Copy)]
struct Failed {
    at: Instant,
    key: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Ejection {
    until: Instant,
    /// Whether the trial is under way.
    trial: bool,
}

impl Window {
    pub(super) fn is_out(&self, now: Instant) -> bool {
        self.ejection
            .is_some_and(|ejection| now < ejection.until || ejection.trial)
    }

    /// When it may be asked again; while the trial is under way, that depends on the trial.
    pub(super) fn out_until(&self) -> Option<Instant> {
        let ejection = self.ejection.filter(|ejection| !ejection.trial);
        ejection.map(|ejection| ejection.until)
    }

    pub(super) fn begin(&mut self, now: Instant) -> bool {
        match &mut self.ejection {
            Some(ejection) if now >= ejection.until && !ejection.trial => {
                ejection.trial = true;
                true
            }
            _ => false,
        }
    }

    pub(super) fn succeeded(&mut self, trial: bool, now: Instant) -> bool {
        self.answered = Some(now);
        if trial {
            self.forgive();
        }
        trial
    }

    pub(super) fn failed(
        &mut self,
        server: &Server,
        trial: bool,
        now: Instant,
        key: Option<u64>,
        may_eject: bool,
    ) {
        let out = Ejection {
            until: now + server.fail_timeout,
            trial: false,
        };
        if trial {
            self.ejection = Some(out);
            return;
        }
        if server.max_fails == 0 || self.is_out(now) {
            return;
        }
        self.failures
            .retain(|failed| now.saturating_duration_since(failed.at) <= server.fail_timeout);
        if key.is_some() && self.blames_request(key) {
            return;
        }
        self.failures.push_back(Failed { at: now, key });
        let limit = usize::try_from(server.max_fails).unwrap_or(usize::MAX);
        if self.failures.len() >= limit {
            if may_eject {
                self.ejection = Some(out);
            }
            self.failures.pop_front();
        }
    }

    /// What was asked for is not told: a process numbers that as it likes.
    pub(super) fn memory(&self, now: Instant) -> Failures {
        Failures::Safe {
            failures: self.failures.iter().map(|at| age(at.at, now)).collect(),
            answered: self.answered.map(|at| age(at, now)),
            ejected: self
                .ejection
                .map(|ejection| ejection.until.saturating_duration_since(now)),
        }
    }

    pub(super) fn recall(&mut self, memory: &Failures, server: &Server, now: Instant) {
        let Failures::Safe {
            failures,
            answered,
            ejected,
        } = memory
        else {
            return;
        };
        let most = usize::try_from(server.max_fails).unwrap_or(usize::MAX);
        let failed = failures.iter().take(most.saturating_sub(1));
        *self = Self {
            failures: failed
                .map(|age| Failed {
                    at: ago(*age, now),
                    key: None,
                })
                .collect(),
            answered: answered.map(|age| ago(age, now)),
            // What is configured now counts: it may be less than it was.
            ejection: ejected.filter(|_| most > 0).map(|left| Ejection {
                until: now + left.min(server.fail_timeout),
                trial: false,
            }),
        };
    }

    /// Whether the same thing was asked for before, failed, and the server has answered since.
    fn blames_request(&self, key: Option<u64>) -> bool {
        self.failures
            .iter()
            .any(|failed| failed.key == key && self.answered >= Some(failed.at))
    }

    pub(super) fn abandon(&mut self) {
        if let Some(ejection) = &mut self.ejection {
            ejection.trial = false;
        }
    }

    pub(super) fn forgive(&mut self) {
        self.failures.clear();
        self.ejection = None;
    }
}
