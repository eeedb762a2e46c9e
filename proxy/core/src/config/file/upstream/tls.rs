//! TLS to servers, as it is written.

use schemars::JsonSchema;
use serde::Deserialize;

/// TLS to the servers of an upstream (nginx's `proxy_ssl_*`).
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UpstreamTls {
    /// The name that the server is asked for (SNI) and that its certificate must be for; absent:
    /// the name or address of the server.
    pub server_name: Option<String>,
    /// Whether the certificate is verified; absent: it is.
    pub verify: Option<bool>,
    /// The authorities that are trusted, as a PEM file; absent: those of the system.
    pub ca: Option<String>,
    /// The certificate chain that the edge shows, as a PEM file.
    pub cert: Option<String>,
    /// Its key, as a PEM file.
    pub key: Option<String>,
}
