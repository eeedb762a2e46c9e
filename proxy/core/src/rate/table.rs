//! The keys of a rate limit.

use std::num::NonZeroUsize;
use std::time::Instant;

use lru::LruCache;

use super::{Burst, Meter, Rate, Verdict, nanos};

/// The keys of a rate limit and what is remembered of each.
///
/// A key is a hash of 128 bits, so that each costs the same: 48 bytes on the heap and a slot of 17
/// in a table that is between half and seven eighths full, about 80 bytes in all. When there are as
/// many as may be, the one that has not been asked for longest is forgotten (nginx's as well).
#[derive(Debug)]
pub struct Table {
    meters: LruCache<u128, Meter>,
    most: NonZeroUsize,
    rate: Rate,
    /// What its times are counted from.
    epoch: Instant,
}

/// How many that say nothing any more are forgotten with each request; more than come with it.
const FORGOTTEN: usize = 2;

impl Table {
    /// An empty table for at most so many keys.
    pub fn new(rate: Rate, most: NonZeroUsize, epoch: Instant) -> Self {
        Self {
            // Not `new`, which sets room for all of them aside.
            meters: LruCache::unbounded(),
            most,
            rate,
            epoch,
        }
    }

    /// What becomes of a request of `key`. It counts only when it is [taken](Self::take).
    pub fn judge(&mut self, key: u128, burst: Burst, now: Instant) -> Verdict {
        let now = self.since_epoch(now);
        let meter = self.meters.get(&key).copied().unwrap_or_default();
        meter.judge(self.rate, burst, now)
    }

    /// Counts a request of `key`.
    pub fn take(&mut self, key: u128, now: Instant) {
        let now = self.since_epoch(now);
        let rate = self.rate;
        if let Some(meter) = self.meters.get_mut(&key) {
            *meter = meter.with_one(rate, now);
        } else {
            self.make_room(now);
            self.meters.put(key, Meter::default().with_one(rate, now));
        }
    }

    /// Takes other terms; what was counted so far still is.
    pub fn retune(&mut self, rate: Rate, most: NonZeroUsize, now: Instant) {
        let now = self.since_epoch(now);
        if rate != self.rate {
            for (_, meter) in &mut self.meters {
                *meter = meter.retuned((self.rate, rate), now);
            }
        }
        (self.rate, self.most) = (rate, most);
        while self.meters.len() > most.get() {
            self.meters.pop_lru();
        }
    }

    /// How many keys it remembers.
    pub fn len(&self) -> usize {
        self.meters.len()
    }

    /// Whether it remembers none.
    pub fn is_empty(&self) -> bool {
        self.meters.is_empty()
    }

    fn make_room(&mut self, now: u64) {
        for _ in 0..FORGOTTEN {
            match self.meters.peek_lru() {
                Some((_, meter)) if meter.is_over(now) || self.len() >= self.most.get() => {
                    self.meters.pop_lru();
                }
                Some(_) | None => return,
            }
        }
    }

    fn since_epoch(&self, now: Instant) -> u64 {
        nanos(now.saturating_duration_since(self.epoch))
    }
}
