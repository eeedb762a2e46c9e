//! Active health: what probes say about a server, with a memory (`rise` and `fall`).

use std::num::NonZeroU32;

/// How many probes in a row change a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// Successes in a row that bring a server up.
    pub rise: NonZeroU32,
    /// Failures in a row that take a server down.
    pub fall: NonZeroU32,
}

/// A change of verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The server may be asked again.
    Up,
    /// The server is not to be asked.
    Down,
}

/// The verdict on one server. It starts up: a proxy that has just started has no reason to refuse
/// what its servers would answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    up: bool,
    /// Probes in a row that contradict the verdict.
    against: u32,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            up: true,
            against: 0,
        }
    }
}

impl Health {
    /// Whether the server may be asked.
    pub fn is_up(self) -> bool {
        self.up
    }

    /// The verdict, and the probes in a row that contradict it.
    pub fn parts(self) -> (bool, u32) {
        (self.up, self.against)
    }

    /// A verdict that was reached before.
    pub fn from_parts(up: bool, against: u32) -> Self {
        Self { up, against }
    }

    /// Takes the outcome of one probe.
    pub fn observe(&mut self, passed: bool, thresholds: &Thresholds) -> Option<Change> {
        if passed == self.up {
            self.against = 0;
            return None;
        }
        self.against = self.against.saturating_add(1);
        let needed = if passed {
            thresholds.rise
        } else {
            thresholds.fall
        };
        if self.against < needed.get() {
            return None;
        }
        *self = Self {
            up: passed,
            against: 0,
        };
        Some(if passed { Change::Up } else { Change::Down })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn thresholds(rise: u32, fall: u32) -> Thresholds {
        Thresholds {
            rise: NonZeroU32::new(rise).unwrap(),
            fall: NonZeroU32::new(fall).unwrap(),
        }
    }

    #[test]
    fn only_a_run_changes_the_verdict() {
        let thresholds = thresholds(2, 3);
        let mut health = Health::default();
        let outcomes = [
            false, false, true, false, false, false, true, false, true, true,
        ];
        let changes: Vec<Option<Change>> = outcomes
            .iter()
            .map(|passed| health.observe(*passed, &thresholds))
            .collect();
        let mut expected = vec![None; outcomes.len()];
        expected[5] = Some(Change::Down);
        expected[9] = Some(Change::Up);
        assert_eq!(changes, expected);
    }

    proptest! {
        #[test]
        fn the_last_run_decides(
            outcomes in prop::collection::vec(any::<bool>(), 1..60),
            rise in 1u32..5, fall in 1u32..5,
        ) {
            let mut health = Health::default();
            for passed in &outcomes {
                health.observe(*passed, &thresholds(rise, fall));
            }
            let last = *outcomes.last().unwrap();
            let run = outcomes.iter().rev().take_while(|passed| **passed == last).count();
            let needed = if last { rise } else { fall } as usize;
            if run >= needed {
                prop_assert_eq!(health.is_up(), last);
            }
        }
    }
}
