//! `[acme]`: certificates that the edge orders itself.

use schemars::JsonSchema;
use serde::Deserialize;

/// How certificates are ordered from an authority (ACME, RFC 8555), for listeners that ask for it:
/// `certificates = [{ acme = ["example.com"] }]`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Acme {
    /// The authority's directory, an https URL. When it changes, certificates are ordered from the new one, and
    /// those of the one before stay in use until then.
    #[serde(default = "default_directory")]
    pub directory: String,
    /// Mail addresses that the authority may write to.
    #[serde(default)]
    pub contact: Vec<String>,
    /// That the authority's terms of service are agreed to. Nothing is ordered without it.
    pub agree_to_terms: bool,
    /// The folder with the account, the certificates and their keys. Several nodes may share one.
    #[serde(default = "default_state")]
    pub state: String,
    /// How the authority finds out that the names lead here.
    #[serde(default)]
    pub challenge: AcmeChallenge,
    /// Other edges that the names may lead to as well, by address and port: they are asked what to answer
    /// to the authority where this one does not know (`http-01`). So each orders certificates of its own,
    /// whichever of them has the address of the service.
    #[serde(default)]
    pub peers: Vec<String>,
    /// The authorities that sign the directory's own certificate, as a PEM file; those of the system if
    /// absent.
    pub ca: Option<String>,
    /// What binds the account to a customer, where the authority asks for it.
    pub external_account: Option<AcmeExternalAccount>,
}

fn default_directory() -> String {
    "https://acme-v02.api.letsencrypt.org/directory".to_owned()
}

fn default_state() -> String {
    // The unit of systemd has it made.
    "/var/lib/hifate/acme".to_owned()
}

/// How an authority finds out that a name leads here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
pub enum AcmeChallenge {
    /// It asks for a file on port 80 (RFC 8555 §8.3).
    #[default]
    #[serde(rename = "http-01")]
    Http01,
    /// It asks for a certificate on port 443 (RFC 8737).
    #[serde(rename = "tls-alpn-01")]
    TlsAlpn01,
}

/// An account that the authority knows already (RFC 8555 §7.3.4).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcmeExternalAccount {
    /// What the authority calls the key.
    pub key_id: String,
    /// The file with the key, in base64url as authorities give it out.
    pub key_file: String,
}
