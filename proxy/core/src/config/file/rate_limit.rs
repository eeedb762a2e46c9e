//! `[rate_limit.NAME]`: how often something may be asked for.

use schemars::JsonSchema;
use serde::Deserialize;

/// How often something may be asked for (nginx's `limit_req_zone` and `limit_req`). Sites and
/// routes name it in `limits`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// What is counted, a text with `$variables`; requests for which it is empty are not. Without
    /// it, the client's address, and of IPv6 its network of 64 bits.
    pub key: Option<String>,
    /// `"10/s"`, `"30/m"`, `"100/h"`, or as nginx writes it: `"10r/s"`.
    pub rate: String,
    /// How many may come sooner than the rate has it.
    #[serde(default)]
    pub burst: u32,
    /// Whether those are served at once; otherwise they wait until it is their time.
    #[serde(default)]
    pub nodelay: bool,
    /// How many of them are served at once, in place of `nodelay`.
    pub delay: Option<u32>,
    /// The status of requests that are refused.
    #[serde(default = "default_status")]
    pub status: u16,
    /// Whether nobody is refused and nobody waits, and it is only counted who would be or would.
    #[serde(default)]
    pub dry_run: bool,
    /// How many keys are remembered, at about 80 bytes each; beyond that the one that has not been
    /// asked for longest is forgotten.
    #[serde(default = "default_keys")]
    pub keys: u32,
}

fn default_status() -> u16 {
    // RFC 6585 §4; nginx's is 503, which says that the server is at fault.
    429
}

fn default_keys() -> u32 {
    // 5 MiB when all are taken; nginx's zone of 10m has room for as many twice over.
    65_536
}
