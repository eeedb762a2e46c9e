//! Tickets by which clients resume sessions (RFC 5077; RFC 8446 §4.6.1).
//!
//! Their keys are made of a secret and of the time, so that everybody who has the secret has the same
//! keys at the same time without a word to the others: the other node, and the process that takes this
//! one's place. Keys are forgotten as time goes on, so a stolen key opens what one period has seen.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use edge_core::config;
use rustls::server::ProducesTickets;

use super::pem::{self, Error};
use crate::buffer::lock;
use crate::stamp::Stamp;

/// What the keys of a listener's tickets are made of.
#[derive(Debug)]
pub(super) struct Ticketer {
    file: Option<PathBuf>,
    lifetime: Duration,
    secrets: Arc<ArcSwap<Secrets>>,
    read: Mutex<Option<Stamp>>,
}

/// Secrets, the first of which makes new tickets.
struct Secrets(Vec<Prk>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} secrets", self.0.len())
    }
}

impl Ticketer {
    pub(super) fn new(config: &config::Tickets) -> Result<Self, Error> {
        let file = config.secret_file.clone();
        let read = file.as_deref().and_then(Stamp::of);
        let secrets = match &file {
            Some(path) => self::read(path)?,
            None => Secrets(vec![
                own_secret().ok_or(rustls::Error::FailedToGetRandomBytes)?,
            ]),
        };
        Ok(Self {
            file,
            lifetime: config.lifetime,
            secrets: Arc::new(ArcSwap::from_pointee(secrets)),
            read: Mutex::new(read),
        })
    }

    /// Tickets of those who have shown what `identity` stands for: a ticket is an introduction, so one
    /// from a listener that asks for nothing is worth nothing at one that does.
    pub(super) fn of(&self, identity: Option<&[u8]>) -> Tickets {
        Tickets {
            secrets: Arc::clone(&self.secrets),
            identity: identity.unwrap_or_default().to_vec(),
            lifetime: self.lifetime,
            now: ArcSwap::default(),
        }
    }

    /// Reads the secrets again if they have changed.
    pub(super) fn follow(&self) {
        let Some(path) = &self.file else {
            return;
        };
        let now = Stamp::of(path);
        let mut before = lock(&self.read);
        if *before == now {
            return;
        }
        *before = now;
        match read(path) {
            Ok(secrets) => {
                tracing::info!(path = %path.display(), ?secrets, "secrets of tickets read again");
                self.secrets.store(Arc::new(secrets));
            }
            Err(error) => tracing::error!("{error}; the secrets before stay in use"),
        }
    }
}

/// Shorter than that a secret can be guessed.
const SHORTEST: usize = 32;

fn read(path: &Path) -> Result<Secrets, Error> {
    let text = fs::read_to_string(path).map_err(|why| pem::error(path, &why))?;
    let lines = text.lines().map(str::trim);
    let lines: Vec<_> = lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    if lines.is_empty() {
        return Err(pem::error(path, &"holds no secret"));
    }
    if lines.iter().any(|line| line.len() < SHORTEST) {
        let why = "a secret has at least 32 characters: `openssl rand -hex 32` makes one";
        return Err(pem::error(path, &why));
    }
    Ok(Secrets(
        lines.iter().map(|line| secret(line.as_bytes())).collect(),
    ))
}

fn secret(bytes: &[u8]) -> Prk {
    Salt::new(HKDF_SHA256, b"hifate-edge session tickets").extract(bytes)
}

/// A secret that lasts as long as the process, so that a reload takes no sessions.
fn own_secret() -> Option<Prk> {
    static OWN: LazyLock<Option<[u8; 32]>> = LazyLock::new(|| {
        let mut bytes = [0; 32];
        super::provider().secure_random.fill(&mut bytes).ok()?;
        Some(bytes)
    });
    OWN.as_ref().map(|bytes| secret(bytes))
}

/// Makes and takes tickets.
pub(super) struct Tickets {
    secrets: Arc<ArcSwap<Secrets>>,
    identity: Vec<u8>,
    lifetime: Duration,
    now: ArcSwap<Keys>,
}

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tickets")
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

/// The keys of a time.
#[derive(Default)]
struct Keys {
    /// Which period it is, counted from 1970, and of which secrets they are.
    period: u64,
    of: Option<Arc<Secrets>>,
    /// The first is that of new tickets.
    all: Vec<Key>,
}

struct Key {
    /// What a ticket says of its key.
    name: [u8; NAME],
    key: RandomizedNonceKey,
}

const NAME: usize = 16;

