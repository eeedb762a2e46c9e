//! The kinds of value in a TOML file, in the words that a reader of one would use.

use std::fmt;

use serde_json::Value;
use toml::de::DeValue;

/// What a value is, or is asked to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) enum Kind {
    Array,
    Boolean,
    Datetime,
    Integer,
    Number,
    String,
    Table,
}

impl Kind {
    pub(in crate::config) fn of(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::String(_) => Self::String,
            DeValue::Integer(_) => Self::Integer,
            DeValue::Float(_) => Self::Number,
            DeValue::Boolean(_) => Self::Boolean,
            DeValue::Datetime(_) => Self::Datetime,
            DeValue::Array(_) => Self::Array,
            DeValue::Table(_) => Self::Table,
        }
    }

    /// Whether a value of kind `found` will do where this kind is asked for.
    pub(super) fn accepts(self, found: Self) -> bool {
        self == found || (self == Self::Number && found == Self::Integer)
    }

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "array" => Self::Array,
            "boolean" => Self::Boolean,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "object" => Self::Table,
            "string" => Self::String,
            _ => return None,
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Array => "an array",
            Self::Boolean => "a boolean",
            Self::Datetime => "a date or time",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Table => "a table",
        })
    }
}

/// The kinds that `schema` names; none means any. `null` has no counterpart in TOML.
pub(super) fn accepted(schema: &Value) -> Vec<Kind> {
    let named = |value: &Value| value.as_str().and_then(Kind::named);
    match schema.get("type") {
        Some(Value::Array(names)) => names.iter().filter_map(named).collect(),
        Some(name) => named(name).into_iter().collect(),
        None if schema.get("const").or(schema.get("enum")).is_some() => vec![Kind::String],
        None => Vec::new(),
    }
}

/// "a string, an integer or a table".
pub(super) fn list(kinds: &[Kind]) -> String {
    let words: Vec<_> = kinds.iter().map(Kind::to_string).collect();
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => "nothing".to_owned(),
    }
}

/// What a quantity calls itself ("a duration such as ..."): the description of a schema that has a
/// pattern, where it reads as a noun rather than as a sentence about a field.
pub(super) fn quantity(schema: &Value) -> Option<&str> {
    schema.get("pattern")?;
    let description = schema.get("description").and_then(Value::as_str)?;
    description
        .starts_with(char::is_lowercase)
        .then_some(description)
}
