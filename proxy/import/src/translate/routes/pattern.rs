//! Which paths a location takes.

use super::super::Import;
use crate::document::Value;
use crate::expression;
use crate::syntax::Directive;
use crate::text;

/// Which paths a location takes.
#[derive(Clone, PartialEq)]
pub(in crate::translate) enum Pattern {
    Exact(String),
    /// Whether it comes before expressions.
    Prefix(String, bool),
    Regex(String),
    Named(String),
}

impl Pattern {
    pub(super) fn value(&self) -> Value {
        match self {
            Self::Exact(path) => Value::inline([("exact", Value::text(path))]),
            Self::Prefix(path, true) => Value::inline([
                ("prefix", Value::text(path)),
                ("before_regex", Value::Switch(true)),
            ]),
            // Without a slash at its end it takes more than it seems to, and this says that it is meant.
            Self::Prefix(path, false) if !path.ends_with('/') => {
                Value::inline([("prefix", Value::text(path))])
            }
            Self::Prefix(path, false) => Value::text(path),
            Self::Regex(regex) => Value::inline([("regex", Value::text(text::escaped(regex)))]),
            Self::Named(name) => Value::text(name),
        }
    }
}

impl<'d> Import<'d> {
    pub(super) fn pattern(&self, directive: &'d Directive) -> Option<Pattern> {
        let first = directive.first();
        let (kind, path) = match (first, directive.word(1)) {
            ("=" | "~" | "~*" | "^~", Some(path)) => (first, path),
            // Without a space between.
            (whole, _) => ["^~", "~*", "~", "="]
                .into_iter()
                .find_map(|kind| Some((kind, whole.strip_prefix(kind)?)))
                .unwrap_or(("", whole)),
        };
        let literal = || text::literal(path, directive, self.notes);
        Some(match kind {
            "=" => Pattern::Exact(literal()),
            "^~" => Pattern::Prefix(literal(), true),
            "~" | "~*" => match expression::meant(path, kind == "~*") {
                Ok(regex) => Pattern::Regex(regex),
                Err(error) => {
                    let refuses = directive.inside().iter().any(|one| {
                        matches!(
                            one.name.as_str(),
                            "deny" | "allow" | "auth_basic" | "auth_request" | "return"
                        )
                    });
                    let refused = if refuses {
                        ", so what it refuses is not refused"
                    } else {
                        ""
                    };
                    let message = format!("the whole location is left out{refused}: {error}");
                    self.notes.lost(
                        directive,
                        &message,
                        "write it without look-around and back references",
                    );
                    return None;
                }
            },
            _ if path.starts_with('@') => Pattern::Named(path.to_owned()),
            _ if path.starts_with('/') => Pattern::Prefix(literal(), false),
            _ => {
                self.notes.lost(
                    directive,
                    "a path begins with a slash, so no request comes here",
                    "",
                );
                return None;
            }
        })
    }
}
