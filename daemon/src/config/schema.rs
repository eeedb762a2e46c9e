//! Compares a TOML document with the JSON schema of the type it is to become.
//!
//! A small walker rather than a general validator: it knows what `schemars` writes for the types
//! that a configuration is made of, and it answers in the words of a TOML file ("a table", not
//! "object"). What it lets through wrongly, deserialising still refuses.

use std::ops::Range;

use regex::Regex;
use schemars::Schema;
use serde_json::{Map, Value};
use settings::closest;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

mod choice;
mod kind;

use self::kind::Kind;
use super::report::Finding;

/// Everything in `tree` that `schema` does not allow.
pub(super) fn mismatches(schema: &Schema, tree: &Spanned<DeTable<'_>>) -> Vec<Finding> {
    let root = schema.as_value();
    let walk = Walk {
        definitions: root.get("$defs").and_then(Value::as_object),
    };
    let mut findings = Vec::new();
    walk.table(root, &(0..0), tree.get_ref(), &mut findings);
    findings
}

/// A value of the document together with the key it stands under.
#[derive(Clone, Copy)]
struct Node<'t> {
    key: &'t Range<usize>,
    value: &'t Spanned<DeValue<'t>>,
}

impl Node<'_> {
    /// What to underline when the value itself is wrong.
    fn span(&self) -> Range<usize> {
        super::written(self.key, self.value)
    }

    fn kind(&self) -> Kind {
        Kind::of(self.value.get_ref())
    }
}

#[derive(Clone, Copy)]
struct Walk<'s> {
    definitions: Option<&'s Map<String, Value>>,
}

impl<'s> Walk<'s> {
    /// Checks one value against one schema.
    fn value(self, schema: &'s Value, node: Node<'_>, findings: &mut Vec<Finding>) {
        let schema = self.resolve(schema);
        let alternatives = self.alternatives(schema);
        if !alternatives.is_empty() {
            return self.choice(&alternatives, node, findings);
        }
        let kinds = kind::accepted(schema);
        if !kinds.is_empty() && !kinds.iter().any(|kind| kind.accepts(node.kind())) {
            let wanted = kind::quantity(schema).map_or_else(|| kind::list(&kinds), str::to_owned);
            let message = format!("expected {wanted}, found {}", node.kind());
            findings.push(Finding {
                span: node.span(),
                message,
                help: None,
            });
            return;
        }
        match node.value.get_ref() {
            DeValue::Table(table) => self.table(schema, node.key, table, findings),
            DeValue::Array(items) => self.array(schema, node, items, findings),
            DeValue::String(text) => findings.extend(string(schema, node, text)),
            DeValue::Integer(number) => {
                let digits = number.as_str().replace('_', "");
                let number = i64::from_str_radix(&digits, number.radix()).ok();
                #[expect(clippy::cast_precision_loss, reason = "limits are small numbers")]
                findings.extend(number.and_then(|number| limits(schema, node, number as f64)));
            }
            DeValue::Float(number) => {
                let number = number.as_str().replace('_', "").parse().ok();
                findings.extend(number.and_then(|number| limits(schema, node, number)));
            }
            DeValue::Boolean(_) | DeValue::Datetime(_) => {}
        }
    }

    fn table(
        self,
        schema: &'s Value,
        at: &Range<usize>,
        table: &DeTable<'_>,
        findings: &mut Vec<Finding>,
    ) {
        let properties = schema.get("properties").and_then(Value::as_object);
        let others = schema.get("additionalProperties");
        for (key, value) in table {
            let name: &str = key.get_ref();
            let node = Node {
                key: &key.span(),
                value,
            };
            match properties.and_then(|known| known.get(name)).or(others) {
                Some(Value::Bool(false)) => {
                    let known = properties
                        .into_iter()
                        .flat_map(Map::keys)
                        .map(String::as_str);
                    findings.push(unknown_key(key.span(), name, known));
                }
                Some(schema) => self.value(schema, node, findings),
                None => {}
            }
        }
        for name in required(schema).filter(|name| !table.contains_key(*name)) {
            findings.push(missing_key(at.clone(), name));
        }
    }

    fn array(
        self,
        schema: &'s Value,
        node: Node<'_>,
        items: &DeArray<'_>,
        findings: &mut Vec<Finding>,
    ) {
        let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
        if (items.len() as u64) < least {
            let message = format!("expected at least {least} of them, found {}", items.len());
            findings.push(Finding {
                span: node.span(),
                message,
                help: None,
            });
        }
        let Some(each) = schema.get("items") else {
            return;
        };
        for item in items {
            // The elements of `[[name]]` span their headers, so they serve as their own keys.
            self.value(
                each,
                Node {
                    key: &item.span(),
                    value: item,
                },
                findings,
            );
        }
    }

    /// Follows `$ref` into the definitions.
    fn resolve(self, schema: &'s Value) -> &'s Value {
        let named = schema.get("$ref").and_then(Value::as_str);
        let definition = named
            .and_then(|path| path.strip_prefix("#/$defs/"))
            .and_then(|name| self.definitions?.get(name));
        match definition {
            Some(definition) => self.resolve(definition),
            None => schema,
        }
    }
}

/// The keys that a table of this schema must have.
fn required(schema: &Value) -> impl Iterator<Item = &str> {
    let names = schema.get("required").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str)
}

fn string(schema: &Value, node: Node<'_>, text: &str) -> Option<Finding> {
    let shortest = schema.get("minLength").and_then(Value::as_u64).unwrap_or(0);
    if (text.chars().count() as u64) < shortest {
        let message = "must not be empty".to_owned();
        return Some(Finding {
            span: node.span(),
            message,
            help: None,
        });
    }
    let pattern = schema.get("pattern").and_then(Value::as_str)?;
    let regex = Regex::new(pattern).ok()?;
    if regex.is_match(text) {
        return None;
    }
    let wanted = match kind::quantity(schema) {
        Some(quantity) => format!("`{text}` is not {quantity}"),
        None => format!("`{text}` does not match `{pattern}`"),
    };
    Some(Finding {
        span: node.span(),
        message: wanted,
        help: None,
    })
}

fn limits(schema: &Value, node: Node<'_>, number: f64) -> Option<Finding> {
    let limit = |name| schema.get(name).and_then(Value::as_f64);
    let message = match (kind::quantity(schema), limit("minimum"), limit("maximum")) {
        (Some(quantity), least, most)
            if least.is_some_and(|least| number < least)
                || most.is_some_and(|most| number > most) =>
        {
            format!("expected {quantity}, found the bare number {number}")
        }
        (None, Some(least), _) if number < least => format!("must be at least {least}"),
        (None, _, Some(most)) if number > most => format!("must be at most {most}"),
        _ => return None,
    };
    Some(Finding {
        span: node.span(),
        message,
        help: None,
    })
}

fn missing_key(span: Range<usize>, name: &str) -> Finding {
    Finding {
        span,
        message: format!("the key `{name}` is missing"),
        help: None,
    }
}

fn unknown_key<'a>(
    span: Range<usize>,
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Finding {
    let help = match closest(name, known.clone()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("known here: {}", words(known)),
    };
    Finding {
        span,
        message: format!("unknown key `{name}`"),
        help: Some(help),
    }
}

/// "`a`, `b`, `c`".
fn words<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
