//! A value that can be replaced while it is in use.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use arc_swap::{ArcSwap, Guard};

/// The value in use, and how the last attempt to replace it went.
///
/// Reading is wait-free. A refused replacement leaves the value as it was.
#[derive(Debug)]
pub struct Live<T> {
    value: ArcSwap<T>,
    state: Mutex<State>,
}

/// What is known about the value in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Counts the values that have been in use, from 1.
    pub generation: u64,
    /// When the value in use came into use.
    pub since: SystemTime,
    /// When a replacement was last tried; the start counts as one.
    pub tried: SystemTime,
    /// Why the last replacement was refused, if it was.
    pub refusal: Option<String>,
}

impl<T> Live<T> {
    /// Starts with `value` as generation 1.
    pub fn new(value: T) -> Self {
        Self::after(0, value)
    }

    /// Starts with `value` as the one after `generation`, which another process had in use.
    pub fn after(generation: u64, value: T) -> Self {
        let now = SystemTime::now();
        let state = State {
            generation: generation.saturating_add(1),
            since: now,
            tried: now,
            refusal: None,
        };
        Self {
            value: ArcSwap::from_pointee(value),
            state: Mutex::new(state),
        }
    }

    /// Puts `value` into use and answers its generation.
    pub fn replace(&self, value: T) -> u64 {
        let mut state = self.locked();
        self.value.store(Arc::new(value));
        let now = SystemTime::now();
        let generation = state.generation + 1;
        *state = State {
            generation,
            since: now,
            tried: now,
            refusal: None,
        };
        generation
    }

    /// Notes that a replacement was refused, and why.
    pub fn refuse(&self, reason: impl Into<String>) {
        let mut state = self.locked();
        state.tried = SystemTime::now();
        state.refusal = Some(reason.into());
    }

    /// The value in use, for a short look.
    pub fn load(&self) -> Guard<Arc<T>> {
        self.value.load()
    }

    /// The value in use, to hold on to across an `await`.
    pub fn load_full(&self) -> Arc<T> {
        self.value.load_full()
    }

    /// What is known about the value in use.
    pub fn state(&self) -> State {
        self.locked().clone()
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_the_value_and_a_success_forgets_the_refusal() {
        let live = Live::new("old");
        live.refuse("line 3: unknown key");
        assert_eq!(**live.load(), "old");
        assert_eq!(live.state().generation, 1);
        assert_eq!(live.state().refusal.as_deref(), Some("line 3: unknown key"));

        let held = live.load_full();
        assert_eq!(live.replace("new"), 2);
        assert_eq!((*held, **live.load()), ("old", "new"));
        assert_eq!(live.state().refusal, None);
    }
}
