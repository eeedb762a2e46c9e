//! Rate limits in use: the tables of [`edge_core::rate`], shared by all workers.
//!
//! A request is judged by all its limits before it counts for any, as in nginx: one that is refused
//! takes from none. The tables of its keys are locked meanwhile, always in the order of the limits'
//! names, so the count is exact and nobody waits for whom they keep waiting; no lock is held for
//! longer than it takes to look at a few numbers.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use edge_core::address::Peer;
use edge_core::admission::Client;
use edge_core::config::{RateLimit, TABLES};
use edge_core::rate::{Table, Verdict};
use prometheus::IntCounter;
use smallvec::SmallVec;

use crate::buffer::lock;
use crate::metrics::Metrics;

/// A rate limit in use.
#[derive(Debug)]
pub(crate) struct Limit {
    /// Its terms.
    pub(crate) config: RateLimit,
    tables: Arc<Tables>,
    counts: Counts,
}

/// What is remembered of keys, which outlives reloads.
#[derive(Debug)]
struct Tables {
    /// Nobody outside knows them, so nobody can find two keys that fall together.
    seeds: [RandomState; 2],
    tables: Vec<Mutex<Table>>,
}

/// Requests that a limit held up, or would have.
#[derive(Debug)]
struct Counts {
    delayed: IntCounter,
    refused: IntCounter,
}

/// A limit and the key that a request has there.
pub(crate) type Asked<'l> = (&'l Limit, u128);

/// What becomes of a request, and what `$limit_req_status` says of it.
#[derive(Debug)]
pub(crate) enum Decision<'l> {
    /// It goes on.
    Pass(&'static str),
    /// It goes on after so long.
    Delay(Duration),
    /// It is refused by this limit; one that comes after so long is not.
    Refuse(&'l Limit, Duration),
}

impl Limit {
    /// A limit that goes on from where `old` is, if that counts the same.
    pub(crate) fn new(config: RateLimit, old: Option<&Self>, metrics: &Metrics) -> Self {
        let same = old.filter(|old| old.config.key == config.key);
        let tables = match same {
            Some(old) => Arc::clone(&old.tables),
            None => Arc::new(Tables::new(&config, Instant::now())),
        };
        let dry = if config.dry_run { "_dry_run" } else { "" };
        let count = |result: &str| metrics.rate_limited(&config.name, &format!("{result}{dry}"));
        let (delayed, refused) = (count("delayed"), count("refused"));
        let counts = Counts { delayed, refused };
        Self {
            config,
            tables,
            counts,
        }
    }

    /// Has the tables follow the terms, which may be others than before.
    pub(crate) fn apply(&self, now: Instant) {
        let most = share(self.config.keys);
        for table in &self.tables.tables {
            lock(table).retune(self.config.rate, most, now);
        }
    }

    /// The key for a text; there is none for an empty one, and what has no key is not counted.
    pub(crate) fn key(&self, text: &[u8]) -> Option<u128> {
        (!text.is_empty()).then(|| self.tables.hash(text))
    }

    /// The key for a client's address, and for all that come over Unix sockets.
    pub(crate) fn key_of(&self, client: Peer) -> u128 {
        match client {
            Peer::Ip(address) => self.tables.hash(Client::from(address)),
            Peer::Unix => self.tables.hash(()),
        }
    }

    fn table(&self, key: u128) -> Option<MutexGuard<'_, Table>> {
        let index = usize::try_from(key % TABLES as u128).ok()?;
        self.tables.tables.get(index).map(lock)
    }
}

impl Tables {
    fn new(config: &RateLimit, epoch: Instant) -> Self {
        let table = |_| Mutex::new(Table::new(config.rate, share(config.keys), epoch));
        Self {
            seeds: [RandomState::new(), RandomState::new()],
            tables: (0..TABLES).map(table).collect(),
        }
    }

    fn hash(&self, key: impl Hash) -> u128 {
        let [high, low] = &self.seeds;
        u128::from(high.hash_one(&key)) << 64 | u128::from(low.hash_one(&key))
    }
}

/// A table's share of the keys.
fn share(keys: NonZeroUsize) -> NonZeroUsize {
    NonZeroUsize::new(keys.get().div_ceil(TABLES)).unwrap_or(NonZeroUsize::MIN)
}

/// A request's key, locked and judged.
struct Judged<'l> {
    limit: &'l Limit,
    key: u128,
    table: MutexGuard<'l, Table>,
    verdict: Verdict,
}

/// Judges a request by all its limits, which come in the order of their names, and counts it unless
/// one refuses it. Of those that refuse, the one that does for longest is named.
pub(crate) fn decide<'l>(asked: &[Asked<'l>], now: Instant) -> Decision<'l> {
    let judged = asked.iter().filter_map(|(limit, key)| {
        let mut table = limit.table(*key)?;
        let verdict = table.judge(*key, limit.config.burst, now);
        Some(Judged {
            limit,
            key: *key,
            table,
            verdict,
        })
    });
    let mut judged: SmallVec<[Judged<'_>; 2]> = judged.collect();
    let refusals = judged.iter().filter_map(|one| match one.verdict {
        Verdict::Refuse(wait) if !one.limit.config.dry_run => Some((one.limit, wait)),
        Verdict::Refuse(_) | Verdict::Delay(_) | Verdict::Pass => None,
    });
    if let Some((limit, wait)) = refusals.max_by_key(|(_, wait)| *wait) {
        limit.counts.refused.inc();
        return Decision::Refuse(limit, wait);
    }
    let mut longest = Duration::ZERO;
    let mut status = "PASSED";
    for one in &mut judged {
        match one.verdict {
            // Of a limit that refuses nobody: what it would refuse counts no more than elsewhere.
            Verdict::Refuse(_) => {
                one.limit.counts.refused.inc();
                status = "REJECTED_DRY_RUN";
                continue;
            }
            Verdict::Pass => {}
            Verdict::Delay(delay) => {
                one.limit.counts.delayed.inc();
                if !one.limit.config.dry_run {
                    longest = longest.max(delay);
                } else if status == "PASSED" {
                    status = "DELAYED_DRY_RUN";
                }
            }
        }
        one.table.take(one.key, now);
    }
    if longest.is_zero() {
        Decision::Pass(status)
    } else {
        Decision::Delay(longest)
    }
}
