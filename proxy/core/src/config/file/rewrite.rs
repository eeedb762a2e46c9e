//! `rewrite` and `error_page`: requests that go on elsewhere.

use schemars::JsonSchema;
use serde::Deserialize;

/// A new path for requests (nginx's `rewrite`).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rewrite {
    /// A regular expression that is looked for in the path.
    pub find: String,
    /// The new path, or for redirects a URL, with `$variables`, among which are `$1` and the names of
    /// the expression's groups. The query of the request is kept, unless a `?` stands at the end.
    pub to: String,
    /// How it goes on; a URL is a redirect anyway.
    #[serde(default)]
    pub then: Then,
}

/// How a request goes on that has another path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Then {
    /// A route is chosen for it anew.
    #[default]
    Last,
    /// It stays with its route.
    Break,
    /// The client is sent there, with status 302.
    Redirect,
    /// The client is sent there for good, with status 301.
    Permanent,
}

/// What a client gets in place of an error (nginx's `error_page`).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ErrorPage {
    /// What a request for this path would get, `"@name"`: what that route says, or a URL to which the
    /// client is sent.
    To(String),
    /// With another status.
    With(ErrorPageWith),
}

/// What a client gets in place of an error, and with which status.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErrorPageWith {
    /// A path, `"@name"` or a URL.
    pub to: String,
    /// The status that the client gets; by default that of the error.
    pub status: PageStatus,
}

/// The status of an error page.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum PageStatus {
    /// This one.
    Is(u16),
    /// `"own"`: whatever the page is answered with (nginx's `=`).
    Own(OwnStatus),
}

/// Whatever the page is answered with.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OwnStatus {
    /// The status of the page.
    Own,
}
