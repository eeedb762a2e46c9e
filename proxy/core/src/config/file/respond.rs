//! `redirect` and `respond`: answers of the configuration's own.

use schemars::JsonSchema;
use serde::Deserialize;

/// Where clients are sent (nginx's `return` with a URL).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Redirect {
    /// A URL or a path, with `$variables`; the status is 302.
    To(String),
    /// With another status.
    With(RedirectWith),
}

/// Where clients are sent, and with which status.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RedirectWith {
    /// A URL or a path, with `$variables`.
    pub to: String,
    /// 301, 302, 303, 307 or 308.
    pub status: u16,
}

/// An answer (nginx's `return`).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Respond {
    /// The status; 444 closes the connection without an answer.
    pub status: u16,
    /// The content, with `$variables`; without it the edge's own page for the status.
    pub text: Option<String>,
    /// The content's media type.
    #[serde(default = "default_media_type", rename = "type")]
    pub media_type: String,
}

fn default_media_type() -> String {
    // nginx's default_type.
    "text/plain".to_owned()
}
