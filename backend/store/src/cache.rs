//! Answers kept in memory.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

/// Bounded, expiring memory of finished answers.
///
/// Concurrent requests for the same missing key wait for one computation. Failures are not kept.
#[derive(Clone)]
pub struct Cache {
    entries: moka::future::Cache<String, Bytes>,
}

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    /// It was kept, or another request was already computing it.
    Hit,
    /// It was computed for this request.
    Miss,
}

impl Cache {
    /// Keeps at most about `size` bytes of keys and answers, each for `lifetime`.
    pub fn new(size: u64, lifetime: Duration) -> Self {
        let weight = |key: &String, answer: &Bytes| {
            u32::try_from(key.len() + answer.len() + OVERHEAD).unwrap_or(u32::MAX)
        };
        let entries = moka::future::Cache::builder()
            .max_capacity(size)
            .weigher(weight)
            .time_to_live(lifetime)
            .build();
        Self { entries }
    }

    /// The answer under `key`, from memory or else from `compute`.
    pub async fn fetch<E: Send + Sync + 'static>(
        &self,
        key: &str,
        compute: impl Future<Output = Result<Bytes, E>>,
    ) -> Result<(Bytes, Lookup), Arc<E>> {
        let entry = self
            .entries
            .entry_by_ref(key)
            .or_try_insert_with(compute)
            .await?;
        let lookup = if entry.is_fresh() {
            Lookup::Miss
        } else {
            Lookup::Hit
        };
        Ok((entry.into_value(), lookup))
    }

    /// How many answers are kept, and about how many bytes they take.
    pub fn usage(&self) -> (u64, u64) {
        (self.entries.entry_count(), self.entries.weighted_size())
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (entries, bytes) = self.usage();
        f.debug_struct("Cache")
            .field("entries", &entries)
            .field("bytes", &bytes)
            .finish()
    }
}

/// What the cache itself needs for an entry, in bytes, roughly.
const OVERHEAD: usize = 200;

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future::ready;

    use super::*;

    fn answer(text: &'static str) -> impl Future<Output = Result<Bytes, Infallible>> {
        ready(Ok(Bytes::from_static(text.as_bytes())))
    }

    #[tokio::test]
    async fn computes_once_and_keeps_no_failure() {
        let cache = Cache::new(1 << 20, Duration::from_hours(24));
        let failed = cache.fetch("1990", async { Err("no service") }).await;
        assert_eq!(failed.unwrap_err().as_ref(), &"no service");
        let (first, second) = tokio::join!(
            cache.fetch("1990", answer("a")),
            cache.fetch("1990", answer("b"))
        );
        assert_eq!(first.unwrap(), (Bytes::from_static(b"a"), Lookup::Miss));
        assert_eq!(second.unwrap(), (Bytes::from_static(b"a"), Lookup::Hit));
    }

    #[tokio::test]
    async fn stays_within_its_size() {
        let cache = Cache::new(10_000, Duration::from_hours(24));
        for key in 0..100 {
            let text = async { Ok::<_, Infallible>(Bytes::from(vec![0; 1000])) };
            cache.fetch(&key.to_string(), text).await.unwrap();
        }
        cache.entries.run_pending_tasks().await;
        assert!(cache.usage().1 <= 10_000, "{cache:?}");
    }
}
