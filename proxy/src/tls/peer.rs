//! Clients that show certificates (mutual TLS).

use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use edge_core::config::ClientAuth;
use edge_core::hex;
use edge_core::tls::{Certificate, distinguished_name};
use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateRevocationListDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use x509_parser::objects::{oid_registry, oid2abbrev};
use x509_parser::parse_x509_certificate;
use x509_parser::time::ASN1Time;
use x509_parser::x509::X509Name;

use super::pem::{self, Error};

/// What verifies clients, and what tells it from others: whom one has taken, another has not.
pub(super) fn verifier(
    auth: &ClientAuth,
    provider: &Arc<CryptoProvider>,
) -> Result<(Arc<dyn ClientCertVerifier>, Vec<u8>), Error> {
    let mut identity = digest::Context::new(&digest::SHA256);
    let mut roots = RootCertStore::empty();
    for certificate in pem::certificates(&auth.ca)? {
        identity.update(&certificate);
        let added = roots.add(certificate);
        added.map_err(|why| pem::error(&auth.ca, &why))?;
    }
    let builder =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    let builder = match &auth.crl {
        None => builder,
        Some(path) => {
            let lists = revocations(path)?;
            for list in &lists {
                identity.update(list);
            }
            builder.with_crls(lists)
        }
    };
    let builder = if auth.required {
        builder
    } else {
        builder.allow_unauthenticated()
    };
    identity.update(&[u8::from(auth.required)]);
    let verifier = builder.build().map_err(|why| pem::error(&auth.ca, &why))?;
    Ok((verifier, identity.finish().as_ref().to_vec()))
}

fn revocations(path: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, Error> {
    let found = CertificateRevocationListDer::pem_file_iter(path);
    let found = found.map_err(|why| pem::error(path, &why))?;
    let found: Vec<_> = found
        .collect::<Result<_, _>>()
        .map_err(|why| pem::error(path, &why))?;
    if found.is_empty() {
        return Err(pem::error(path, &"holds no list of revoked certificates"));
    }
    Ok(found)
}

/// What a verified certificate says of its owner.
pub(super) fn describe(der: &[u8]) -> Option<Certificate> {
    let (_, parsed) = parse_x509_certificate(der).ok()?;
    let hash = |algorithm| hex::text(digest::digest(algorithm, der).as_ref().iter().copied());
    Some(Certificate {
        subject: name(parsed.subject()),
        issuer: name(parsed.issuer()),
        serial: hex::text(parsed.raw_serial().iter().copied()).to_ascii_uppercase(),
        sha1: hash(&digest::SHA1_FOR_LEGACY_USE_ONLY),
        sha256: hash(&digest::SHA256),
        not_before: time(parsed.validity().not_before),
        not_after: time(parsed.validity().not_after),
        escaped_pem: escaped_pem(der),
    })
}

fn name(name: &X509Name<'_>) -> String {
    let parts: Vec<Vec<_>> = name
        .iter_rdn()
        .map(|part| {
            let attributes = part.iter().map(|attribute| {
                let kind = attribute.attr_type();
                let short = oid2abbrev(kind, oid_registry());
                let value = match attribute.as_str() {
                    Ok(text) => text.to_owned(),
                    Err(_) => String::from_utf8_lossy(attribute.as_slice()).into_owned(),
                };
                let kind = short.map_or_else(|_| kind.to_string(), str::to_owned);
                (kind, value)
            });
            attributes.collect()
        })
        .collect();
    distinguished_name(&parts)
}

/// As OpenSSL writes it: `Jun  1 12:00:00 2030 GMT`.
fn time(time: ASN1Time) -> String {
    let time = jiff::Timestamp::from_second(time.timestamp()).unwrap_or_default();
    time.strftime("%b %e %H:%M:%S %Y GMT").to_string()
}

/// RFC 7468, with percent signs as nginx writes them.
fn escaped_pem(der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let mut text = String::from("-----BEGIN%20CERTIFICATE-----%0A");
    for (index, character) in encoded.chars().enumerate() {
        if index > 0 && index % 64 == 0 {
            text.push_str("%0A");
        }
        match character {
            '+' => text.push_str("%2B"),
            '/' => text.push_str("%2F"),
            '=' => text.push_str("%3D"),
            character => text.push(character),
        }
    }
    text.push_str("%0A-----END%20CERTIFICATE-----%0A");
    text
}
