//! Whom to trust of those that the edge connects to.

use std::path::Path;

use rustls::RootCertStore;

use super::pem::{self, Error};

/// The authorities in a file, or those that the system trusts.
pub(crate) fn roots(ca: Option<&Path>) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = ca {
        for certificate in pem::certificates(path)? {
            let added = roots.add(certificate);
            added.map_err(|why| pem::error(path, &why))?;
        }
    } else {
        let found = rustls_native_certs::load_native_certs().map_err(Error::Roots)?;
        roots.add_parsable_certificates(found);
    }
    Ok(roots)
}
