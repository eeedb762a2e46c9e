//! `[resolver]`: how the names of servers are looked up.

use schemars::JsonSchema;
use serde::Deserialize;
use settings::Period;

/// How the names of servers are looked up.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Resolver {
    /// Name servers, such as `10.0.0.2:53`; absent: those of `/etc/resolv.conf`.
    pub servers: Vec<String>,
    /// How long one name server has to answer.
    pub timeout: Period,
    /// Addresses are kept at least so long, whatever the name server says.
    pub min_ttl: Period,
    /// Addresses are looked up again after this time, whatever the name server says.
    pub max_ttl: Period,
    /// Whether IPv6 addresses are asked for.
    pub ipv6: bool,
}

impl Default for Resolver {
    fn default() -> Self {
        let seconds = |seconds| Period(std::time::Duration::from_secs(seconds));
        Self {
            servers: Vec::new(),
            // Half of what resolv.conf(5) has: there is time for a second server.
            timeout: seconds(2),
            // Name servers in containers like to say 0.
            min_ttl: seconds(1),
            max_ttl: seconds(300),
            ipv6: true,
        }
    }
}
