//! How many connections an address has open.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;

/// Counts the open connections of each client address that has any; so its memory is bounded by
/// the number of connections.
#[derive(Debug, Default)]
pub struct Addresses {
    open: HashMap<Client, NonZeroU32>,
}

/// Whom connections are counted for: an IPv4 address, or an IPv6 network of 64 bits, since that is
/// what one customer is given and can take any address from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Client(IpAddr);

impl From<IpAddr> for Client {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => {
                let network = address.to_bits() & (u128::MAX << 64);
                IpAddr::V6(Ipv6Addr::from_bits(network))
            }
            address @ IpAddr::V4(_) => address,
        })
    }
}

impl Addresses {
    /// Counts one more connection of `client`, unless it has `limit`. One that is let in must
    /// [leave](Self::leave).
    pub fn enter(&mut self, client: Client, limit: NonZeroU32) -> bool {
        match self.open.entry(client) {
            Entry::Vacant(entry) => {
                entry.insert(NonZeroU32::MIN);
                true
            }
            Entry::Occupied(mut entry) if *entry.get() < limit => {
                let count = entry.get().saturating_add(1);
                entry.insert(count);
                true
            }
            Entry::Occupied(_) => false,
        }
    }

    /// A connection that was let in has ended.
    pub fn leave(&mut self, client: Client) {
        if let Entry::Occupied(mut entry) = self.open.entry(client) {
            match NonZeroU32::new(entry.get().get() - 1) {
                Some(rest) => {
                    entry.insert(rest);
                }
                None => {
                    entry.remove();
                }
            }
        }
    }

    /// Clients that have a connection open.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether no client has a connection open.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::num::NonZeroU32;

    use proptest::prelude::*;

    use super::{Addresses, Client};

    fn client(text: &str) -> Client {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn ipv6_is_counted_by_network() {
        assert_eq!(client("2001:db8::1"), client("2001:db8::ffff:0:0:1"));
        assert_ne!(client("2001:db8::1"), client("2001:db8:0:1::1"));
        assert_eq!(client("::ffff:192.0.2.1"), client("192.0.2.1"));
        assert_ne!(client("192.0.2.2"), client("192.0.2.1"));
    }

    proptest! {
        #[test]
        fn nobody_has_more_than_the_limit_and_all_is_forgotten(
            steps in prop::collection::vec((0u16..4, any::<bool>()), 0..100), limit in 1u32..4,
        ) {
            let limit = NonZeroU32::new(limit).unwrap();
            let mut addresses = Addresses::default();
            let mut open: Vec<u16> = Vec::new();
            let of = |number: u16| Client::from(IpAddr::from([0, 0, 0, number, 0, 0, 0, 0]));
            for (number, enters) in steps {
                let has = open.iter().filter(|other| **other == number).count();
                if enters {
                    let let_in = addresses.enter(of(number), limit);
                    prop_assert_eq!(let_in, has < limit.get() as usize);
                    if let_in {
                        open.push(number);
                    }
                } else if let Some(at) = open.iter().position(|other| *other == number) {
                    open.swap_remove(at);
                    addresses.leave(of(number));
                }
                prop_assert!(addresses.len() <= open.len());
            }
            for number in open {
                addresses.leave(of(number));
            }
            prop_assert!(addresses.is_empty());
        }
    }
}
