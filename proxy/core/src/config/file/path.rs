//! `path` and `when`: which requests a route takes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// How a route's path is written.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum RoutePath {
    /// A prefix.
    Prefix(String),
    /// The path itself.
    Exact(ExactPath),
    /// An expression.
    Regex(RegexPath),
    /// A prefix with its precedence.
    PrefixWith(PrefixPath),
}

/// The path itself (nginx's `=`).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExactPath {
    /// The path.
    pub exact: String,
}

/// A regular expression found in the path (nginx's `~`; write `(?i)` first for `~*`).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegexPath {
    /// The expression.
    pub regex: String,
}

/// A prefix with its precedence.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrefixPath {
    /// The prefix.
    pub prefix: String,
    /// Whether it wins over expressions (nginx's `^~`).
    #[serde(default)]
    pub before_regex: bool,
}

/// What a route asks of a request besides its path; all of it has to hold. A route that does not take
/// a request is passed over as if it were not there.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// The methods that it takes.
    pub method: Vec<String>,
    /// Headers, by name.
    pub header: BTreeMap<String, Condition>,
    /// Arguments of the query, by name.
    pub query: BTreeMap<String, Condition>,
    /// Cookies, by name.
    pub cookie: BTreeMap<String, Condition>,
}

/// What is asked of a value.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Condition {
    /// `true`: it is there; `false`: it is not.
    Present(bool),
    /// It is this.
    Is(String),
    /// An expression is found in it.
    Matches(RegexPath),
}
