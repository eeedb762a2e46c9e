//! How far a priority falls when something fails: the sums that weights come down to.

/// A node's priority while all is well, and when all that it tracks has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reach {
    /// With all checks passing: the configured priority and all positive weights.
    pub(crate) normal: u8,
    /// With all checks failing: the configured priority and all negative weights.
    pub(crate) lowest: u8,
}

impl Reach {
    /// The reach of a priority with these weights. A weight of zero is no weight: that check ends the
    /// node's part in the election.
    pub(crate) fn new(priority: u8, weights: &[i16]) -> Self {
        let sum = |counts: fn(i16) -> bool| {
            let counted = weights.iter().copied().filter(|weight| counts(*weight));
            effective(priority, counted.map(i32::from).sum())
        };
        Self {
            normal: sum(|weight| weight > 0),
            lowest: sum(|weight| weight < 0),
        }
    }

    /// The priority when only one check fails, that of this weight.
    pub(crate) fn failing(self, weight: i16) -> u8 {
        effective(self.normal, -i32::from(weight.unsigned_abs()))
    }
}

/// A priority with what is added to it. It stays within 1 to 254, and 255 stays what it is.
fn effective(priority: u8, added: i32) -> u8 {
    if priority == u8::MAX {
        return priority;
    }
    let sum = i32::from(priority).saturating_add(added).clamp(1, 254);
    u8::try_from(sum).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums() {
        let seed = Reach::new(100, &[-2]);
        assert_eq!((seed.normal, seed.lowest, seed.failing(-2)), (100, 98, 98));
        let both = Reach::new(100, &[-20, 5, 0]);
        assert_eq!((both.normal, both.lowest), (105, 80));
        assert_eq!((both.failing(-20), both.failing(5)), (85, 100));
        assert_eq!(Reach::new(10, &[-50]).lowest, 1);
        assert_eq!(Reach::new(250, &[50]).normal, 254);
        assert_eq!(Reach::new(255, &[-50]).lowest, 255);
    }
}
