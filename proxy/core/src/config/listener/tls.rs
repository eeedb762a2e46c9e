//! TLS with clients, from written to meant.

use std::path::{Path, PathBuf};
use std::time::Duration;

use settings::{Period, Place, Problems};

use super::super::acme::{OrderedCertificate, Orders};
pub use super::super::file::{CipherSuite, TlsVersion};
use super::super::{checks, file};

/// TLS with clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenerTls {
    /// The certificates; the first is for clients that ask for a name of none.
    pub certificates: Vec<ListenerCertificate>,
    /// Whether clients are refused that do.
    pub reject_unknown_names: bool,
    /// The oldest version that is spoken.
    pub min_version: TlsVersion,
    /// The cipher suites, the most liked first; `None`: all.
    pub cipher_suites: Option<Vec<CipherSuite>>,
    /// How clients say who they are, if they are asked.
    pub client_auth: Option<ClientAuth>,
    /// How sessions are resumed, if they are.
    pub tickets: Option<Tickets>,
    /// For the whole handshake.
    pub handshake_timeout: Duration,
}

/// Where a certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListenerCertificate {
    /// From files.
    Files(CertificateFiles),
    /// From an authority; it may not have come yet.
    Ordered(OrderedCertificate),
}

/// The files of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The chain.
    pub cert: PathBuf,
    /// The key.
    pub key: PathBuf,
    /// What its authority says of it.
    pub ocsp: Option<PathBuf>,
}

impl ListenerCertificate {
    /// The files that it is in.
    pub fn paths(&self) -> Vec<&Path> {
        match self {
            Self::Files(files) => {
                let ocsp = files.ocsp.as_deref();
                [&*files.cert, &*files.key]
                    .into_iter()
                    .chain(ocsp)
                    .collect()
            }
            Self::Ordered(ordered) => vec![&ordered.path],
        }
    }
}

/// Certificates of clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAuth {
    /// Who signs them.
    pub ca: PathBuf,
    /// Which are revoked.
    pub crl: Option<PathBuf>,
    /// Whether clients without one are refused.
    pub required: bool,
}

/// Tickets of sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tickets {
    /// What their keys are made of; `None`: of a secret of the process.
    pub secret_file: Option<PathBuf>,
    /// How long a session can be resumed.
    pub lifetime: Duration,
}

pub(super) fn meant(
    written: &file::ListenerTls,
    at: &Place,
    orders: &mut Orders<'_>,
    problems: &mut Problems,
) -> ListenerTls {
    if written.certificates.is_empty() {
        problems.push_with_help(
            &at.key("certificates"),
            "there is no certificate",
            "[{ cert = \"/etc/hifate/tls/site.pem\", key = \"/etc/hifate/tls/site.key\" }]",
        );
    }
    let each = written.certificates.iter().enumerate();
    let certificates = each.filter_map(|(index, one)| {
        certificate(one, &at.key("certificates").index(index), orders, problems)
    });
    let certificates = certificates.collect();
    check_suites(written, &at.key("cipher_suites"), problems);
    let timeout = at.key("handshake_timeout");
    ListenerTls {
        certificates,
        reject_unknown_names: written.reject_unknown_names,
        min_version: written.min_version,
        cipher_suites: written.cipher_suites.clone(),
        client_auth: written.client_auth.as_ref().map(|auth| ClientAuth {
            ca: PathBuf::from(&auth.ca),
            crl: auth.crl.as_ref().map(PathBuf::from),
            required: auth.required,
        }),
        tickets: tickets(&written.tickets, &at.key("tickets"), problems),
        handshake_timeout: checks::timeout(written.handshake_timeout, &timeout, problems),
    }
}

