//! The certificate of the node's HTTPS: its own, trusted by nobody who is not told to.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use std::{fs, io};

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair};
use thiserror::Error;
use x509_parser::extensions::GeneralName;
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::X509Certificate;

/// A certificate and its key.
#[derive(Debug)]
pub(super) struct Files {
    cert: PathBuf,
    key: PathBuf,
}

/// Why there is none.
#[derive(Debug, Error)]
pub(crate) enum Error {
    #[error("no certificate can be made: {0}")]
    Make(#[from] rcgen::Error),
    #[error("{} cannot be written: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
}

/// As long as browsers take one for, whoever has signed it.
const VALID: Duration = Duration::from_hours(397 * 24);

/// With less than this left another is made.
const RENEWED: Duration = Duration::from_hours(30 * 24);

/// Clocks differ.
const EARLIER: Duration = Duration::from_hours(1);

impl Files {
    /// Those in a node's folder of data, as `conf/dev/edge.toml` names them.
    pub(super) fn of(data: &Path) -> Self {
        Self {
            cert: data.join("edge.pem"),
            key: data.join("edge.key"),
        }
    }

    pub(super) fn cert(&self) -> &Path {
        &self.cert
    }

    /// Makes a certificate for this machine and for `address`, unless there is one that is good for a while.
    /// Whether it has made one. The edge reads the files again when they change.
    pub(super) fn renew(&self, address: IpAddr) -> Result<bool, Error> {
        let (names, now) = (names(address), SystemTime::now());
        if self.key.is_file() && self.is_good(&names, now) {
            return Ok(false);
        }
        let (cert, key) = made(&names, now)?;
        // The key first: until both are there the edge goes on with those that it has.
        write(&self.key, &key)?;
        write(&self.cert, &cert)?;
        Ok(true)
    }

    fn is_good(&self, names: &BTreeSet<String>, now: SystemTime) -> bool {
        let read = fs::read(&self.cert).unwrap_or_default();
        let Ok((_, pem)) = parse_x509_pem(&read) else {
            return false;
        };
        let cert = pem.parse_x509();
        cert.is_ok_and(|cert| named(&cert) == *names && left(&cert, now) > RENEWED)
    }
}

/// Whoever connects from here, by whatever name.
fn names(address: IpAddr) -> BTreeSet<String> {
    let host = nix::unistd::gethostname().ok();
    let host = host.and_then(|name| name.into_string().ok());
    let addresses = [
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
        address,
    ];
    addresses
        .into_iter()
        .filter(|address| !address.is_unspecified())
        .map(|address| address.to_string())
        .chain(["localhost".to_owned()])
        // A name that no certificate can have, is nobody's to ask for.
        .chain(host.filter(|name| !name.is_empty() && name.is_ascii()))
        .collect()
}

/// A certificate and its key, in PEM.
fn made(names: &BTreeSet<String>, now: SystemTime) -> Result<(String, String), rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(names.iter().cloned().collect::<Vec<_>>())?;
    params
        .distinguished_name
        .push(DnType::CommonName, "HiFate node");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.not_before = (now - EARLIER).into();
    params.not_after = (now + VALID).into();
    Ok((params.self_signed(&key)?.pem(), key.serialize_pem()))
}

/// The names that a certificate is for.
fn named(cert: &X509Certificate<'_>) -> BTreeSet<String> {
    let names = cert.subject_alternative_name().ok().flatten();
    let names = names.map(|names| &names.value.general_names);
    let text = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            let v6 = <[u8; 16]>::try_from(*bytes).map(IpAddr::from);
            v4.or(v6).ok().map(|address| address.to_string())
        }
        GeneralName::OtherName(..)
        | GeneralName::RFC822Name(_)
        | GeneralName::X400Address(_)
        | GeneralName::DirectoryName(_)
        | GeneralName::EDIPartyName(_)
        | GeneralName::URI(_)
        | GeneralName::RegisteredID(_)
        | GeneralName::Invalid(..) => None,
    };
    names.into_iter().flatten().filter_map(text).collect()
}

/// How long it is still valid.
fn left(cert: &X509Certificate<'_>, now: SystemTime) -> Duration {
    let end = u64::try_from(cert.validity().not_after.timestamp()).unwrap_or(0);
    let end = SystemTime::UNIX_EPOCH + Duration::from_secs(end);
    end.duration_since(now).unwrap_or_default()
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    daemon::replace(path, text.as_bytes()).map_err(|source| Error::Write {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn one_is_made_once_and_again_when_it_no_longer_does() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::of(folder.path());
        let address = IpAddr::from([10, 0, 0, 1]);
        assert!(files.renew(address).unwrap());
        assert!(!files.renew(address).unwrap());
        let mode = fs::metadata(&files.key).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        // For another address.
        assert!(files.renew(IpAddr::from([10, 0, 0, 2])).unwrap());
        // Without its key.
        fs::remove_file(&files.key).unwrap();
        assert!(files.renew(IpAddr::from([10, 0, 0, 2])).unwrap());
        // When it is about to end.
        let names = names(address);
        let now = SystemTime::now();
        let (cert, key) = made(&names, now - VALID + RENEWED).unwrap();
        fs::write(&files.cert, cert).unwrap();
        fs::write(&files.key, key).unwrap();
        assert!(files.renew(address).unwrap());
        assert!(files.is_good(&names, now + Duration::from_hours(24)));
        assert!(!files.is_good(&names, now + VALID));
    }

    #[test]
    fn it_is_for_this_machine_by_all_its_names() {
        let names = names(IpAddr::from([0, 0, 0, 0]));
        for name in ["localhost", "127.0.0.1", "::1"] {
            assert!(names.contains(name), "{names:?}");
        }
        assert!(!names.contains("0.0.0.0"));
    }
}
