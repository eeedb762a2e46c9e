//! Drawing servers by their shares, without looking at every one.

/// The shares of servers by their slots: a tree of sums in which each node is followed by its two halves.
#[derive(Debug, Clone, Default)]
pub(super) struct Shares {
    /// The root at 1, the halves of the node at N at 2N and 2N + 1; the second half of the list is the
    /// shares themselves.
    sums: Vec<u64>,
}

impl Shares {
    /// The share of a server; zero: it is not drawn.
    pub(super) fn set(&mut self, index: usize, share: u64) {
        if index >= self.slots() {
            self.grow(index + 1);
        }
        let mut node = self.slots() + index;
        let mut sum = share;
        while let Some(place) = self.sums.get_mut(node) {
            *place = sum;
            if node <= 1 {
                return;
            }
            sum = self.sum(node & !1) + self.sum(node | 1);
            node /= 2;
        }
    }

    /// Makes the share of a server zero; answers what it was.
    pub(super) fn take(&mut self, index: usize) -> u64 {
        let share = self.sum(self.slots() + index);
        self.set(index, 0);
        share
    }

    /// Of all of them.
    pub(super) fn total(&self) -> u64 {
        self.sum(1)
    }

    /// A server, each as likely as its share is large; `random` has 32 bits.
    pub(super) fn draw(&self, random: u64) -> Option<usize> {
        // Scaled, not reduced: a remainder would favour the first.
        let scaled = (u128::from(random) * u128::from(self.total())) >> 32;
        let mut at = u64::try_from(scaled).ok()?;
        if at >= self.total() {
            return None;
        }
        let mut node = 1;
        while node < self.slots() {
            node *= 2;
            let before = self.sum(node);
            if at >= before {
                at -= before;
                node += 1;
            }
        }
        Some(node - self.slots())
    }

    fn slots(&self) -> usize {
        self.sums.len() / 2
    }

    fn sum(&self, node: usize) -> u64 {
        self.sums.get(node).copied().unwrap_or(0)
    }

    fn grow(&mut self, slots: usize) {
        let slots = slots.next_power_of_two();
        let old = self.sums.split_off(self.slots());
        self.sums = vec![0; slots];
        self.sums.extend(old);
        self.sums.resize(2 * slots, 0);
        for node in (1..slots).rev() {
            let sum = self.sum(2 * node) + self.sum(2 * node + 1);
            if let Some(place) = self.sums.get_mut(node) {
                *place = sum;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// As if all shares were laid one after the other.
        #[test]
        fn draws_by_share(
            sets in prop::collection::vec((0usize..20, 0u64..5), 0..40),
            randoms in prop::collection::vec(0..=u64::from(u32::MAX), 20),
        ) {
            let mut shares = Shares::default();
            let mut laid = [0; 20];
            for (index, share) in sets {
                shares.set(index, share);
                laid[index] = usize::try_from(share).unwrap();
            }
            let places = (0..20).flat_map(|index| std::iter::repeat_n(index, laid[index]));
            let places: Vec<usize> = places.collect();
            prop_assert_eq!(shares.total(), places.len() as u64);
            for random in randoms {
                let at = (random * places.len() as u64) >> 32;
                let expected = places.get(usize::try_from(at).unwrap()).copied();
                prop_assert_eq!(shares.draw(random), expected);
            }
        }
    }
}
