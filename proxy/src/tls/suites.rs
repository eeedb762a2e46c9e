//! Cipher suites, as they are written and as they are called.

use std::sync::Arc;

use edge_core::config::CipherSuite as Written;
use rustls::CipherSuite;
use rustls::crypto::CryptoProvider;

/// Each suite as it is written, as rustls knows it, and as OpenSSL, and so nginx's `$ssl_cipher`, calls it.
const SUITES: [(Written, CipherSuite, &str); 9] = [
    (
        Written::TlsAes256GcmSha384,
        CipherSuite::TLS13_AES_256_GCM_SHA384,
        "TLS_AES_256_GCM_SHA384",
    ),
    (
        Written::TlsAes128GcmSha256,
        CipherSuite::TLS13_AES_128_GCM_SHA256,
        "TLS_AES_128_GCM_SHA256",
    ),
    (
        Written::TlsChacha20Poly1305Sha256,
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
        "TLS_CHACHA20_POLY1305_SHA256",
    ),
    (
        Written::EcdheEcdsaAes256GcmSha384,
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        "ECDHE-ECDSA-AES256-GCM-SHA384",
    ),
    (
        Written::EcdheEcdsaAes128GcmSha256,
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        "ECDHE-ECDSA-AES128-GCM-SHA256",
    ),
    (
        Written::EcdheEcdsaChacha20Poly1305Sha256,
        CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        "ECDHE-ECDSA-CHACHA20-POLY1305",
    ),
    (
        Written::EcdheRsaAes256GcmSha384,
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        "ECDHE-RSA-AES256-GCM-SHA384",
    ),
    (
        Written::EcdheRsaAes128GcmSha256,
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        "ECDHE-RSA-AES128-GCM-SHA256",
    ),
    (
        Written::EcdheRsaChacha20Poly1305Sha256,
        CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        "ECDHE-RSA-CHACHA20-POLY1305",
    ),
];

/// How OpenSSL calls a suite.
pub(super) fn name(suite: CipherSuite) -> &'static str {
    let found = SUITES.iter().find(|(_, known, _)| *known == suite);
    found.map_or("", |(_, _, name)| name)
}

/// The cryptography with these suites in this order; all if nothing is said.
pub(super) fn provider(written: Option<&[Written]>) -> Arc<CryptoProvider> {
    let all = super::provider();
    let Some(written) = written else {
        return Arc::clone(all);
    };
    let suites = written.iter().filter_map(|one| {
        let (_, suite, _) = SUITES.iter().find(|(known, _, _)| known == one)?;
        let found = all.cipher_suites.iter().find(|one| one.suite() == *suite);
        found.copied()
    });
    Arc::new(CryptoProvider {
        cipher_suites: suites.collect(),
        ..(**all).clone()
    })
}
