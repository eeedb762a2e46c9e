//! Single values: kinds, quantities, limits.

use regex::Regex;
use serde_json::Value;
use settings::{Period, Place, Size, Step};

use super::Node;
use super::kind::{self, Kind};
use crate::config::report::Finding;

/// A value of a kind that is not asked for.
pub(super) fn wrong_kind(schema: &Value, kinds: &[Kind], node: Node<'_>) -> Finding {
    let quantity = kind::quantity(schema);
    let wanted = quantity.map_or_else(|| kind::list(kinds), str::to_owned);
    let message = format!("expected {wanted}, found {}", node.kind());
    let one_of_many = kinds == [Kind::Array] && node.kind() == Kind::Table;
    let help = one_of_many.then(|| {
        format!(
            "[[{}]]: with two brackets it is one of many",
            header(node.at)
        )
    });
    Finding::new(node.span(), message).help(help)
}

/// A place as the header of a table names it.
fn header(place: &Place) -> String {
    let keys = place.steps().iter().filter_map(|step| match step {
        Step::Key(key) => Some(key.as_ref()),
        Step::Index(_) => None,
    });
    keys.collect::<Vec<_>>().join(".")
}

/// What is wrong with a text, if anything.
pub(super) fn string(schema: &Value, node: Node<'_>, text: &str) -> Option<Finding> {
    let shortest = schema.get("minLength").and_then(Value::as_u64).unwrap_or(0);
    if (text.chars().count() as u64) < shortest {
        return Some(Finding::new(node.span(), "must not be empty"));
    }
    let pattern = schema.get("pattern").and_then(Value::as_str)?;
    let quantity = kind::quantity(schema);
    let fits = match quantity {
        // There are many of them, and an expression is slow to compile.
        Some(Period::FORM) => text.parse::<Period>().is_ok(),
        Some(Size::FORM) => text.parse::<Size>().is_ok(),
        Some(_) | None => Regex::new(pattern).ok()?.is_match(text),
    };
    if fits {
        return None;
    }
    Some(match quantity {
        Some(quantity) => Finding::new(node.span(), format!("`{text}` is not {quantity}"))
            .help(meant(quantity, text)),
        None => Finding::new(node.span(), format!("`{text}` does not match `{pattern}`")),
    })
}

/// What is wrong with a number, if anything.
pub(super) fn limits(schema: &Value, node: Node<'_>, number: f64) -> Option<Finding> {
    let limit = |name| schema.get(name).and_then(Value::as_f64);
    let message = match (kind::quantity(schema), limit("minimum"), limit("maximum")) {
        (Some(quantity), least, most)
            if least.is_some_and(|least| number < least)
                || most.is_some_and(|most| number > most) =>
        {
            let message = format!("expected {quantity}, found the bare number {number}");
            let meant = meant(quantity, &number.to_string());
            return Some(Finding::new(node.span(), message).help(meant));
        }
        (None, Some(least), _) if number < least => format!("must be at least {least}"),
        (None, _, Some(most)) if number > most => format!("must be at most {most}"),
        _ => return None,
    };
    Some(Finding::new(node.span(), message))
}

/// What to write for a quantity that cannot be read.
fn meant(quantity: &str, text: &str) -> Option<String> {
    let meant = match quantity {
        Period::FORM => Period::meant(text),
        Size::FORM => Size::meant(text),
        _ => None,
    };
    meant.map(|meant| format!("did you mean \"{meant}\"?"))
}
