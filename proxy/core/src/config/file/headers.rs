//! `request_headers` and `response_headers`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// Header lines to set, add and remove. Those of a route come on top of the site's; where both say
/// something about the same name, the route's counts.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Headers {
    /// Lines that take the place of any of their name; with `$variables`. One without a value is not
    /// sent.
    pub set: BTreeMap<String, String>,
    /// Lines that come on top; with `$variables`.
    pub add: BTreeMap<String, String>,
    /// Names of lines that do not go on.
    pub remove: Vec<String>,
}
