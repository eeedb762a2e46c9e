//! Servers by a hash of the client's address or of a key, each key at the server at which nginx
//! would have it: a node of either kind can be put beside the other (EDGE U12).

use std::net::IpAddr;

use super::Peer;

/// Attempts to find a server that may be asked before it goes by turns, as in nginx.
const MOST_ATTEMPTS: usize = 21;

/// nginx's `ip_hash`: the first three bytes of an IPv4 address, all of an IPv6 address.
pub(super) fn by_address(
    peers: &[Peer],
    backup: bool,
    client: IpAddr,
    open: impl Fn(usize, &Peer) -> bool,
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
    first_open(peers, backup, rounds, open)
}

/// nginx's `hash` without `consistent`, which is that of `Cache::Memcached`.
pub(super) fn by_key(
    peers: &[Peer],
    backup: bool,
    key: &[u8],
    open: impl Fn(usize, &Peer) -> bool,
) -> Option<usize> {
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
    first_open(peers, backup, rounds, open)
}

/// The server at one of `hashes` that may be asked. Servers that are out keep their place, so that
/// the keys of the others stay where they are.
fn first_open(
    peers: &[Peer],
    backup: bool,
    hashes: impl Iterator<Item = u64>,
    open: impl Fn(usize, &Peer) -> bool,
) -> Option<usize> {
    let places = || {
        let tier = peers.iter().enumerate();
        tier.filter(|(_, peer)| !peer.is_vacant() && peer.server.backup == backup)
    };
    let total: u64 = places()
        .map(|(_, peer)| u64::from(peer.server.weight.get()))
        .sum();
    if total == 0 {
        return None;
    }
    hashes.take(MOST_ATTEMPTS).find_map(|hash| {
        let mut at = hash % total;
        let (index, peer) = places().find(|(_, peer)| {
            let weight = u64::from(peer.server.weight.get());
            let found = at < weight;
            at = at.saturating_sub(weight);
            found
        })?;
        open(index, peer).then_some(index)
    })
}
