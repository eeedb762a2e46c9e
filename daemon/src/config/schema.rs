//! Compares a TOML document with the JSON schema of the type it is to become.
//!
//! A small walker rather than a general validator: it knows what `schemars` writes for the types
//! that a configuration is made of, and it answers in the words of a TOML file ("a table", not
//! "object"). What it lets through wrongly, deserialising still refuses.
//!
//! Beside what is wrong it answers how to read on: a value that is refused is left out; where its
//! table cannot be without it, so is the table, and so on up to an element of a list or something
//! optional.

use std::ops::Range;

use schemars::Schema;
use serde_json::{Map, Value};
use settings::{Place, closest};
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

mod choice;
mod definitions;
mod kind;
mod scalar;

pub(super) use self::definitions::Definitions;
pub(super) use self::kind::Kind;
use super::block;
use super::prune::Edit;
use super::report::Finding;

/// What a comparison comes to.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// What the schema does not allow.
    pub(super) findings: Vec<Finding>,
    /// What makes the document fit the schema.
    pub(super) edits: Vec<Edit>,
    /// Whether that is possible at all.
    pub(super) readable: bool,
}

/// Compares `tree` with `schema`. Values at `refused` are refused already, for another reason, and
/// nobody knows what the tables at `incomplete` would have.
pub(super) fn compare(
    schema: &Schema,
    tree: &DeTable<'_>,
    refused: &[Range<usize>],
    incomplete: &[Place],
) -> Outcome {
    let root = schema.as_value();
    let walk = Walk {
        definitions: Definitions::of(root),
        refused,
        incomplete,
    };
    let mut outcome = Outcome::default();
    outcome.readable = walk.table(root, (&(0..0), &Place::root()), tree, &mut outcome);
    outcome
}

/// A value of the document together with the key it stands under.
#[derive(Clone, Copy)]
struct Node<'t> {
    key: &'t Range<usize>,
    at: &'t Place,
    value: &'t Spanned<DeValue<'t>>,
}

impl Node<'_> {
    /// What to underline when the value itself is wrong.
    fn span(&self) -> Range<usize> {
        super::locate::written(self.key, self.value)
    }

    fn kind(&self) -> Kind {
        Kind::of(self.value.get_ref())
    }
}

/// Each step answers whether the value can be read, once the edits are made that it asks for.
#[derive(Clone, Copy)]
struct Walk<'s> {
    definitions: Definitions<'s>,
    refused: &'s [Range<usize>],
    incomplete: &'s [Place],
}

impl<'s> Walk<'s> {
    /// Checks one value against one schema.
    fn value(self, schema: &'s Value, node: Node<'_>, outcome: &mut Outcome) -> bool {
        if self.refused.contains(&node.value.span()) && node.value.get_ref().is_str() {
            return false;
        }
        let schema = self.definitions.resolve(schema);
        if block::is_checked_elsewhere(schema) {
            return true;
        }
        let alternatives = self.definitions.alternatives(schema);
        if !alternatives.is_empty() {
            return self.choice(&alternatives, node, outcome);
        }
        let kinds = kind::accepted(schema);
        if !kinds.is_empty() && !kinds.iter().any(|kind| kind.accepts(node.kind())) {
            outcome
                .findings
                .push(scalar::wrong_kind(schema, &kinds, node));
            return false;
        }
        let finding = match node.value.get_ref() {
            DeValue::Table(table) => {
                return self.table(schema, (node.key, node.at), table, outcome);
            }
            DeValue::Array(items) => return self.array(schema, node, items, outcome),
            DeValue::String(text) => scalar::string(schema, node, text),
            DeValue::Integer(number) => {
                let digits = number.as_str().replace('_', "");
                let number = i64::from_str_radix(&digits, number.radix()).ok();
                #[expect(clippy::cast_precision_loss, reason = "limits are small numbers")]
                number.and_then(|number| scalar::limits(schema, node, number as f64))
            }
            DeValue::Float(number) => {
                let number = number.as_str().replace('_', "").parse().ok();
                number.and_then(|number| scalar::limits(schema, node, number))
            }
            DeValue::Boolean(_) | DeValue::Datetime(_) => None,
        };
        let good = finding.is_none();
        outcome.findings.extend(finding);
        good
    }

