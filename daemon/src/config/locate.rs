//! From a place in the configuration to the text that stands there.

use std::ops::Range;

use settings::{Place, Step};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The text that `place` names, or the nearest enclosing text when the file leaves it out.
pub(super) fn locate(tree: &DeTable<'_>, place: &Place) -> Range<usize> {
    let mut span = 0..0;
    let Some((Step::Key(first), rest)) = place.steps().split_first() else {
        return span;
    };
    let Some((key, mut value)) = tree.get_key_value(first.as_ref()) else {
        return span;
    };
    span = written(&key.span(), value);
    for step in rest {
        let inner = match (step, value.get_ref()) {
            (Step::Key(key), DeValue::Table(table)) => table
                .get_key_value(key.as_ref())
                .map(|(key, inner)| (key.span(), inner)),
            (Step::Index(index), DeValue::Array(array)) => {
                array.get(*index).map(|inner| (inner.span(), inner))
            }
            _ => None,
        };
        let Some((key, inner)) = inner else { break };
        span = written(&key, inner);
        value = inner;
    }
    span
}

/// What to underline for a value: itself, or its key when it is a table or a list of tables.
pub(super) fn written(key: &Range<usize>, value: &Spanned<DeValue<'_>>) -> Range<usize> {
    match value.get_ref() {
        DeValue::Table(_) | DeValue::Array(_) => key.clone(),
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => value.span(),
    }
}
