//! What browsers are told: `hsts`, `cors`.

use schemars::JsonSchema;
use serde::Deserialize;
use settings::Period;

/// Whether clients are sent to HTTPS.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum HttpsOnly {
    /// `true`: to port 443.
    Switch(bool),
    /// To this port.
    Port(u16),
}

impl Default for HttpsOnly {
    fn default() -> Self {
        Self::Switch(false)
    }
}

/// Whether browsers are to come by HTTPS only.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Hsts {
    /// `false`: nothing is said.
    Switch(bool),
    /// For how long, and how far.
    For(HstsFor),
}

/// For how long browsers are to come by HTTPS only (RFC 6797). Said only to clients that have.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HstsFor {
    /// How long they remember it.
    pub max_age: Period,
    /// Whether it holds for the host names below this one.
    pub include_subdomains: bool,
    /// Whether browser makers may build it in; that cannot soon be taken back.
    pub preload: bool,
}

impl Default for HstsFor {
    fn default() -> Self {
        // What hstspreload.org asks for at least.
        Self {
            max_age: Period(std::time::Duration::from_hours(365 * 24)),
            include_subdomains: false,
            preload: false,
        }
    }
}

/// Which pages of other sites may read answers.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Cors {
    /// `false`: it is left to the servers.
    Switch(bool),
    /// These.
    For(CorsFor),
}

/// Which pages of other sites may read answers, and do what (the Fetch standard).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CorsFor {
    /// `"https://app.example.com"`, `"https://*.example.com"`, or `"*"` alone for everybody's.
    pub origins: Vec<String>,
    /// The methods that they may use; `*`: any.
    #[serde(default = "default_methods")]
    pub methods: Vec<String>,
    /// The request headers that they may set besides those of forms, such as `Content-Type` for JSON;
    /// `*`: any but `Authorization`.
    #[serde(default)]
    pub headers: Vec<String>,
    /// The response headers that they may read besides the usual ones; `*`: any.
    #[serde(default)]
    pub expose: Vec<String>,
    /// Whether they may ask in the user's name, with cookies.
    #[serde(default)]
    pub credentials: bool,
    /// For how long a browser need not ask again what they may do.
    pub max_age: Option<Period>,
}

fn default_methods() -> Vec<String> {
    // What forms can do, which needs no leave.
    ["GET", "HEAD", "POST"].map(str::to_owned).into()
}
