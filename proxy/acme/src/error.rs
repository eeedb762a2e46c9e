//! Why a certificate could not be had.

use std::error::Error as _;
use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

/// Why a certificate could not be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder cannot be used.
    #[error("{}: {why}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The authority cannot be reached, or does not do what is asked of it.
    #[error("{0}")]
    Authority(String),
    /// It could not prove to itself that a name leads here.
    #[error("{name}: {why}")]
    Unproven {
        /// The name.
        name: String,
        /// What the authority says.
        why: String,
    },
    /// What it sent is not what was ordered.
    #[error("the certificate that came is of no use: {0}")]
    Unusable(String),
    /// Cryptography failed.
    #[error("{0}")]
    Crypto(#[from] rcgen::Error),
    /// It took too long.
    #[error("the authority did not come to an end in time")]
    Timeout,
}

impl Error {
    /// What is wrong with a file.
    pub(crate) fn file(path: &Path, why: &dyn Display) -> Self {
        Self::File {
            path: path.to_owned(),
            why: why.to_string(),
        }
    }
}

impl From<instant_acme::Error> for Error {
    fn from(error: instant_acme::Error) -> Self {
        if let instant_acme::Error::Timeout(_) = error {
            return Self::Timeout;
        }
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let why = error.to_string();
            if !text.contains(&why) {
                text.push_str(": ");
                text.push_str(&why);
            }
            cause = error.source();
        }
        Self::Authority(text)
    }
}

/// For files that need not be there.
pub(crate) fn unless_missing<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
