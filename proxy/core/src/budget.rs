//! How many retries an upstream affords: a share of its requests, so that a failing upstream is not
//! asked several times as often as a healthy one (as Finagle's and Envoy's retry budgets).

use std::collections::VecDeque;
use std::time::Instant;

/// What a retry budget is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Retries for every hundred requests of the last ten seconds.
    pub percent: u32,
    /// Retries that are afforded in ten seconds however few the requests are.
    pub reserve: u32,
}

/// The requests and retries of the last ten seconds.
#[derive(Debug, Clone, Default)]
pub struct Budget {
    /// In order of time; seconds in which nothing happened are missing.
    seconds: VecDeque<Second>,
    /// What seconds are counted from.
    epoch: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Second {
    number: u64,
    requests: u64,
    retries: u64,
}

/// How many seconds count.
const SECONDS: u64 = 10;

impl Budget {
    /// Counts a request that is sent for the first time.
    pub fn deposit(&mut self, now: Instant) {
        if let Some(second) = self.current(now) {
            second.requests += 1;
        }
    }

    /// Whether there is a retry left.
    pub fn affords(&mut self, terms: Terms, now: Instant) -> bool {
        self.current(now);
        let requests: u64 = self.seconds.iter().map(|second| second.requests).sum();
        let retries: u64 = self.seconds.iter().map(|second| second.retries).sum();
        retries < u64::from(terms.reserve) + requests * u64::from(terms.percent) / 100
    }

    /// Takes a retry out of the budget.
    pub fn withdraw(&mut self, now: Instant) {
        if let Some(second) = self.current(now) {
            second.retries += 1;
        }
    }

    /// The current second, after those that no longer count were dropped.
    fn current(&mut self, now: Instant) -> Option<&mut Second> {
        let epoch = *self.epoch.get_or_insert(now);
        let number = now.saturating_duration_since(epoch).as_secs();
        while self
            .seconds
            .front()
            .is_some_and(|second| second.number + SECONDS <= number)
        {
            self.seconds.pop_front();
        }
        // Workers read their clocks one after another: the last second may be a little ahead.
        if self.seconds.back().is_none_or(|last| last.number < number) {
            self.seconds.push_back(Second {
                number,
                requests: 0,
                retries: 0,
            });
        }
        self.seconds.back_mut()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    #[expect(clippy::disallowed_methods, reason = "a test is the outside")]
    fn start() -> Instant {
        Instant::now()
    }

    fn spend(budget: &mut Budget, terms: Terms, now: Instant) -> bool {
        let affords = budget.affords(terms, now);
        if affords {
            budget.withdraw(now);
        }
        affords
    }

    #[test]
    fn a_share_of_the_requests_and_a_reserve() {
        let terms = Terms {
            percent: 20,
            reserve: 3,
        };
        let mut budget = Budget::default();
        let now = start();
        assert_eq!((0..9).filter(|_| spend(&mut budget, terms, now)).count(), 3);
        (0..10).for_each(|_| budget.deposit(now));
        assert_eq!((0..9).filter(|_| spend(&mut budget, terms, now)).count(), 2);
        let later = now + Duration::from_secs(SECONDS);
        assert_eq!(
            (0..9).filter(|_| spend(&mut budget, terms, later)).count(),
            3
        );
    }

    proptest! {
        /// In no ten seconds are there more retries than the terms afford, and memory is bounded.
        #[test]
        fn never_more_than_afforded(
            steps in prop::collection::vec((0u64..3000, any::<bool>()), 1..400),
            percent in 0u32..100, reserve in 0u32..10,
        ) {
            let terms = Terms { percent, reserve };
            let mut budget = Budget::default();
            let mut now = start();
            let mut first = None;
            let mut events: Vec<(u64, bool)> = Vec::new();
            for (millis, retry) in steps {
                now += Duration::from_millis(millis);
                let second = (now - *first.get_or_insert(now)).as_secs();
                if !retry {
                    budget.deposit(now);
                    events.push((second, false));
                } else if spend(&mut budget, terms, now) {
                    events.push((second, true));
                }
                let count = |retry: bool, seconds: u64| {
                    let recent = |event: &&(u64, bool)| event.1 == retry && event.0 + seconds > second;
                    events.iter().filter(recent).count() as u64
                };
                // A retry is afforded by the requests of its own ten seconds, which may have ended.
                let most = u64::from(reserve) + count(false, 2 * SECONDS) * u64::from(percent) / 100;
                prop_assert!(count(true, SECONDS) <= most);
                prop_assert!(budget.seconds.len() as u64 <= SECONDS + 1);
            }
        }
    }
}
