//! `request_headers` and `response_headers`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// Which headers tell servers who their client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Forwarding {
    /// `X-Real-IP`, `X-Forwarded-For` and `X-Forwarded-Proto`.
    #[default]
    XForwarded,
    /// `Forwarded` (RFC 7239) instead; what a client says there goes on only if it is trusted.
    Forwarded,
    /// All of them.
    Both,
}

/// Header lines to set, add and remove. Those of a route come on top of the site's; where both say
/// something about the same name, the route's counts.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Headers {
    /// Whether those of the site, or of the route around, hold as well. `false` is what nginx does as
    /// soon as a location has one of its own.
    pub inherit: bool,
    /// Lines that take the place of any of their name; with `$variables`. One without a value is not
    /// sent.
    pub set: BTreeMap<String, String>,
    /// Lines that come on top; with `$variables`.
    pub add: BTreeMap<String, String>,
    /// Names of lines that do not go on.
    pub remove: Vec<String>,
}

impl Default for Headers {
    fn default() -> Self {
        Self {
            inherit: true,
            set: BTreeMap::new(),
            add: BTreeMap::new(),
            remove: Vec::new(),
        }
    }
}
