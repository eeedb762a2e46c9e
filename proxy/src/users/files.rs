//! The files of users that a configuration has: those that it names, and those that the values of
//! requests name.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Arc, Mutex};

use lru::LruCache;

use super::{Error, UsersFile};
use crate::buffer::lock;

/// The files of users of a configuration.
#[derive(Debug)]
pub(crate) struct UsersFiles {
    named: HashMap<Box<Path>, Arc<UsersFile>>,
    /// Those that requests have named, the last first.
    asked: Mutex<LruCache<Box<Path>, Arc<UsersFile>>>,
}

/// How many files are kept that requests have named; another is read again when it is.
const MOST_ASKED: NonZeroUsize = NonZeroUsize::MIN.saturating_add(255);

impl UsersFiles {
    /// Reads the files at `named`; what `old` knows of them is still known.
    pub(crate) fn open<'p>(
        named: impl Iterator<Item = &'p Path>,
        old: Option<&Self>,
    ) -> Result<Self, Error> {
        let mut files = Self {
            named: HashMap::new(),
            asked: Mutex::new(LruCache::new(MOST_ASKED)),
        };
        for path in named {
            if !files.named.contains_key(path) {
                let before = old.and_then(|old| old.named.get(path));
                let users = UsersFile::open(path, before.map(Arc::as_ref))?;
                files.named.insert(path.into(), Arc::new(users));
            }
        }
        Ok(files)
    }

    /// The file at `path`, read where that takes nobody's time if it is not known yet; `None` if there
    /// is none.
    pub(crate) async fn at(&self, path: &Path) -> Result<Option<Arc<UsersFile>>, Error> {
        let known = self.named.get(path).map(Arc::clone);
        if let Some(known) = known.or_else(|| lock(&self.asked).get(path).map(Arc::clone)) {
            return Ok(Some(known));
        }
        let place = path.to_owned();
        let opened = tokio::task::spawn_blocking(move || UsersFile::open(&place, None)).await;
        match opened {
            Ok(Ok(users)) => {
                let users = Arc::new(users);
                lock(&self.asked).put(path.into(), Arc::clone(&users));
                Ok(Some(users))
            }
            Ok(Err(Error::Unreadable { error, .. })) if error.kind() == ErrorKind::NotFound => {
                Ok(None)
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// Reads files again that have changed, and forgets those that requests named and that are gone.
    pub(crate) fn follow(&self) {
        for users in self.named.values() {
            users.follow();
        }
        let mut asked = lock(&self.asked);
        let gone: Vec<Box<Path>> = asked
            .iter()
            .filter(|(path, _)| !path.exists())
            .map(|(path, _)| path.clone())
            .collect();
        for path in gone {
            asked.pop(&path);
        }
        for (_, users) in &*asked {
            users.follow();
        }
    }
}
