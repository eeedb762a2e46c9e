//! What is kept of an authority, in a folder that several processes and nodes may share.
//!
//! Each file is written beside its place and then put into it, so that whoever reads it sees the old
//! content or the new one.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::error::{Error, unless_missing};

/// The folder of an authority.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

/// For as long as it is there nobody else orders.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Store {
    /// The store in this folder, which need not be there yet.
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// Keeps all others from ordering; `None` if another does.
    pub fn lock(&self) -> Result<Option<Lock>, Error> {
        make(&self.folder)?;
        let path = self.folder.join("lock");
        let failed = |error: &dyn std::fmt::Display| Error::file(&path, error);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(&path).map_err(|error| failed(&error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock { _file: file })),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(failed(&error)),
        }
    }

    /// The file with the account.
    pub(crate) fn account(&self) -> PathBuf {
        self.folder.join("account.json")
    }

    /// The folder with what answers challenges of one kind.
    pub(crate) fn challenges(&self, kind: &str) -> PathBuf {
        self.folder.join("challenges").join(kind)
    }
}

/// Reads a file that may be missing.
pub(crate) fn read(path: &Path) -> Result<Option<String>, Error> {
    unless_missing(fs::read_to_string(path)).map_err(|error| Error::file(path, &error))
}

/// Puts `content` into the place of a file, readable by this user alone.
pub(crate) fn write(path: &Path, content: &[u8]) -> Result<(), Error> {
    make(path.parent().unwrap_or(Path::new(".")))?;
    daemon::replace(path, content).map_err(|error| Error::file(path, &error))
}

fn make(folder: &Path) -> Result<(), Error> {
    let mut builder = DirBuilder::new();
    let made = builder.recursive(true).mode(0o700).create(folder);
    made.map_err(|error| Error::file(folder, &error))
}
