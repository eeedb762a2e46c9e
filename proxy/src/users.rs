//! Files of users in use: read again when they change, and checked where nobody else has to wait.
//!
//! A good hash takes its time, and a browser sends the password with every request. So whoever was
//! right is remembered for as long as their hash is in the file: as a hash, with a key of this
//! process, of name, password and stored hash, never as the password.

mod files;

use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use edge_core::basic_auth::{BadUsers, Credentials, Users};
use lru::LruCache;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

pub(crate) use self::files::UsersFiles;
use crate::buffer::lock;
use crate::stamp::Stamp;
use crate::tls;

/// A file of users.
#[derive(Debug)]
pub(crate) struct UsersFile {
    /// Where it is.
    pub(crate) path: PathBuf,
    users: ArcSwap<Users>,
    read: Mutex<Option<Stamp>>,
    known: Arc<Known>,
}

/// Who was right, which outlives reloads.
#[derive(Debug)]
struct Known {
    key: [u8; 32],
    right: Mutex<LruCache<[u8; 32], ()>>,
    /// How many are checked at a time: they take the processor from who serves requests.
    turns: Semaphore,
}

/// A file of users that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// It cannot be read.
    #[error("the file of users {path} cannot be read: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// There is nothing to make a key of.
    #[error("the system gives no random bytes")]
    NoRandom,
    /// It says something else.
    #[error("the file of users {path} cannot be used: {}", joined(problems))]
    Bad {
        /// The file.
        path: PathBuf,
        /// Its lines.
        problems: Vec<BadUsers>,
    },
}

/// Who is remembered; 32 bytes each.
const MOST_KNOWN: NonZeroUsize = NonZeroUsize::MIN.saturating_add(4095);

impl UsersFile {
    /// Reads a file; what `old` knows of the same one is still known.
    pub(crate) fn open(path: &Path, old: Option<&Self>) -> Result<Self, Error> {
        let stamp = Stamp::of(path);
        let known = match old {
            Some(old) => Arc::clone(&old.known),
            None => Arc::new(Known::new().ok_or(Error::NoRandom)?),
        };
        Ok(Self {
            users: ArcSwap::from_pointee(read(path)?),
            path: path.to_owned(),
            read: Mutex::new(stamp),
            known,
        })
    }

    /// Reads it again if it has changed. One that cannot be used leaves everything as it is.
    pub(crate) fn follow(&self) {
        let now = Stamp::of(&self.path);
        let mut read_last = lock(&self.read);
        if *read_last == now {
            return;
        }
        *read_last = now;
        match read(&self.path) {
            Ok(users) => {
                let count = users.len();
                tracing::info!(path = %self.path.display(), users = count, "file of users read");
                self.users.store(Arc::new(users));
            }
            Err(error) => tracing::error!("{error}; what it said before still holds"),
        }
    }

    /// Whether these credentials are somebody's.
    pub(crate) async fn admit(&self, credentials: Credentials) -> bool {
        let users = self.users.load_full();
        let print = users
            .hash(&credentials)
            .map(|hash| self.known.print(&credentials, hash));
        if let Some(print) = &print
            && lock(&self.known.right).get(print).is_some()
        {
            return true;
        }
        let Ok(_turn) = self.known.turns.acquire().await else {
            return false;
        };
        let check = tokio::task::spawn_blocking(move || users.admit(&credentials));
        let right = check.await.unwrap_or(false);
        if let Some(print) = print.filter(|_| right) {
            lock(&self.known.right).put(print, ());
        }
        right
    }
}

impl Known {
    fn new() -> Option<Self> {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let mut key = [0; 32];
        let random = tls::provider().secure_random;
        random.fill(&mut key).ok()?;
        Some(Self {
            key,
            right: Mutex::new(LruCache::new(MOST_KNOWN)),
            turns: Semaphore::new((cores / 2).max(1)),
        })
    }

    /// What is remembered of credentials that are right by this hash.
    fn print(&self, credentials: &Credentials, hash: &str) -> [u8; 32] {
        let mut print = Sha256::new_with_prefix(self.key);
        for part in [&credentials.user, &credentials.password] {
            print.update((part.len() as u64).to_le_bytes());
            print.update(part);
        }
        print.update(hash);
        print.finalize().into()
    }
}

fn read(path: &Path) -> Result<Users, Error> {
    let text = fs::read_to_string(path).map_err(|error| Error::Unreadable {
        path: path.to_owned(),
        error,
    })?;
    Users::parse(&text).map_err(|problems| Error::Bad {
        path: path.to_owned(),
        problems,
    })
}

fn joined(problems: &[BadUsers]) -> String {
    let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
    problems.join("; ")
}
