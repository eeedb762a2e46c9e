//! What becomes of a request for a certificate.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use rcgen::{KeyPair, PublicKeyData, SignatureAlgorithm};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer as _;
use x509_parser::time::ASN1Time;

use crate::upstream_tls::Authority;

/// How a certificate is signed.
pub(super) struct Signing<'a> {
    pub(super) names: &'a [String],
    pub(super) lifetime: i64,
    pub(super) wrong_key: bool,
    pub(super) wrong_names: bool,
}

impl Signing<'_> {
    /// The certificate and its authority's, in PEM; `None` if the request is not right.
    pub(super) fn sign(&self, request: &[u8], authority: &Authority) -> Option<String> {
        let (_, parsed) = X509CertificationRequest::from_der(request).ok()?;
        let info = &parsed.certification_request_info;
        let key = Key(info.subject_pki.subject_public_key.data.to_vec());
        let signed = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &key.0);
        signed.verify(info.raw, &parsed.signature_value.data).ok()?;
        (requested(&parsed) == self.names).then_some(())?;
        let names: &[String] = if self.wrong_names {
            &["other.test".to_owned()]
        } else {
            self.names
        };
        let validity = |params: &mut rcgen::CertificateParams| {
            let now = ASN1Time::now().to_datetime();
            params.not_before = now - std::time::Duration::from_secs(1);
            params.not_after =
                params.not_before + std::time::Duration::from_secs(self.lifetime.unsigned_abs());
            params.use_authority_key_identifier_extension = true;
        };
        Some(if self.wrong_key {
            authority.sign_key(&KeyPair::generate().unwrap(), names, validity)
        } else {
            authority.sign_key(&key, names, validity)
        })
    }
}

fn requested(request: &X509CertificationRequest<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for extension in request.requested_extensions().into_iter().flatten() {
        if let ParsedExtension::SubjectAlternativeName(names) = extension {
            for name in &names.general_names {
                if let GeneralName::DNSName(name) = name {
                    found.push((*name).to_owned());
                }
            }
        }
    }
    found
}

/// A public key on the curve P-256.
struct Key(Vec<u8>);

impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}
