//! What failed requests lead to, in either profile.

mod nginx;
mod window;

use std::time::Instant;

use self::nginx::Counter;
use self::window::Window;
use super::Server;
use super::memory::Failures;

/// How an upstream treats servers that fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// As nginx does, with what its users know of it (EDGE U1-U11).
    Nginx,
    /// So that neither a bad request nor a bad minute takes a service away (EDGE §4, pains 1 and 2).
    Safe {
        /// The largest share of the servers that failed requests alone may take out, in percent.
        most_ejected: u32,
    },
}

/// The failures of one server.
#[derive(Debug, Clone)]
pub(super) enum Passive {
    Nginx(Counter),
    Safe(Window),
}

impl Passive {
    pub(super) fn new(profile: Profile, server: &Server) -> Self {
        match profile {
            Profile::Nginx => Self::Nginx(Counter::new(server)),
            Profile::Safe { .. } => Self::Safe(Window::default()),
        }
    }

    /// Whether failures keep it from being asked.
    pub(super) fn is_out(&self, server: &Server, now: Instant) -> bool {
        match self {
            Self::Nginx(counter) => counter.is_out(server, now),
            Self::Safe(window) => window.is_out(now),
        }
    }

    /// Until when failures keep it out, if that ends by itself.
    pub(super) fn out_until(&self, server: &Server) -> Option<Instant> {
        match self {
            Self::Nginx(counter) => counter.out_until(server),
            Self::Safe(window) => window.out_until(),
        }
    }

    /// A request is sent to it; whether that is the trial after an ejection.
    pub(super) fn begin(&mut self, server: &Server, now: Instant) -> bool {
        match self {
            Self::Nginx(counter) => {
                counter.begin(server, now);
                false
            }
            Self::Safe(window) => window.begin(now),
        }
    }

    /// Whether the success ends an ejection.
    pub(super) fn succeeded(&mut self, trial: bool, now: Instant) -> bool {
        match self {
            Self::Nginx(counter) => counter.succeeded(),
            Self::Safe(window) => window.succeeded(trial, now),
        }
    }

    pub(super) fn failed(
        &mut self,
        server: &Server,
        trial: bool,
        now: Instant,
        key: Option<u64>,
        may_eject: bool,
    ) {
        match self {
            Self::Nginx(counter) if may_eject => counter.failed(server, now),
            Self::Nginx(_) => {}
            Self::Safe(window) => window.failed(server, trial, now, key, may_eject),
        }
    }

    /// The trial ended without an outcome.
    pub(super) fn abandon(&mut self) {
        if let Self::Safe(window) = self {
            window.abandon();
        }
    }

    /// Probes have shown that the server is well.
    pub(super) fn forgive(&mut self) {
        match self {
            Self::Nginx(counter) => counter.forgive(),
            Self::Safe(window) => window.forgive(),
        }
    }

    /// What another process has to know.
    pub(super) fn memory(&self, now: Instant) -> Failures {
        match self {
            Self::Nginx(counter) => counter.memory(now),
            Self::Safe(window) => window.memory(now),
        }
    }

    /// Goes on with what another process knew, if it counted in the same way.
    pub(super) fn recall(&mut self, memory: &Failures, server: &Server, now: Instant) {
        match self {
            Self::Nginx(counter) => counter.recall(memory, server, now),
            Self::Safe(window) => window.recall(memory, server, now),
        }
    }

    pub(super) fn weight(&self, server: &Server) -> u32 {
        match self {
            Self::Nginx(counter) => counter.weight(),
            Self::Safe(_) => server.weight.get(),
        }
    }

    /// Whether its weight is not what is configured.
    pub(super) fn is_recovering(&self, server: &Server) -> bool {
        self.weight(server) != server.weight.get()
    }

    pub(super) fn recover_weight(&mut self, server: &Server) {
        if let Self::Nginx(counter) = self {
            counter.recover_weight(server);
        }
    }
}
