//! Whether what a node serves with is up, and what that means for its priority.

use serde::{Deserialize, Serialize};

use crate::router::Condition;

/// What a tracker that is down, or up, means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Down: the node is not fit.
    Fault,
    /// Negative: added to the priority while down. Positive: added while up (keepalived's rule).
    Points(i16),
}

/// One thing that is tracked.
#[derive(Debug, Clone)]
pub struct Tracker {
    weight: Weight,
    rise: u32,
    fall: u32,
    up: Option<bool>,
    /// How many results in a row have said the opposite.
    against: u32,
}

impl Tracker {
    /// One that is down after `fall` failures in a row, and up again after `rise` successes. The first
    /// result counts at once.
    pub fn new(weight: Weight, rise: u32, fall: u32) -> Self {
        Self {
            weight,
            rise,
            fall,
            up: None,
            against: 0,
        }
    }

    /// Takes note of a result, and answers whether that has changed anything.
    pub fn note(&mut self, good: bool) -> bool {
        if self.up == Some(good) {
            self.against = 0;
            return false;
        }
        self.against += 1;
        let needed = match self.up {
            None => 1,
            Some(true) => self.fall,
            Some(false) => self.rise,
        };
        self.against >= needed && self.settle(good)
    }

    /// Takes note of something that needs no second look.
    pub fn settle(&mut self, good: bool) -> bool {
        self.against = 0;
        self.up.replace(good) != Some(good)
    }

    /// Whether it is up; unknown before the first result.
    pub fn is_up(&self) -> Option<bool> {
        self.up
    }

    /// What it means when it changes.
    pub fn weight(&self) -> Weight {
        self.weight
    }

    /// What it adds to the priority now.
    pub fn points(&self) -> i16 {
        match (self.weight, self.up) {
            (Weight::Points(points), Some(up)) if (points > 0) == up => points,
            _ => 0,
        }
    }
}

/// What all trackers of a router say together; nothing as long as one has no result yet.
pub fn condition<'t>(trackers: impl IntoIterator<Item = &'t Tracker>) -> Option<Condition> {
    let mut adjustment = 0_i16;
    let mut fit = true;
    for tracker in trackers {
        let up = tracker.up?;
        fit &= up || tracker.weight != Weight::Fault;
        adjustment = adjustment.saturating_add(tracker.points());
    }
    Some(if fit {
        Condition::Fit { adjustment }
    } else {
        Condition::Unfit
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_as_many_results_as_configured_to_change() {
        let mut tracker = Tracker::new(Weight::Fault, 2, 3);
        assert!(tracker.note(true));
        assert!(!tracker.note(false));
        assert!(!tracker.note(false));
        assert!(!tracker.note(true), "the count begins anew");
        assert!(!tracker.note(false));
        assert!(!tracker.note(false));
        assert!(tracker.note(false));
        assert!(!tracker.note(true));
        assert!(tracker.note(true));
        assert!(tracker.settle(false));
        assert!(!tracker.settle(false));
    }

    #[test]
    fn weights_are_those_of_keepalived() {
        let mut good = Tracker::new(Weight::Points(20), 1, 1);
        let mut bad = Tracker::new(Weight::Points(-30), 1, 1);
        assert_eq!(condition([&good, &bad]), None);
        good.note(true);
        bad.note(false);
        let adjustment = -10;
        assert_eq!(
            condition([&good, &bad]),
            Some(Condition::Fit { adjustment })
        );
        let mut fatal = Tracker::new(Weight::Fault, 1, 1);
        fatal.note(false);
        assert_eq!(condition([&good, &fatal]), Some(Condition::Unfit));
        assert_eq!(condition([]), Some(Condition::Fit { adjustment: 0 }));
    }
}
