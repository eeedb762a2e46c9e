//! A certificate that came, proven to be what was ordered.

use edge_core::config::OrderedCertificate;
use edge_core::renewal::Validity;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;

use crate::account::Authority;
use crate::error::Error;
use crate::store;

/// A certificate with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// The certificate itself, in DER.
    pub der: Vec<u8>,
    /// From when until when it is valid.
    pub validity: Validity,
}

/// The line before the certificates of a file: who was asked for them.
fn origin(directory: &str) -> String {
    format!("Ordered from {directory}\n")
}

/// Reads the certificate that is kept for `ordered`; `None` if there is none of this authority for all
/// of its names.
pub fn read(
    ordered: &OrderedCertificate,
    authority: &Authority,
    provider: &CryptoProvider,
) -> Result<Option<Issued>, Error> {
    let pem = store::read(&ordered.path)?;
    let origin = origin(&authority.acme.directory);
    let pem = pem.filter(|pem| pem.starts_with(&origin));
    Ok(pem.and_then(|pem| proven(&pem, &ordered.names, provider).ok()))
}

/// Keeps a certificate in the place of the one before, if it is of use `now`.
pub(crate) fn keep(
    pem: &str,
    ordered: &OrderedCertificate,
    authority: &Authority,
    now: i64,
    provider: &CryptoProvider,
) -> Result<Issued, Error> {
    let issued = proven(pem, &ordered.names, provider).map_err(Error::Unusable)?;
    let Validity {
        not_before,
        not_after,
    } = issued.validity;
    if !(not_before..=not_after).contains(&now) {
        let why = "it is not valid now; is the clock of this machine right?";
        return Err(Error::Unusable(why.to_owned()));
    }
    let content = [&origin(&authority.acme.directory), pem].concat();
    store::write(&ordered.path, content.as_bytes())?;
    Ok(issued)
}

/// The first certificate of `pem`, which fits the key there and is for all of `names`.
fn proven(pem: &str, names: &[String], provider: &CryptoProvider) -> Result<Issued, String> {
    let bytes = pem.as_bytes();
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
    let chain = chain.map_err(|error| error.to_string())?;
    let key = PrivateKeyDer::from_pem_slice(bytes).map_err(|error| error.to_string())?;
    let der = chain.first().ok_or("there is none")?.to_vec();
    // Refused if the key is another's.
    CertifiedKey::from_der(chain, key, provider).map_err(|error| error.to_string())?;
    let (_, parsed) = parse_x509_certificate(&der).map_err(|error| error.to_string())?;
    let extension = parsed.subject_alternative_name();
    let extension = extension.map_err(|error| error.to_string())?;
    let is_for = |name: &String| {
        extension.iter().any(|found| {
            let mut all = found.value.general_names.iter();
            all.any(
                |one| matches!(one, GeneralName::DNSName(one) if one.eq_ignore_ascii_case(name)),
            )
        })
    };
    if let Some(name) = names.iter().find(|name| !is_for(name)) {
        return Err(format!("it is not for {name}"));
    }
    let validity = Validity {
        not_before: parsed.validity().not_before.timestamp(),
        not_after: parsed.validity().not_after.timestamp(),
    };
    Ok(Issued { der, validity })
}
