//! Sets of peers, by address.

use std::str::FromStr;

use ipnet::IpNet;

use crate::address::Peer;

/// A set of peers: networks, single addresses, and `unix:` for all Unix sockets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Networks {
    networks: Vec<IpNet>,
    unix: bool,
}

/// Text that is no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadNetwork {
    /// Neither an address, nor a network, nor `unix:`.
    #[error("is neither an address nor a network such as 10.0.0.0/8")]
    Syntax,
    /// Bits after the prefix are set, so the address or the prefix is not what was meant.
    #[error("has bits after its prefix")]
    HostBits(IpNet),
}

/// One element of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// An address or a network.
    Ip(IpNet),
    /// All Unix sockets.
    Unix,
}

impl FromStr for Network {
    type Err = BadNetwork;

    fn from_str(text: &str) -> Result<Self, BadNetwork> {
        if text == "unix:" {
            return Ok(Self::Unix);
        }
        if let Ok(address) = text.parse::<std::net::IpAddr>() {
            return Ok(Self::Ip(IpNet::from(address)));
        }
        let network: IpNet = text.parse().map_err(|_| BadNetwork::Syntax)?;
        if network.trunc() == network {
            Ok(Self::Ip(network))
        } else {
            Err(BadNetwork::HostBits(network.trunc()))
        }
    }
}

impl FromIterator<Network> for Networks {
    fn from_iter<I: IntoIterator<Item = Network>>(elements: I) -> Self {
        let mut set = Self::default();
        for element in elements {
            match element {
                Network::Ip(network) => set.networks.push(network),
                Network::Unix => set.unix = true,
            }
        }
        set
    }
}

impl Networks {
    /// Whether there is nobody in the set.
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty() && !self.unix
    }

    /// How exactly the set names `peer`: the length of the longest prefix that it has; `None` if it is
    /// not in the set.
    pub fn closest(&self, peer: Peer) -> Option<u8> {
        match peer {
            Peer::Ip(address) => {
                let networks = self.networks.iter();
                let of = networks.filter(|network| network.contains(&address));
                of.map(IpNet::prefix_len).max()
            }
            Peer::Unix => self.unix.then_some(0),
        }
    }

    /// Whether `peer` is in the set.
    pub fn contains(&self, peer: Peer) -> bool {
        match peer {
            Peer::Ip(address) => self
                .networks
                .iter()
                .any(|network| network.contains(&address)),
            Peer::Unix => self.unix,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BadNetwork, Network, Networks};
    use crate::address::Peer;

    #[test]
    fn networks_addresses_and_unix_sockets() {
        let set: Networks = ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "unix:"]
            .iter()
            .map(|text| text.parse::<Network>().unwrap())
            .collect();
        let has = |text: &str| set.contains(Peer::Ip(text.parse().unwrap()));
        assert!(has("10.255.0.1") && has("192.0.2.1") && has("2001:db8:1::1"));
        assert!(!has("11.0.0.1") && !has("192.0.2.2") && !has("2001:db9::1"));
        assert!(set.contains(Peer::Unix) && !Networks::default().contains(Peer::Unix));
        assert_eq!("10.0.0/8".parse::<Network>(), Err(BadNetwork::Syntax));
        assert_eq!(
            "10.0.0.1/8".parse::<Network>(),
            Err(BadNetwork::HostBits("10.0.0.0/8".parse().unwrap()))
        );
    }
}
