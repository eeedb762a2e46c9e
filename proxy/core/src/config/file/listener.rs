//! `[[listener]]`: where clients connect.

use schemars::JsonSchema;
use serde::Deserialize;

/// Where clients connect.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// Address and port, such as `0.0.0.0:80` or `[::]:80`.
    pub address: String,
}
