//! How a server is chosen, as it is written.

use schemars::JsonSchema;
use serde::Deserialize;
use settings::Period;

/// How a server is chosen.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Balance {
    /// By a method that needs nothing more said.
    Method(BalanceMethod),
    /// By a key.
    Hash(HashBalance),
}

impl Default for Balance {
    fn default() -> Self {
        Self::Method(BalanceMethod::RoundRobin)
    }
}

/// A method that needs nothing more said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BalanceMethod {
    /// In turn, smoothly by weight.
    RoundRobin,
    /// The one with the fewest requests under way for its weight.
    LeastConn,
    /// By the client's address: its first three bytes, or all of an IPv6 address.
    IpHash,
    /// Two are drawn, the one with fewer requests under way is taken.
    RandomTwo,
    /// Two are drawn, the one that is expected to answer sooner is taken.
    PeakEwma,
}

/// By a key, so that equal keys meet the same server.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HashBalance {
    /// Text with variables, such as `$request_uri` or `$cookie_session`.
    pub hash: String,
    /// Whether a change of servers moves only the keys of those that changed (ketama).
    #[serde(default)]
    pub consistent: bool,
    /// With `consistent`: how many times its share of the requests under way a server may have
    /// before keys move on to the next, such as 1.25; absent: any.
    pub load_factor: Option<f64>,
}

/// What failures lead to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Compat {
    /// Fails open, caps ejections, does not blame a server for one bad request.
    #[default]
    Safe,
    /// As nginx.
    Nginx,
}

/// A cookie that keeps a client with its server.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sticky {
    /// The cookie's name.
    pub cookie: String,
    /// Where the browser sends it.
    #[serde(default = "root")]
    pub path: String,
    /// The domain it is for; absent: this host only.
    pub domain: Option<String>,
    /// How long the browser keeps it; absent: until it is closed.
    pub max_age: Option<Period>,
    /// Whether it is sent over TLS only.
    #[serde(default)]
    pub secure: bool,
    /// Whether scripts of the page cannot read it.
    #[serde(default = "yes")]
    pub http_only: bool,
    /// Whether requests from other sites carry it.
    #[serde(default)]
    pub same_site: SameSite,
}

/// The `SameSite` attribute of a cookie.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SameSite {
    /// Not with what other sites embed.
    #[default]
    Lax,
    /// Never from other sites.
    Strict,
    /// Always; needs `secure`.
    None,
}

fn root() -> String {
    "/".to_owned()
}

fn yes() -> bool {
    true
}

/// Requests that wait for a server.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// The most that wait.
    pub size: u32,
    /// How long each waits.
    #[serde(default = "default_queue_timeout")]
    pub timeout: Period,
}

fn default_queue_timeout() -> Period {
    // HAProxy has its connect timeout here, customarily 5 s; a user waits no longer anyway.
    Period(std::time::Duration::from_secs(5))
}
