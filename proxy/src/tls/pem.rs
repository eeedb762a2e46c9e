//! Files of certificates and keys.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A file cannot be read or holds something else.
    #[error("{}: {why}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The system's authorities cannot be read.
    #[error("the certificate authorities of the system cannot be read: {0}; name a file with `ca`")]
    Roots(std::io::Error),
    /// Certificate and key do not fit, or the name is none.
    #[error("{0}")]
    Rustls(#[from] rustls::Error),
    /// Not a name that a certificate can be for.
    #[error("`{0}` is no name of a server")]
    Name(String),
}

/// What is wrong with a file.
pub(crate) fn error(path: &Path, why: &dyn Display) -> Error {
    Error::File {
        path: path.to_owned(),
        why: why.to_string(),
    }
}

/// At least one certificate.
pub(crate) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found = CertificateDer::pem_file_iter(path).map_err(|why| error(path, &why))?;
    let found: Vec<_> = found
        .collect::<Result<_, _>>()
        .map_err(|why| error(path, &why))?;
    if found.is_empty() {
        return Err(error(path, &"holds no certificate"));
    }
    Ok(found)
}

/// A private key.
pub(crate) fn key(path: &Path) -> Result<PrivateKeyDer<'static>, Error> {
    PrivateKeyDer::from_pem_file(path).map_err(|why| error(path, &why))
}
