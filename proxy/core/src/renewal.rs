//! When a certificate is ordered: at once if there is none, in time before it expires, and after a
//! failure not so soon that an authority would refuse to listen.
//!
//! Times are seconds of Unix time. Chance is handed in as a number from 0 to 1, so that not all who got
//! a certificate at the same time come back at the same time.

use std::time::Duration;

/// From when until when a certificate is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// The first second.
    pub not_before: i64,
    /// The last.
    pub not_after: i64,
}

/// The orders of one certificate.
#[derive(Debug, Clone)]
pub struct Renewal {
    /// Where in the time for renewals this one is.
    chance: f64,
    /// Failures since the last success.
    failures: u32,
    /// No order before this time.
    wait: i64,
    /// When the authority wants it renewed (RFC 9773), and of which certificate it said so.
    advice: Option<(Validity, Validity)>,
    /// Advice is not followed before this time.
    calm: i64,
}

/// As long as failed orders are few, the next is soon: what fails at first is mostly mended at once. Then
/// it takes longer and longer. Let's Encrypt takes five failures in an hour for a name.
const FIRST_WAIT: Duration = Duration::from_mins(5);
const LONGEST_WAIT: Duration = Duration::from_hours(12);

/// An authority that wants every certificate replaced as soon as it has come is not followed at that pace.
const CALM: Duration = Duration::from_hours(1);

/// Certificates for less than this are renewed after half their time.
const SHORT: i64 = 10 * 24 * 60 * 60;

impl Renewal {
    /// The orders of a certificate of which nothing is known yet.
    pub fn new(chance: f64) -> Self {
        Self {
            chance: chance.clamp(0.0, 1.0),
            failures: 0,
            wait: i64::MIN,
            advice: None,
            calm: i64::MIN,
        }
    }

    /// When the next order is due; `held` is the certificate that there is, if it is for the right names.
    pub fn due(&self, held: Option<Validity>) -> i64 {
        held.map_or(i64::MIN, |held| self.renewed_at(held))
            .max(self.wait)
    }

    fn renewed_at(&self, held: Validity) -> i64 {
        if let Some((of, window)) = self.advice
            && of == held
        {
            return within(window, self.chance).max(self.calm);
        }
        let lifetime = held.not_after.saturating_sub(held.not_before).max(0);
        let left = if lifetime < SHORT {
            lifetime / 2
        } else {
            lifetime / 3
        };
        let latest = held.not_after.saturating_sub(left);
        // A tenth of what is left, earlier.
        let window = Validity {
            not_before: latest.saturating_sub(left / 10),
            not_after: latest,
        };
        within(window, self.chance)
    }

    /// Takes the authority's advice for the certificate that is `held`.
    pub fn advise(&mut self, held: Validity, window: Validity) {
        self.advice = (window.not_before <= window.not_after).then_some((held, window));
    }

    /// How many orders have failed since one has succeeded.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// An order has come to nothing.
    pub fn failed(&mut self, now: i64, chance: f64) {
        let doubled = FIRST_WAIT.saturating_mul(1 << self.failures.min(16));
        let wait = doubled.min(LONGEST_WAIT);
        // A quarter more or less.
        let wait = wait.mul_f64(0.75 + chance.clamp(0.0, 1.0) / 2.0);
        self.wait = now.saturating_add_unsigned(wait.as_secs());
        self.failures = self.failures.saturating_add(1);
    }

    /// The certificate has come.
    pub fn succeeded(&mut self, now: i64, chance: f64) {
        *self = Self::new(chance);
        self.calm = now.saturating_add_unsigned(CALM.as_secs());
    }

    /// Something has changed, so that what failed may succeed now.
    pub fn try_again(&mut self) {
        self.failures = 0;
        self.wait = i64::MIN;
    }
}

/// A time of the window.
fn within(window: Validity, chance: f64) -> i64 {
    let length = window.not_after.abs_diff(window.not_before);
    let part = Duration::from_secs(length).mul_f64(chance);
    window.not_before.saturating_add_unsigned(part.as_secs())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: i64 = 24 * 60 * 60;

    fn valid(days: i64) -> Validity {
        Validity {
            not_before: 1_000,
            not_after: 1_000 + days * DAY,
        }
    }

    #[test]
    fn what_is_missing_is_ordered_at_once_and_the_rest_in_time() {
        assert_eq!(Renewal::new(0.5).due(None), i64::MIN);
        let latest = Renewal::new(1.0).due(Some(valid(90)));
        assert_eq!(latest, 1_000 + 60 * DAY);
        let earliest = Renewal::new(0.0).due(Some(valid(90)));
        assert_eq!(earliest, 1_000 + 57 * DAY);
        // Those of six days after three.
        assert_eq!(Renewal::new(1.0).due(Some(valid(6))), 1_000 + 3 * DAY);
    }

    #[test]
    fn failures_make_patient_and_a_change_impatient() {
        let mut renewal = Renewal::new(0.0);
        let mut waits = Vec::new();
        for _ in 0..12 {
            renewal.failed(0, 0.5);
            waits.push(renewal.due(None));
        }
        assert_eq!(waits[..4], [300, 600, 1200, 2400]);
        assert_eq!(waits.last(), Some(&(12 * 60 * 60)));
        assert_eq!(renewal.failures(), 12);
        renewal.try_again();
        assert_eq!(renewal.due(None), i64::MIN);
    }

    #[test]
    fn the_authority_s_word_counts_for_the_certificate_that_it_was_given_for() {
        let mut renewal = Renewal::new(0.5);
        let window = Validity {
            not_before: 5_000,
            not_after: 6_000,
        };
        renewal.advise(valid(90), window);
        assert_eq!(renewal.due(Some(valid(90))), 5_500);
        assert_eq!(renewal.due(Some(valid(30))), 1_000 + 20 * DAY - DAY / 2);
        renewal.failed(5_500, 0.0);
        assert_eq!(renewal.due(Some(valid(90))), 5_500 + 225);
        renewal.succeeded(6_000, 0.5);
        renewal.advise(valid(90), window);
        assert_eq!(renewal.due(Some(valid(90))), 6_000 + 60 * 60);
        assert_eq!(renewal.due(None), i64::MIN);
        let backwards = Validity {
            not_before: 6_000,
            not_after: 5_000,
        };
        renewal.advise(valid(90), backwards);
        assert!(renewal.due(Some(valid(90))) > 6_000);
    }

    proptest! {
        /// Whatever a certificate says of itself, it is renewed before its end.
        #[test]
        fn renewals_are_before_the_end(
            not_before in any::<i64>(), not_after in any::<i64>(), chance in 0.0..=1.0
        ) {
            let held = Validity { not_before, not_after };
            let due = Renewal::new(chance).due(Some(held));
            prop_assert!(due <= not_after);
            if not_before <= not_after {
                prop_assert!(due >= not_before);
            }
        }

        #[test]
        fn waits_are_never_short_and_never_without_end(
            failures in 1..100, chance in 0.0..=1.0, now in 0..i64::from(u32::MAX)
        ) {
            let mut renewal = Renewal::new(chance);
            for _ in 0..failures {
                renewal.failed(now, chance);
            }
            let wait = renewal.due(None) - now;
            prop_assert!((225..=54_000).contains(&wait), "{wait}");
        }
    }
}
