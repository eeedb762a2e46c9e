//! Consistent hashing: nginx's `hash KEY consistent` (ketama, 160 points for each unit of weight),
//! optionally with bounded loads (Mirrokni, Thorup, Zadimoghaddam 2018).

use std::num::NonZeroU32;

use super::Peer;

/// Points of the primaries on a circle of hashes, in order.
#[derive(Debug, Clone, Default)]
pub(super) struct Ring {
    points: Vec<(u32, usize)>,
}

/// Points for each unit of weight.
const POINTS: u32 = 160;

impl Ring {
    /// Backups have no points: which of them helps out is decided in turn.
    pub(super) fn new(peers: &[Peer]) -> Self {
        let mut points = Vec::new();
        for (index, peer) in peers.iter().enumerate() {
            if peer.is_vacant() || peer.server.backup {
                continue;
            }
            // crc32(HOST \0 PORT PREVIOUS), as Cache::Memcached::Fast has it.
            let (host, port) = peer.name().rsplit_once(':').unwrap_or((peer.name(), ""));
            let mut base = crc32fast::Hasher::new();
            base.update(host.as_bytes());
            base.update(b"\0");
            base.update(port.as_bytes());
            let mut previous: u32 = 0;
            for _ in 0..peer.server.weight.get().saturating_mul(POINTS) {
                let mut hasher = base.clone();
                hasher.update(&previous.to_le_bytes());
                previous = hasher.finalize();
                points.push((previous, index));
            }
        }
        points.sort_unstable();
        points.dedup_by_key(|(hash, _)| *hash);
        Self { points }
    }

    /// The first server after the key's place that is open and, with a bound, not over it.
    pub(super) fn find(
        &self,
        peers: &[Peer],
        key: &[u8],
        bound: Option<Bound>,
        open: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let hash = crc32fast::hash(key);
        let start = self.points.partition_point(|(point, _)| *point < hash);
        let (before, after) = self.points.split_at_checked(start)?;
        let around = after.iter().chain(before);
        around.map(|(_, index)| *index).find(|index| {
            let peer = peers.get(*index).filter(|_| open(*index));
            peer.is_some_and(|peer| bound.is_none_or(|bound| bound.admits(peer)))
        })
    }
}

/// The most requests a server may have under way: its share of all of them, times the load factor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound {
    /// Requests under way, the new one included.
    requests: u64,
    weights: u64,
    percent: u64,
}

impl Bound {
    /// With so many `requests` under way at servers of so many `weights`, `load` percent of the share.
    pub(super) fn new((requests, weights): (u64, u64), load: NonZeroU32) -> Self {
        Self {
            requests: requests + 1,
            weights,
            percent: u64::from(load.get()),
        }
    }

    /// active < ceil(requests * weight / weights * percent / 100), without fractions.
    fn admits(&self, peer: &Peer) -> bool {
        let weight = u128::from(peer.server.weight.get());
        let most = u128::from(self.requests) * weight * u128::from(self.percent);
        u128::from(peer.active()) * u128::from(self.weights) * 100 < most
    }
}
