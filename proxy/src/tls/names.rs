//! Which certificate a client is shown, by the name that it asks for (SNI, RFC 6066 §3).

use std::collections::HashMap;
use std::sync::Arc;

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::certificate::Certificate;

/// Certificates by name.
#[derive(Debug, Default)]
pub(super) struct Names {
    exact: HashMap<String, Certificates>,
    /// By what follows the asterisk and its dot.
    wildcard: HashMap<String, Certificates>,
    /// For names of none; empty if such are refused.
    others: Certificates,
}

/// Certificates for the same name, with keys of different kinds.
type Certificates = Vec<Arc<CertifiedKey>>;

impl Names {
    /// Of these, of which the first is for names of none unless those are refused.
    pub(super) fn new(certificates: &[Certificate], reject_unknown: bool) -> Self {
        let mut names = Self::default();
        for one in certificates {
            for name in &one.names {
                let of = match name.strip_prefix("*.") {
                    Some(parent) => names.wildcard.entry(parent.to_owned()),
                    None => names.exact.entry(name.clone()),
                };
                of.or_default().push(Arc::clone(&one.certified));
            }
        }
        if let Some(first) = certificates.first().filter(|_| !reject_unknown) {
            let same = first.names.first().and_then(|name| names.find(name));
            names.others = match same {
                Some(same) => same.clone(),
                None => vec![Arc::clone(&first.certified)],
            };
        }
        names
    }

    fn find(&self, name: &str) -> Option<&Certificates> {
        let name = name.trim_end_matches('.');
        self.exact.get(name).or_else(|| {
            // RFC 6125 §6.4.3: an asterisk stands for one label.
            let (_, parent) = name.split_once('.')?;
            self.wildcard.get(parent)
        })
    }
}

impl ResolvesServerCert for Names {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name().map(str::to_ascii_lowercase);
        let found = name.and_then(|name| self.find(&name));
        let certificates = found.unwrap_or(&self.others);
        let schemes = hello.signature_schemes();
        let fits = |one: &&Arc<CertifiedKey>| one.key.choose_scheme(schemes).is_some();
        let fitting = certificates.iter().find(fits);
        // If none does, the handshake says so.
        fitting.or_else(|| certificates.first()).map(Arc::clone)
    }
}
