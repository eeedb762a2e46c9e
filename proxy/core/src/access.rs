//! Who may ask for what, by address (nginx's `allow` and `deny`).

use crate::address::Peer;
use crate::networks::Networks;

/// Addresses that may ask, and addresses that may not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Access {
    /// Who may; without any everybody who is not denied.
    pub allow: Networks,
    /// Who may not.
    pub deny: Networks,
}

impl Access {
    /// Whether `peer` may ask. Of several networks that it is in the smallest decides, so that their
    /// order is of no matter; of two equal ones the one that denies.
    pub fn admits(&self, peer: Peer) -> bool {
        match (self.allow.closest(peer), self.deny.closest(peer)) {
            (Some(allowed), Some(denied)) => allowed > denied,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => self.allow.is_empty(),
        }
    }

    /// Whether `peer` is one that is allowed, and not only not denied.
    pub fn vouches_for(&self, peer: Peer) -> bool {
        let allowed = self.allow.closest(peer);
        allowed.is_some() && allowed > self.deny.closest(peer)
    }
}

#[cfg(test)]
mod tests {
    use super::Access;
    use crate::address::Peer;
    use crate::networks::{Network, Networks};

    fn networks(texts: &[&str]) -> Networks {
        let parse = |text: &&str| text.parse::<Network>().unwrap();
        texts.iter().map(parse).collect()
    }

    #[test]
    fn the_smallest_network_decides() {
        let access = Access {
            allow: networks(&["10.0.0.0/8", "192.0.2.7", "unix:"]),
            deny: networks(&["10.1.0.0/16", "192.0.2.0/24"]),
        };
        let admits = |text: &str| access.admits(Peer::Ip(text.parse().unwrap()));
        assert!(admits("10.2.0.1") && admits("192.0.2.7") && access.admits(Peer::Unix));
        let vouches = |text: &str| access.vouches_for(Peer::Ip(text.parse().unwrap()));
        assert!(vouches("10.2.0.1") && !vouches("10.1.0.1") && !vouches("192.0.2.8"));
        assert!(!admits("10.1.0.1") && !admits("192.0.2.8") && !admits("::1"));
    }

    #[test]
    fn who_is_not_denied_may_ask_unless_some_are_allowed() {
        let local = Peer::Ip([127, 0, 0, 1].into());
        assert!(Access::default().admits(local));
        let deny = |texts| Access {
            deny: networks(texts),
            ..Access::default()
        };
        assert!(deny(&["10.0.0.0/8"]).admits(local));
        assert!(!deny(&["0.0.0.0/0"]).admits(local));
        assert!(!deny(&["10.0.0.0/8"]).vouches_for(local));
    }
}
