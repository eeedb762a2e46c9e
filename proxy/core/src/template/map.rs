//! Variables that are made of others by a table (nginx's `map`).

use std::collections::HashMap;

use super::{Needs, Template};
use crate::expression::{Captures, Expression};

/// A variable whose value is looked up by the value of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map {
    /// What is looked up.
    pub of: Template,
    /// Values of texts, in lower case: as in nginx, case does not matter.
    pub values: HashMap<Vec<u8>, Template>,
    /// Values of texts in which an expression is found, in the order of the file, after `values`.
    /// They may say what its groups found.
    pub expressions: Vec<(Expression, Template)>,
    /// The value of everything else.
    pub default: Template,
}

impl Map {
    /// The value of a text, and what the groups of the expression found that chose it.
    pub fn find(&self, text: &[u8]) -> (&Template, Option<Captures>) {
        if let Some(value) = self.values.get(&text.to_ascii_lowercase()) {
            return (value, None);
        }
        let mut expressions = self.expressions.iter();
        let found = expressions
            .find_map(|(expression, value)| Some((value, Some(expression.captures(text)?))));
        found.unwrap_or((&self.default, None))
    }

    /// What it needs. What the groups of its own expressions find it knows itself.
    pub(crate) fn needs(&self) -> Needs {
        let values = self.values.values().chain([&self.of, &self.default]);
        let needs = values
            .map(Template::needs)
            .fold(Needs::default(), Needs::and);
        let found = self.expressions.iter().map(|(_, value)| Needs {
            path_groups: false,
            ..value.needs()
        });
        found.fold(needs, Needs::and)
    }
}
