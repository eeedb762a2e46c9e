//! How much a program logs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much is logged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Only what needs a person.
    Error,
    /// And what may need one.
    Warn,
    /// And what an operator wants to see on a normal day.
    #[default]
    Info,
    /// And what explains a decision.
    Debug,
    /// Everything.
    Trace,
}
