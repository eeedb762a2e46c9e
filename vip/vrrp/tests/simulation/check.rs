//! What has to be true.
//!
//! Of any group of nodes that hear each other, when nothing has gone wrong for as long as an election,
//! a handover and a lease take:
//!
//! 1. exactly one holds the address, if there is one that may;
//! 2. a node whose service is down does not while there is one whose service is up;
//! 3. the holder is the best one, if preemption is on;
//! 4. nobody advertises an address that its kernel has not confirmed (at any time, `World::send`).
//!
//! And when all is mended:
//!
//! 5. clients believe the holder;
//! 6. nobody changes any more, and only the holder sends, one advert in each interval.

use super::world::World;

impl World {
    pub(crate) fn check_now(&mut self) -> Result<(), String> {
        let calm = self.now.since(self.disturbed) > self.peace();
        if !calm || self.loss > 0 {
            return Ok(());
        }
        for side in 0..2 {
            let members: Vec<_> = (0..self.nodes.len())
                .filter(|index| self.side[*index] == side)
                .collect();
            self.check_side(&members)?;
        }
        Ok(())
    }

    fn check_side(&self, members: &[usize]) -> Result<(), String> {
        let holders: Vec<_> = (members.iter().copied())
            .filter(|index| self.nodes[*index].holds(self.now))
            .collect();
        let may = members.iter().any(|index| {
            let node = &self.nodes[*index];
            node.router.is_some() && !node.frozen && (node.fit || node.terms.last_resort)
        });
        let [holder] = holders[..] else {
            if holders.is_empty() && !may {
                return Ok(());
            }
            return Err(format!("{}: holders are {holders:?}", self.now));
        };
        let good = members.iter().any(|index| self.nodes[*index].is_good());
        if good && !self.nodes[holder].is_good() {
            return Err(format!("{}: {holder} holds but cannot serve", self.now));
        }
        if !self.nodes[holder].is_master() {
            return Err(format!("{}: {holder} holds and does not know", self.now));
        }
        Ok(())
    }

    /// What is true in the end, after [`World::mend`].
    pub(crate) fn check_end(&mut self) -> Result<(), String> {
        self.check_now()?;
        let before: Vec<_> = self
            .nodes
            .iter()
            .map(|node| (node.changes, node.sent))
            .collect();
        let Some(holder) = self.nodes.iter().position(|node| node.holds(self.now)) else {
            return Err("nobody holds".into());
        };
        let best = (0..self.nodes.len()).max_by_key(|index| {
            (
                self.nodes[*index].terms.priority,
                self.nodes[*index].terms.source,
            )
        });
        let preempts = self.nodes.iter().all(|node| node.terms.preempt.is_some());
        let equal = best.is_some_and(|best| {
            self.nodes[best].terms.priority == self.nodes[holder].terms.priority
        });
        if preempts && best != Some(holder) && !equal {
            return Err(format!("{holder} holds, {best:?} is better"));
        }
        if self.believed != Some(holder) {
            return Err(format!(
                "{holder} holds, clients believe {:?}",
                self.believed
            ));
        }
        let interval = self.nodes[holder].terms.interval;
        self.pass(interval * 20)?;
        for (index, (changes, sent)) in before.into_iter().enumerate() {
            let node = &self.nodes[index];
            if node.changes != changes {
                return Err(format!("{index} still changes"));
            }
            let allowed = if index == holder { 19..=21 } else { 0..=0 };
            if !allowed.contains(&(node.sent - sent)) {
                return Err(format!("{index} has sent {}", node.sent - sent));
            }
        }
        Ok(())
    }
}
