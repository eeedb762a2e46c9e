//! How packets are told from forged ones. What is secret here is never printed.

use std::fmt;
use std::num::NonZeroU8;
use std::time::Duration;

/// How an instance's packets are authenticated.
#[derive(Clone, PartialEq, Eq)]
pub enum Auth {
    /// Not at all.
    None,
    /// The simple password of version 2, padded with zeros. Everybody on the network can read it: it guards
    /// against mistakes, not against malice. Version 3 has none and takes this as [`Auth::None`].
    Pass([u8; 8]),
    /// The trailer of keepalived 2.4.
    Hmac(Hmac),
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Pass(_) => f.write_str("Pass(..)"),
            Self::Hmac(hmac) => f.debug_tuple("Hmac").field(hmac).finish(),
        }
    }
}

/// The trailer's keys, and how far its introduction has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hmac {
    /// The first one signs; any of them verifies, so that keys can be changed node by node.
    pub keys: Vec<Key>,
    /// What is sent and demanded.
    pub rollout: Rollout,
    /// How far a packet's time may be from ours, in whole seconds: clocks have to agree that well. See
    /// [`Hmac::default_window`].
    pub window: Duration,
}

impl Hmac {
    /// keepalived's window: three intervals, at least 5 s.
    pub fn default_window(interval: Duration) -> Duration {
        interval.saturating_mul(3).max(Duration::from_secs(5))
    }
}

/// The steps in which nodes are brought to authenticate without an interruption: each step is taken on all
/// nodes before the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rollout {
    /// Sends no trailer; verifies one that is there.
    ReceiveOnly,
    /// Sends one; accepts packets that have none.
    Permissive,
    /// Sends one; refuses packets that have none.
    Enforce,
}

/// A secret with the number that packets name it by.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    id: NonZeroU8,
    secret: Vec<u8>,
}

impl Key {
    /// A key of 32 to 64 bytes with a number from 1.
    pub fn new(id: u8, secret: &[u8]) -> Result<Self, InvalidKey> {
        let id = NonZeroU8::new(id).ok_or(InvalidKey::Id)?;
        if !(32..=64).contains(&secret.len()) {
            return Err(InvalidKey::Length(secret.len()));
        }
        Ok(Self {
            id,
            secret: secret.to_vec(),
        })
    }

    /// The number that packets name it by.
    pub fn id(&self) -> u8 {
        self.id.get()
    }

    pub(super) fn secret(&self) -> &[u8] {
        &self.secret
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

/// Why something is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// The number is zero.
    #[error("a key's id is 1 to 255")]
    Id,
    /// The secret has this many bytes.
    #[error("a key has 32 to 64 bytes, not {0}")]
    Length(usize),
}