fn certificate(
    written: &file::ListenerCertificate,
    at: &Place,
    orders: &mut Orders<'_>,
    problems: &mut Problems,
) -> Option<ListenerCertificate> {
    let file::ListenerCertificate {
        cert,
        key,
        acme,
        ocsp,
    } = written;
    if let Some(names) = acme {
        let others = [("cert", cert), ("key", key), ("ocsp", ocsp)];
        for (name, _) in others.iter().filter(|(_, value)| value.is_some()) {
            problems.push(
                &at.key(name),
                "a certificate that is ordered has files of the edge's own",
            );
        }
        let ordered = orders.certificate(names, &at.key("acme"), problems);
        return ordered.map(ListenerCertificate::Ordered);
    }
    let (Some(cert), Some(key)) = (cert, key) else {
        let (message, help) = match (cert, key) {
            (Some(_), _) => (
                "the certificate has no key",
                "key = \"/etc/hifate/tls/site.key\"",
            ),
            (None, Some(_)) => (
                "the key has no certificate",
                "cert = \"/etc/hifate/tls/site.pem\"",
            ),
            (None, None) => (
                "there is neither a file nor an authority to have the certificate from",
                "cert and key with the names of files, or acme = [\"example.com\"]",
            ),
        };
        problems.push_with_help(at, message, help);
        return None;
    };
    Some(ListenerCertificate::Files(CertificateFiles {
        cert: PathBuf::from(cert),
        key: PathBuf::from(key),
        ocsp: ocsp.as_ref().map(PathBuf::from),
    }))
}

/// Each version that is spoken has a suite.
fn check_suites(written: &file::ListenerTls, at: &Place, problems: &mut Problems) {
    let Some(suites) = &written.cipher_suites else {
        return;
    };
    if !suites
        .iter()
        .any(|suite| suite.version() == TlsVersion::V13)
    {
        let help = "add \"TLS_AES_128_GCM_SHA256\"";
        problems.push_with_help(at, "there is no suite of TLS 1.3", help);
    }
    let is_old = |suite: &CipherSuite| suite.version() == TlsVersion::V12;
    match written.min_version {
        TlsVersion::V12 if !suites.iter().any(is_old) => {
            let help = "min_version = \"1.3\"";
            problems.push_with_help(at, "there is no suite of TLS 1.2", help);
        }
        TlsVersion::V13 => {
            for (index, _) in suites.iter().enumerate().filter(|(_, one)| is_old(one)) {
                problems.push(
                    &at.index(index),
                    "this suite is of TLS 1.2, which is not spoken",
                );
            }
        }
        TlsVersion::V12 => {}
    }
}

impl CipherSuite {
    /// The version that it is of.
    fn version(self) -> TlsVersion {
        match self {
            Self::TlsAes256GcmSha384
            | Self::TlsAes128GcmSha256
            | Self::TlsChacha20Poly1305Sha256 => TlsVersion::V13,
            Self::EcdheEcdsaAes256GcmSha384
            | Self::EcdheEcdsaAes128GcmSha256
            | Self::EcdheEcdsaChacha20Poly1305Sha256
            | Self::EcdheRsaAes256GcmSha384
            | Self::EcdheRsaAes128GcmSha256
            | Self::EcdheRsaChacha20Poly1305Sha256 => TlsVersion::V12,
        }
    }
}

fn tickets(written: &file::Tickets, at: &Place, problems: &mut Problems) -> Option<Tickets> {
    let with = match written {
        file::Tickets::Switch(false) => return None,
        file::Tickets::Switch(true) => {
            let Period(lifetime) = file::default_lifetime();
            return Some(Tickets {
                secret_file: None,
                lifetime,
            });
        }
        file::Tickets::With(with) => with,
    };
    let Period(lifetime) = with.lifetime;
    if !(MINUTE..=WEEK).contains(&lifetime) {
        // RFC 8446 §4.6.1: no more than seven days.
        problems.push(&at.key("lifetime"), "a duration from 1m to 7d");
    }
    Some(Tickets {
        secret_file: with.secret_file.as_ref().map(PathBuf::from),
        lifetime,
    })
}

const MINUTE: Duration = Duration::from_mins(1);
const WEEK: Duration = Duration::from_hours(7 * 24);
