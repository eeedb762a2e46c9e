//! Servers by a hash of the client's address or of a key, each key at the server at which nginx
//! would have it: a node of either kind can be put beside the other (EDGE U12).

use std::net::IpAddr;

use super::Peer;

/// Attempts to find a server that may be asked before it goes by turns, as in nginx.
const MOST_ATTEMPTS: usize = 21;

/// The weights of a tier's servers, one after the other. Servers that are out keep their place, so that
/// the keys of the others stay where they are.
#[derive(Debug, Clone)]
pub(super) struct Weights {
    /// Where that of each server ends, by its slot.
    ends: Vec<(u64, usize)>,
}

impl Weights {
    pub(super) fn new(peers: &[Peer], backup: bool) -> Self {
        let mut end = 0;
        let tier = peers.iter().enumerate();
        let tier = tier.filter(|(_, peer)| !peer.is_vacant() && peer.server.backup == backup);
        let ends = tier.map(|(index, peer)| {
            end += u64::from(peer.server.weight.get());
            (end, index)
        });
        Self {
            ends: ends.collect(),
        }
    }

    /// The server at one of `hashes` that may be asked.
    fn first_open(
        &self,
        hashes: impl Iterator<Item = u64>,
        open: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let (total, _) = self.ends.last()?;
        hashes.take(MOST_ATTEMPTS).find_map(|hash| {
            let at = hash % total;
            let before = self.ends.partition_point(|(end, _)| *end <= at);
            let (_, index) = self.ends.get(before)?;
            open(*index).then_some(*index)
        })
    }
}

/// nginx's `ip_hash`: the first three bytes of an IPv4 address, all of an IPv6 address.
pub(super) fn by_address(
    weights: &Weights,
    client: IpAddr,
    open: impl Fn(usize) -> bool,
) -> Option<usize> {
    let (v4, v6);
    let bytes: &[u8] = match client.to_canonical() {
        IpAddr::V4(address) => {
            v4 = address.octets();
            v4.get(..3).unwrap_or_default()
        }
        IpAddr::V6(address) => {
            v6 = address.octets();
            &v6
        }
    };
    let mut hash: u64 = 89;
    let rounds = std::iter::repeat_with(|| {
        for byte in bytes {
            hash = (hash * 113 + u64::from(*byte)) % 6271;
        }
        hash
    });
    weights.first_open(rounds, open)
}

/// nginx's `hash` without `consistent`, which is that of `Cache::Memcached`.
pub(super) fn by_key(weights: &Weights, key: &[u8], open: impl Fn(usize) -> bool) -> Option<usize> {
    let mut sum: u64 = 0;
    let rounds = (0u32..).map(|round| {
        let mut hasher = crc32fast::Hasher::new();
        if round > 0 {
            hasher.update(itoa::Buffer::new().format(round).as_bytes());
        }
        hasher.update(key);
        sum += u64::from(hasher.finalize() >> 16 & 0x7fff);
        sum
    });
    weights.first_open(rounds, open)
}
