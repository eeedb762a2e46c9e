//! When neighbours are told where an address is.

use std::time::Duration;

use crate::moment::Moment;

/// When, after an address has come to a node, its neighbours are told so: at once, for those who lose
/// or refuse the first, and again when switches have learnt what is connected to them.
const ROUNDS: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_millis(5),
    Duration::from_millis(50),
    Duration::from_millis(250),
    Duration::from_secs(1),
    Duration::from_secs(5),
];

/// After so many of them nobody else has reason to answer for the address.
const SETTLED: usize = 4;

/// The shortest time between two beginnings that others have caused.
const LIMIT: Duration = Duration::from_secs(1);

/// The announcements of one holder of addresses.
#[derive(Debug, Clone)]
pub(crate) struct Announcements {
    /// When these rounds began.
    begun: Moment,
    /// How many of them are over.
    done: usize,
    next: Option<Moment>,
    /// How often neighbours are reminded after that; never if `None`.
    refresh: Option<Duration>,
}

impl Announcements {
    /// All rounds, the first one now.
    pub(crate) fn begin(now: Moment, refresh: Option<Duration>) -> Self {
        Self {
            begun: now,
            done: 0,
            next: Some(now),
            refresh,
        }
    }

    /// All rounds again because of what somebody else did, but not more often than once a second.
    pub(crate) fn repeat(&mut self, now: Moment) {
        if now.since(self.begun) >= LIMIT {
            *self = Self::begin(now, self.refresh);
        }
    }

    /// When the next one is due.
    pub(crate) fn due(&self) -> Option<Moment> {
        self.next
    }

    /// Whether enough time has passed for those before to have let go.
    pub(crate) fn is_settled(&self) -> bool {
        self.done >= SETTLED
    }

    /// Whether one is due; then it counts as made.
    pub(crate) fn take(&mut self, now: Moment) -> bool {
        if self.next.is_none_or(|due| now < due) {
            return false;
        }
        self.done += 1;
        // Rounds that were missed are not made up for.
        while ROUNDS
            .get(self.done)
            .is_some_and(|round| self.begun + *round <= now)
        {
            self.done += 1;
        }
        self.next = match ROUNDS.get(self.done) {
            Some(round) => Some(self.begun + *round),
            None => self.refresh.map(|refresh| now + refresh),
        };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Moment {
        Moment::after_start(Duration::from_millis(ms))
    }

    #[test]
    fn neighbours_are_told_six_times_and_then_reminded() {
        let mut announcements = Announcements::begin(at(0), Some(Duration::from_secs(10)));
        let mut told = Vec::new();
        while let Some(due) = announcements.due() {
            if due > at(30_000) {
                break;
            }
            assert!(announcements.take(due));
            told.push(due.since(at(0)).as_millis());
        }
        assert_eq!(told, [0, 5, 50, 250, 1000, 5000, 15_000, 25_000]);
    }

    #[test]
    fn others_cause_one_beginning_a_second() {
        let mut announcements = Announcements::begin(at(0), None);
        assert!(announcements.take(at(0)));
        announcements.repeat(at(999));
        assert!(announcements.take(at(999)), "what was due anyway");
        assert!(!announcements.take(at(999)));
        announcements.repeat(at(1000));
        assert!(announcements.take(at(1000)));
    }
}