    fn table(
        self,
        schema: &'s Value,
        (span, at): (&Range<usize>, &Place),
        table: &DeTable<'_>,
        outcome: &mut Outcome,
    ) -> bool {
        let mut missing: Vec<&str> = required(schema)
            .filter(|name| !table.contains_key(*name))
            .collect();
        let mut readable = true;
        for (key, value) in table {
            let written: &str = key.get_ref();
            let mut name = written;
            let inner = known(schema, name).or_else(|| {
                let meant = meant(schema, table, name);
                outcome.findings.push(unknown_key(schema, key, meant));
                let meant = meant.filter(|meant| known(schema, meant).is_some_and(block::is_data));
                outcome.edits.push(match meant {
                    Some(meant) => Edit::Rename(at.key(name), meant.to_owned()),
                    None => Edit::Remove(at.key(name)),
                });
                name = meant?;
                known(schema, name)
            });
            let Some(inner) = inner else { continue };
            missing.retain(|missing| *missing != name);
            let node = Node {
                key: &key.span(),
                at: &at.key(written),
                value,
            };
            if !self.value(inner, node, outcome) {
                outcome.edits.push(Edit::Remove(at.key(name)));
                readable &= !required(schema).any(|required| required == name);
            }
        }
        for name in missing.iter().filter(|_| !self.incomplete.contains(at)) {
            outcome.findings.push(missing_key(span.clone(), name));
        }
        readable && missing.is_empty()
    }

    fn array(
        self,
        schema: &'s Value,
        node: Node<'_>,
        items: &DeArray<'_>,
        outcome: &mut Outcome,
    ) -> bool {
        let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
        let enough = items.len() as u64 >= least;
        if !enough {
            let message = format!("expected at least {least} of them, found {}", items.len());
            outcome.findings.push(Finding::new(node.span(), message));
        }
        let Some(each) = schema.get("items") else {
            return enough;
        };
        for (index, item) in items.iter().enumerate() {
            let at = node.at.index(index);
            // The elements of `[[name]]` span their headers, so they serve as their own keys.
            let node = Node {
                key: &item.span(),
                at: &at,
                value: item,
            };
            if !self.value(each, node, outcome) {
                outcome.edits.push(Edit::Remove(at));
            }
        }
        enough
    }
}

/// What the schema says of the values under a key; nothing if it knows no such key.
pub(super) fn known<'s>(schema: &'s Value, name: &str) -> Option<&'s Value> {
    static ANYTHING: Value = Value::Bool(true);
    let properties = schema.get("properties").and_then(Value::as_object);
    let others = schema.get("additionalProperties").unwrap_or(&ANYTHING);
    let known = properties
        .and_then(|known| known.get(name))
        .unwrap_or(others);
    (*known != Value::Bool(false)).then_some(known)
}

/// The key that was meant by one that is not known, if it is not there as well.
fn meant<'s>(schema: &'s Value, table: &DeTable<'_>, name: &str) -> Option<&'s str> {
    closest(name, keys(schema)).filter(|meant| !table.contains_key(*meant))
}

/// The keys that a table of this schema must have.
pub(super) fn required(schema: &Value) -> impl Iterator<Item = &str> {
    let names = schema.get("required").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str)
}

/// The keys that a table of this schema may have.
fn keys(schema: &Value) -> impl Iterator<Item = &str> + Clone {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties
        .into_iter()
        .flat_map(Map::keys)
        .map(String::as_str)
}

fn missing_key(span: Range<usize>, name: &str) -> Finding {
    Finding::new(span, format!("the key `{name}` is missing"))
}

fn unknown_key(schema: &Value, key: &Spanned<impl AsRef<str>>, meant: Option<&str>) -> Finding {
    let name = key.get_ref().as_ref();
    let help = match (meant, closest(name, keys(schema))) {
        (Some(meant), _) => format!("did you mean `{meant}`?"),
        (None, Some(near)) => format!("`{near}` is there already"),
        (None, None) => format!("known here: {}", words(keys(schema))),
    };
    Finding::new(key.span(), format!("unknown key `{name}`")).help(help)
}

/// "`a`, `b`, `c`".
fn words<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
