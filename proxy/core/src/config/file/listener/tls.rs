//! `listener.tls`: TLS with clients.

use schemars::JsonSchema;
use serde::Deserialize;
use settings::Period;

/// TLS with clients (nginx's `listen ... ssl` and `ssl_*`).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListenerTls {
    /// Certificates, chosen by the name that a client asks for (SNI): one for exactly that name, or else
    /// for its wildcard. The first is for clients that ask for no name, or for one of no certificate. Files
    /// that change are read again.
    pub certificates: Vec<ListenerCertificate>,
    /// Whether clients are refused that ask for a name of no certificate (nginx's
    /// `ssl_reject_handshake`).
    #[serde(default)]
    pub reject_unknown_names: bool,
    /// The oldest version that is spoken.
    #[serde(default)]
    pub min_version: TlsVersion,
    /// The cipher suites, the most liked first; all of them if absent.
    pub cipher_suites: Option<Vec<CipherSuite>>,
    /// Whether clients show certificates of their own.
    pub client_auth: Option<ClientAuth>,
    /// How clients resume sessions.
    #[serde(default)]
    pub tickets: Tickets,
    /// For the whole handshake, from the beginning of the connection.
    #[serde(default = "default_timeout")]
    pub handshake_timeout: Period,
}

/// A certificate and its key: files with `cert` and `key`, or `acme`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListenerCertificate {
    /// The certificate and those between it and its authority, as a PEM file.
    pub cert: Option<String>,
    /// Its key, as a PEM file.
    pub key: Option<String>,
    /// The names of a certificate that the edge orders, as `[acme]` says, and renews in time. Until it has
    /// come, clients that ask for these names are refused.
    pub acme: Option<Vec<String>>,
    /// What its authority says of it, as a DER file, shown with it (nginx's `ssl_stapling_file`).
    pub ocsp: Option<String>,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246).
    #[default]
    #[serde(rename = "1.2")]
    V12,
    /// TLS 1.3 (RFC 8446).
    #[serde(rename = "1.3")]
    V13,
}

/// A cipher suite by its name in the registry of IANA. There are only such that are forward secret and
/// authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say all that there is")]
pub enum CipherSuite {
    #[serde(rename = "TLS_AES_256_GCM_SHA384")]
    TlsAes256GcmSha384,
    #[serde(rename = "TLS_AES_128_GCM_SHA256")]
    TlsAes128GcmSha256,
    #[serde(rename = "TLS_CHACHA20_POLY1305_SHA256")]
    TlsChacha20Poly1305Sha256,
    #[serde(rename = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384")]
    EcdheEcdsaAes256GcmSha384,
    #[serde(rename = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256")]
    EcdheEcdsaAes128GcmSha256,
    #[serde(rename = "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256")]
    EcdheEcdsaChacha20Poly1305Sha256,
    #[serde(rename = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384")]
    EcdheRsaAes256GcmSha384,
    #[serde(rename = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")]
    EcdheRsaAes128GcmSha256,
    #[serde(rename = "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256")]
    EcdheRsaChacha20Poly1305Sha256,
}

/// Certificates of clients (nginx's `ssl_verify_client`). Servers are told who came in
/// `X-Client-Cert-Subject`, `-Issuer`, `-Serial` and `-Fingerprint`, which no client can send itself.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientAuth {
    /// The authorities that sign them, as a PEM file.
    pub ca: String,
    /// Lists of those that are revoked, as a PEM file; with it, the authority of each has to be on one.
    pub crl: Option<String>,
    /// Whether clients without one are refused; otherwise `$ssl_client_verify` tells.
    #[serde(default = "default_required")]
    pub required: bool,
}

fn default_required() -> bool {
    // Who asks for certificates nearly always means it; nginx's `on`.
    true
}

/// How clients resume sessions (RFC 5077, RFC 8446 §2.2).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Tickets {
    /// `false`: each connection begins anew.
    Switch(bool),
    /// By tickets.
    With(TicketsWith),
}

impl Default for Tickets {
    fn default() -> Self {
        Self::Switch(true)
    }
}

/// Tickets of sessions.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketsWith {
    /// A file of secrets, one in each line, of at least 32 characters (`openssl rand -hex 32`). The keys of
    /// tickets are made of the first; tickets by the keys of the others are still taken. With the same file
    /// on two nodes clients resume their sessions on either. If absent, a secret of this process.
    pub secret_file: Option<String>,
    /// How long a session can be resumed. Keys change as often.
    #[serde(default = "default_lifetime")]
    pub lifetime: Period,
}

fn default_timeout() -> Period {
    // Two lost packets and their repetitions, on the slowest of lines.
    Period(std::time::Duration::from_secs(10))
}

/// The lifetime of tickets where none is said.
pub(in crate::config) fn default_lifetime() -> Period {
    // A day's visitors come back to the same session; RFC 8446 §4.6.1 allows a week.
    Period(std::time::Duration::from_hours(12))
}
