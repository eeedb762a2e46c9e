//! `access_log`.

use schemars::JsonSchema;
use serde::Deserialize;

/// Where requests are logged.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum AccessLog {
    /// `false`: nowhere.
    Switch(bool),
    /// A file and a format.
    To(AccessLogFile),
}

impl Default for AccessLog {
    fn default() -> Self {
        Self::Switch(false)
    }
}

/// A file and a format.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessLogFile {
    /// The file, or `stdout`. With `$variables` there can be a file for each of their values; the
    /// directories have to be there.
    pub path: String,
    /// `combined`, `json`, or text with `$variables` as in nginx's `log_format`; a variable in braces
    /// is written `$${name}` here, since `${name}` is one of the environment.
    #[serde(default = "default_format")]
    pub format: String,
    /// How values are written in a text with `$variables`, as in nginx's `log_format`.
    pub escape: Option<LogEscape>,
    /// A text with `$variables`: requests for which it is empty or `0` are not logged.
    #[serde(rename = "if")]
    pub condition: Option<String>,
}

/// How values are written in log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogEscape {
    /// `\xXX` for quotes, backslashes and bytes that are no printable ASCII; `-` for nothing.
    Default,
    /// As in a JSON string.
    Json,
    /// As they are. A client can then forge lines.
    None,
}

fn default_format() -> String {
    "combined".to_owned()
}
