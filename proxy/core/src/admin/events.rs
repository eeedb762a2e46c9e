//! What has happened lately, numbered, so that whoever was away can ask for what came after.

use std::collections::VecDeque;

/// The last happenings, the oldest of which are forgotten.
#[derive(Debug, Clone)]
pub struct Ring<T> {
    kept: VecDeque<T>,
    most: usize,
    /// The number of the next one, from 1.
    next: u64,
}

/// What came after a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recent<T> {
    /// Those that are not known any more.
    pub missed: u64,
    /// The others with their numbers, the oldest first.
    pub events: Vec<(u64, T)>,
}

impl<T: Clone> Ring<T> {
    /// An empty one that keeps `most`.
    pub fn new(most: usize) -> Self {
        Self {
            kept: VecDeque::new(),
            most,
            next: 1,
        }
    }

    /// Adds one, and answers its number.
    pub fn push(&mut self, event: T) -> u64 {
        if self.kept.len() >= self.most {
            self.kept.pop_front();
        }
        self.kept.push_back(event);
        let number = self.next;
        self.next += 1;
        number
    }

    /// What came after number `last`; 0 asks for all. A number that has not been given yet is none
    /// that we gave, and asks for all as well.
    pub fn after(&self, last: u64) -> Recent<T> {
        let last = if last < self.next { last } else { 0 };
        let kept = u64::try_from(self.kept.len()).unwrap_or(u64::MAX);
        let oldest = self.next - kept;
        let numbered = (oldest..).zip(&self.kept);
        Recent {
            // Whoever asks for all has not missed what was there before.
            missed: match last {
                0 => 0,
                last => oldest.saturating_sub(last + 1),
            },
            events: numbered
                .filter(|(number, _)| *number > last)
                .map(|(number, event)| (number, event.clone()))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(events: u64) -> Ring<u64> {
        let mut ring = Ring::new(3);
        for event in 1..=events {
            assert_eq!(ring.push(event * 10), event);
        }
        ring
    }

    #[test]
    fn answers_what_came_after() {
        assert_eq!(ring(2).after(1).events, [(2, 20)]);
        assert_eq!(ring(2).after(2).events, []);
        assert_eq!(ring(0).after(0).events, []);
    }

    #[test]
    fn forgets_the_oldest_and_says_how_many() {
        let recent = ring(5).after(1);
        assert_eq!(recent.missed, 1);
        assert_eq!(recent.events, [(3, 30), (4, 40), (5, 50)]);
        assert_eq!(ring(5).after(0).missed, 0);
        assert_eq!(ring(5).after(2).missed, 0);
    }

    #[test]
    fn a_number_from_elsewhere_asks_for_all() {
        assert_eq!(ring(2).after(99).events.len(), 2);
        assert_eq!(ring(2).after(u64::MAX).missed, 0);
    }
}
