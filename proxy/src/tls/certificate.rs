//! A certificate with its key, and what it says of itself.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use edge_core::config::{CertificateFiles, ListenerCertificate, OrderedCertificate};
use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;
use x509_parser::prelude::X509Certificate;

use super::pem::{self, Error};

/// A certificate in use.
#[derive(Debug)]
pub(crate) struct Certificate {
    /// Where it was read.
    pub(crate) path: PathBuf,
    /// With its key.
    pub(super) certified: Arc<CertifiedKey>,
    /// The names that it is for, in lower case; wildcards as `*.example.com`.
    pub(crate) names: Vec<String>,
    /// What it is called in metrics: its first name.
    pub(crate) label: String,
    /// From when it is valid, as a Unix time.
    pub(crate) not_before: i64,
    /// Until when.
    pub(crate) not_after: i64,
}

impl Certificate {
    /// Reads a certificate that fits its key; `None` if it is one that has yet to come.
    pub(super) fn read(
        from: &ListenerCertificate,
        provider: &CryptoProvider,
    ) -> Result<Option<Self>, Error> {
        match from {
            ListenerCertificate::Files(files) => Self::in_files(files, provider).map(Some),
            ListenerCertificate::Ordered(ordered) => Ok(Self::come(ordered, provider)),
        }
    }

    /// One that was ordered. The file is the edge's own, so whatever is wrong with it is nothing that an
    /// operator would have to mend before the edge starts: another is ordered.
    fn come(ordered: &OrderedCertificate, provider: &CryptoProvider) -> Option<Self> {
        let path = &ordered.path;
        if !path.exists() {
            return None;
        }
        // One file, so that there is never a certificate with another's key.
        let files = CertificateFiles {
            cert: path.clone(),
            key: path.clone(),
            ocsp: None,
        };
        match Self::in_files(&files, provider) {
            Ok(certificate) => Some(certificate),
            Err(error) => {
                tracing::error!(%error, "a certificate that was ordered is of no use");
                None
            }
        }
    }

    fn in_files(files: &CertificateFiles, provider: &CryptoProvider) -> Result<Self, Error> {
        let path = &files.cert;
        let chain = pem::certificates(path)?;
        let key = pem::key(&files.key)?;
        let mut certified = CertifiedKey::from_der(chain, key, provider).map_err(|why| {
            if matches!(why, rustls::Error::InconsistentKeys(_)) {
                pem::error(&files.key, &format!("is not the key of {}", path.display()))
            } else {
                pem::error(path, &why)
            }
        })?;
        if let Some(path) = &files.ocsp {
            certified.ocsp = Some(ocsp(path)?);
        }
        let first = certified.cert.first();
        let first = first.ok_or_else(|| pem::error(path, &"holds no certificate"))?;
        let (_, parsed) = parse_x509_certificate(first).map_err(|why| pem::error(path, &why))?;
        let names = names(&parsed);
        let label = names.first().cloned();
        let certificate = Self {
            label: label.unwrap_or_else(|| path.display().to_string()),
            names,
            not_before: parsed.validity().not_before.timestamp(),
            not_after: parsed.validity().not_after.timestamp(),
            path: path.clone(),
            certified: Arc::new(certified),
        };
        certificate.warn(SystemTime::now());
        Ok(certificate)
    }

    /// Whether it is valid at this time.
    pub(crate) fn is_valid(&self, now: SystemTime) -> bool {
        (self.not_before..=self.not_after).contains(&unix(now))
    }

    /// One that browsers refuse is better than none: the operator may know.
    fn warn(&self, now: SystemTime) {
        let (certificate, path) = (&self.label, self.path.display());
        let left = self.not_after - unix(now);
        if !self.is_valid(now) {
            tracing::error!(certificate, %path, "the certificate is not valid now");
        } else if left < SOON {
            let days = left / DAY;
            tracing::warn!(certificate, %path, days, "the certificate is about to expire");
        }
    }
}

const DAY: i64 = 24 * 60 * 60;
/// A week is left to do something about it.
const SOON: i64 = 7 * DAY;

fn unix(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// The DNS names that a certificate is for (RFC 6125: those of the extension alone), and its addresses.
fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    let names = extension.value.general_names.iter();
    let names = names.filter_map(|name| {
        if let GeneralName::DNSName(name) = name {
            return Some(name.to_ascii_lowercase());
        }
        let GeneralName::IPAddress(bytes) = name else {
            return None;
        };
        if let Ok(octets) = <[u8; 4]>::try_from(*bytes) {
            return Some(IpAddr::from(octets).to_string());
        }
        let octets = <[u8; 16]>::try_from(*bytes).ok()?;
        Some(IpAddr::from(octets).to_string())
    });
    names.collect()
}

/// What an authority says of a certificate. It is only shown, so what it says is for clients to judge; but
/// it has to be a DER structure, and not PEM or a page of some web server's.
fn ocsp(path: &std::path::Path) -> Result<Vec<u8>, Error> {
    let bytes = std::fs::read(path).map_err(|why| pem::error(path, &why))?;
    match bytes.first() {
        Some(0x30) => Ok(bytes),
        _ => Err(pem::error(path, &"is no OCSP response in DER")),
    }
}
