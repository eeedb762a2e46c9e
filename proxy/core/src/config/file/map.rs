//! `[map.NAME]`: variables of the configuration's own.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// A variable `$NAME` whose value is looked up in a table (nginx's `map`).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Map {
    /// What is looked up, with `$variables`.
    pub of: String,
    /// Values by what they are for, in which case does not matter; with `$variables`.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// Values of what an expression is found in, tried in order after `values`.
    #[serde(default)]
    pub regex: Vec<MapRegex>,
    /// The value of everything else, with `$variables`.
    #[serde(default)]
    pub default: String,
}

/// The value of what an expression is found in.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MapRegex {
    /// The expression; write `(?i)` first if case does not matter.
    pub find: String,
    /// The value, with `$variables`, among which are `$1` and the names of the expression's groups.
    pub value: String,
}
