//! A configuration as it comes to be: one file, with what was included, filled in and replaced, and
//! with the product's own defaults as comments.

use std::collections::BTreeSet;
use std::ops::Range;

use schemars::Schema;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::schema::{Definitions, known, required};
use super::source::Sources;

/// The text of a tree that fits `schema`; `filled` are the keys that are not written where they are.
pub(super) fn print(
    schema: &Schema,
    tree: &DeTable<'_>,
    sources: &Sources,
    filled: &BTreeSet<usize>,
) -> String {
    let root = schema.as_value();
    let mut printer = Printer {
        definitions: Definitions::of(root),
        sources,
        filled,
        text: String::new(),
    };
    printer.keys("", Some(root), tree, 0);
    printer.text.trim_start().to_owned()
}

struct Printer<'s> {
    definitions: Definitions<'s>,
    sources: &'s Sources,
    filled: &'s BTreeSet<usize>,
    text: String,
}

impl<'s> Printer<'s> {
    /// The keys of a table called `name` that is written in the file that begins at `home`.
    fn keys(&mut self, name: &str, schema: Option<&'s Value>, table: &DeTable<'_>, home: usize) {
        let mut entries: Vec<_> = table.iter().collect();
        // What is written here comes first.
        entries.sort_by_key(|(key, _)| {
            let span = key.span();
            (!self.origin(&span, home).is_empty(), span.start)
        });
        let (tables, values): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|(_, value)| is_table(value));
        for (key, value) in values {
            let origin = self.origin(&key.span(), home);
            self.line(
                &format!("{} = {}", quoted(key.get_ref()), inline(value.get_ref())),
                &origin,
            );
        }
        self.own_defaults(schema, table);
        for (key, value) in tables {
            let origin = self.origin(&key.span(), home);
            let inner = schema.and_then(|schema| known(schema, key.get_ref()));
            let name = below(name, key.get_ref());
            match value.get_ref() {
                DeValue::Array(items) => {
                    let each = inner.and_then(|inner| self.definitions.resolve(inner).get("items"));
                    for item in items {
                        let item_origin = match &*origin {
                            "" => self.origin(&item.span(), home),
                            _ => origin.clone(),
                        };
                        self.table(&format!("[[{name}]]"), &name, each, item, &item_origin);
                    }
                }
                DeValue::Table(_)
                | DeValue::String(_)
                | DeValue::Integer(_)
                | DeValue::Float(_)
                | DeValue::Boolean(_)
                | DeValue::Datetime(_) => {
                    self.table(&format!("[{name}]"), &name, inner, value, &origin);
                }
            }
        }
        self.absent_tables(name, schema, table);
    }

    fn table(
        &mut self,
        header: &str,
        name: &str,
        schema: Option<&'s Value>,
        value: &Spanned<DeValue<'_>>,
        origin: &str,
    ) {
        let Some(table) = value.get_ref().as_table() else {
            return;
        };
        let schema = schema.and_then(|schema| self.definitions.table(schema));
        let has_keys = table.is_empty()
            || table.values().any(|value| !is_table(value))
            || defaults(schema).any(|(name, _)| !table.contains_key(name.as_str()));
        if has_keys || header.starts_with("[[") {
            self.text.push('\n');
            self.line(header, origin);
        }
        let home = self
            .sources
            .of(&value.span())
            .map_or(0, |source| source.base);
        self.keys(name, schema, table, home);
    }

    /// Defaults of keys that are not there, as comments.
    fn own_defaults(&mut self, schema: Option<&'s Value>, table: &DeTable<'_>) {
        for (name, default) in defaults(schema) {
            if !table.contains_key(name.as_str()) {
                self.line(&format!("# {} = {default}", quoted(name)), "");
            }
        }
    }

    /// Tables that are there even if they are not written, with their defaults.
    fn absent_tables(&mut self, name: &str, schema: Option<&'s Value>, table: &DeTable<'_>) {
        for (key, property) in properties(schema) {
            let inner = self.definitions.resolve(property);
            let is_plain = self.definitions.alternatives(inner).is_empty()
                && required(inner).next().is_none()
                && !table.contains_key(key.as_str());
            if is_plain && defaults(Some(inner)).next().is_some() {
                let name = below(name, key);
                self.text.push('\n');
                self.line(&format!("[{name}]"), "");
                let nothing = DeTable::new();
                self.own_defaults(Some(inner), &nothing);
                self.absent_tables(&name, Some(inner), &nothing);
            }
        }
    }

    fn line(&mut self, text: &str, origin: &str) {
        self.text.push_str(text);
        if !origin.is_empty() {
            self.text.push_str("  # from ");
            self.text.push_str(origin);
        }
        self.text.push('\n');
    }

    /// `file:line` of what does not stand where it is printed.
    fn origin(&self, span: &Range<usize>, home: usize) -> String {
        let is_here = self
            .sources
            .of(span)
            .is_none_or(|source| source.base == home);
        if is_here && !self.filled.contains(&span.start) {
            return String::new();
        }
        self.sources.line(span)
    }
}

/// The properties of a schema of tables.
fn properties(schema: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    let properties = schema.and_then(|schema| schema.get("properties"));
    properties.and_then(Value::as_object).into_iter().flatten()
}

/// The defaults of a schema of tables, as TOML.
fn defaults(schema: Option<&Value>) -> impl Iterator<Item = (&String, String)> {
    properties(schema)
        .filter_map(|(name, property)| Some((name, property.get("default").and_then(as_toml)?)))
}

/// Whether a value has headers of its own: a table, or a list of them.
fn is_table(value: &Spanned<DeValue<'_>>) -> bool {
    let value = value.get_ref();
    value.is_table()
        || value.as_array().is_some_and(|items| {
            !items.is_empty() && items.iter().all(|item| item.get_ref().is_table())
        })
}

fn below(name: &str, key: &str) -> String {
    match name {
        "" => quoted(key),
        _ => format!("{name}.{}", quoted(key)),
    }
}

fn quoted(key: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !key.is_empty() && key.chars().all(is_bare) {
        return key.to_owned();
    }
    toml::Value::from(key).to_string()
}

fn inline(value: &DeValue<'_>) -> String {
    as_value(value).to_string()
}

fn as_value(value: &DeValue<'_>) -> toml::Value {
    match value {
        // What is left of `$${` is a text again that names a variable.
        DeValue::String(text) => toml::Value::String(text.replace("${", "$${")),
        DeValue::Integer(number) => {
            let digits = number.as_str().replace('_', "");
            let number = i64::from_str_radix(&digits, number.radix());
            toml::Value::Integer(number.unwrap_or_default())
        }
        DeValue::Float(number) => {
            let number = number.as_str().replace('_', "").parse();
            toml::Value::Float(number.unwrap_or_default())
        }
        DeValue::Boolean(truth) => toml::Value::Boolean(*truth),
        DeValue::Datetime(time) => toml::Value::Datetime(*time),
        DeValue::Array(items) => {
            let items = items.iter().map(|item| as_value(item.get_ref()));
            toml::Value::Array(items.collect())
        }
        DeValue::Table(table) => {
            let entries = table.iter();
            let entries = entries.map(|(key, value)| (key.get_ref(), as_value(value.get_ref())));
            toml::Value::Table(
                entries
                    .map(|(key, value)| (key.to_string(), value))
                    .collect(),
            )
        }
    }
}

/// A default as TOML; nothing for those that say nothing.
fn as_toml(default: &Value) -> Option<String> {
    let is_empty = match default {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    };
    if is_empty {
        return None;
    }
    toml::Value::try_from(default)
        .ok()
        .map(|value| value.to_string())
}