impl Tickets {
    fn keys(&self, now: SystemTime) -> Arc<Keys> {
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let period = since.as_secs() / self.lifetime.as_secs().max(1);
        let (keys, secrets) = (self.now.load(), self.secrets.load());
        let current = |of: &Arc<Secrets>| Arc::ptr_eq(of, &secrets);
        if keys.period == period && keys.of.as_ref().is_some_and(current) {
            return Arc::clone(&keys);
        }
        let new = Arc::new(self.derive(period, &secrets));
        self.now.store(Arc::clone(&new));
        new
    }

    /// The keys of this period by each secret, and those of the periods around it: tickets of the one
    /// before have not had their time, and the other node's clock may be ahead.
    fn derive(&self, period: u64, secrets: &Arc<Secrets>) -> Keys {
        let periods = [Some(period), period.checked_sub(1), period.checked_add(1)];
        let each = secrets.0.iter();
        let each = each.flat_map(|secret| periods.iter().flatten().map(move |one| (secret, *one)));
        let keys = each.filter_map(|(secret, period)| self.key(secret, period));
        Keys {
            period,
            of: Some(Arc::clone(secrets)),
            all: keys.collect(),
        }
    }

    fn key(&self, secret: &Prk, period: u64) -> Option<Key> {
        let mut bytes = [0; NAME + 32];
        let info = [&self.identity[..], &period.to_be_bytes()];
        secret
            .expand(&info, Length(bytes.len()))
            .ok()?
            .fill(&mut bytes)
            .ok()?;
        let (name, key) = bytes.split_first_chunk()?;
        Some(Key {
            name: *name,
            key: RandomizedNonceKey::new(&AES_256_GCM, key).ok()?,
        })
    }

    fn seal(&self, plain: &[u8], now: SystemTime) -> Option<Vec<u8>> {
        let keys = self.keys(now);
        let Key { name, key } = keys.all.first()?;
        let mut sealed = plain.to_vec();
        let nonce = key
            .seal_in_place_append_tag(Aad::from(name), &mut sealed)
            .ok()?;
        Some([&name[..], nonce.as_ref(), &sealed].concat())
    }

    fn open(&self, ticket: &[u8], now: SystemTime) -> Option<Vec<u8>> {
        let (name, rest) = ticket.split_first_chunk::<NAME>()?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>()?;
        let keys = self.keys(now);
        let key = keys.all.iter().find(|key| key.name == *name)?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = key
            .key
            .open_in_place(nonce, Aad::from(name), &mut sealed)
            .ok()?;
        let length = opened.len();
        sealed.truncate(length);
        Some(sealed)
    }
}

/// How much is asked of the key derivation.
#[derive(Clone, Copy)]
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

impl ProducesTickets for Tickets {
    fn enabled(&self) -> bool {
        true
    }

    /// A ticket is taken for this long at least, and for twice as long at most.
    fn lifetime(&self) -> u32 {
        u32::try_from(self.lifetime.as_secs()).unwrap_or(u32::MAX)
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.seal(plain, SystemTime::now())
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        self.open(ticket, SystemTime::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn tickets(secrets: &[&str], identity: &[u8]) -> Tickets {
        let secrets = secrets.iter().map(|one| secret(one.as_bytes())).collect();
        Tickets {
            secrets: Arc::new(ArcSwap::from_pointee(Secrets(secrets))),
            identity: identity.to_vec(),
            lifetime: HOUR,
            now: ArcSwap::default(),
        }
    }

    #[test]
    fn whoever_has_the_secret_takes_the_ticket_for_as_long_as_it_lasts() {
        let (one, other) = (tickets(&["a", "b"], b""), tickets(&["b", "a"], b""));
        let now = UNIX_EPOCH + 500_000 * HOUR + HOUR / 2;
        let ticket = one.seal(b"session", now).unwrap();
        assert_eq!(other.open(&ticket, now).as_deref(), Some(&b"session"[..]));
        assert!(other.open(&ticket, now + HOUR).is_some());
        assert!(
            other.open(&ticket, now - HOUR).is_some(),
            "its clock is behind"
        );
        assert!(other.open(&ticket, now + 2 * HOUR).is_none());
        assert!(tickets(&["c"], b"").open(&ticket, now).is_none());
        assert!(tickets(&["a"], b"client auth").open(&ticket, now).is_none());
    }

    #[test]
    fn what_is_no_ticket_opens_nothing() {
        let tickets = tickets(&["a"], b"");
        let now = UNIX_EPOCH + HOUR;
        let ticket = tickets.seal(b"session", now).unwrap();
        for length in 0..ticket.len() {
            assert!(tickets.open(&ticket[..length], now).is_none());
            let mut changed = ticket.clone();
            changed[length] ^= 1;
            assert!(tickets.open(&changed, now).is_none());
        }
    }
}
