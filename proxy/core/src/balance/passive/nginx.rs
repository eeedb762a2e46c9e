//! nginx's accounting (`ngx_http_upstream_round_robin.c`, EDGE U1-U3): a count that only a success
//! in a later window clears, and a weight that failures lower.

use std::num::NonZeroU32;
use std::time::Instant;

use crate::balance::Server;
use crate::balance::memory::{Failures, age, ago};

/// What nginx remembers of a server.
#[derive(Debug, Clone)]
pub(in crate::balance) struct Counter {
    fails: u32,
    /// When a failure was last counted.
    accessed: Option<Instant>,
    /// When the window of `fail_timeout` last began.
    checked: Option<Instant>,
    effective_weight: u32,
}

impl Counter {
    pub(super) fn new(server: &Server) -> Self {
        Self {
            fails: 0,
            accessed: None,
            checked: None,
            effective_weight: server.weight.get(),
        }
    }

    /// U1.
    pub(super) fn is_out(&self, server: &Server, now: Instant) -> bool {
        server.max_fails > 0 && self.fails >= server.max_fails && !self.window_is_over(server, now)
    }

    /// The last moment at which it is out.
    pub(super) fn out_until(&self, server: &Server) -> Option<Instant> {
        self.checked?.checked_add(server.fail_timeout)
    }

    fn window_is_over(&self, server: &Server, now: Instant) -> bool {
        self.checked
            .is_none_or(|checked| now.saturating_duration_since(checked) > server.fail_timeout)
    }

    /// U3: the first pick after `fail_timeout` opens a new window, in which one success clears the
    /// failures and one failure takes the server out again.
    pub(super) fn begin(&mut self, server: &Server, now: Instant) {
        if self.window_is_over(server, now) {
            self.checked = Some(now);
        }
    }

    /// Whether there were failures to clear that had taken the server out.
    pub(super) fn succeeded(&mut self) -> bool {
        let clears = self.accessed < self.checked && self.fails > 0;
        if clears {
            self.fails = 0;
        }
        clears
    }

    pub(super) fn failed(&mut self, server: &Server, now: Instant) {
        self.fails = self.fails.saturating_add(1);
        self.accessed = Some(now);
        self.checked = Some(now);
        if let Some(max_fails) = NonZeroU32::new(server.max_fails) {
            let share = server.weight.get() / max_fails;
            self.effective_weight = self.effective_weight.saturating_sub(share);
        }
    }

    pub(super) fn forgive(&mut self) {
        self.fails = 0;
    }

    pub(super) fn memory(&self, now: Instant) -> Failures {
        Failures::Nginx {
            fails: self.fails,
            accessed: self.accessed.map(|at| age(at, now)),
            checked: self.checked.map(|at| age(at, now)),
            effective_weight: self.effective_weight,
        }
    }

    pub(super) fn recall(&mut self, memory: &Failures, server: &Server, now: Instant) {
        if let Failures::Nginx {
            fails,
            accessed,
            checked,
            effective_weight,
        } = memory
        {
            *self = Self {
                fails: *fails,
                accessed: accessed.map(|age| ago(age, now)),
                checked: checked.map(|age| ago(age, now)),
                effective_weight: (*effective_weight).min(server.weight.get()),
            };
        }
    }

    pub(super) fn weight(&self) -> u32 {
        self.effective_weight
    }

    /// U2: by one with every round, up to what is configured.
    pub(super) fn recover_weight(&mut self, server: &Server) {
        self.effective_weight = (self.effective_weight + 1).min(server.weight.get());
    }
}
