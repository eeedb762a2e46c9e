//! The definitions of a schema, and the ways of writing that it allows.

use serde_json::{Map, Value};

/// The definitions of a schema.
#[derive(Debug, Clone, Copy)]
pub(in crate::config) struct Definitions<'s>(Option<&'s Map<String, Value>>);

impl<'s> Definitions<'s> {
    pub(in crate::config) fn of(root: &'s Value) -> Self {
        Self(root.get("$defs").and_then(Value::as_object))
    }

    /// Follows `$ref`.
    pub(in crate::config) fn resolve(self, schema: &'s Value) -> &'s Value {
        let named = schema.get("$ref").and_then(Value::as_str);
        let definition = named
            .and_then(|path| path.strip_prefix("#/$defs/"))
            .and_then(|name| self.0?.get(name));
        match definition {
            Some(definition) => self.resolve(definition),
            None => schema,
        }
    }

    /// The ways in which a value of `schema` may be written; none when there is only one.
    pub(in crate::config) fn alternatives(self, schema: &'s Value) -> Vec<&'s Value> {
        let listed = ["oneOf", "anyOf"]
            .into_iter()
            .filter_map(|name| schema.get(name).and_then(Value::as_array))
            .flatten();
        let mut ways = Vec::new();
        for way in listed
            .map(|way| self.resolve(way))
            .filter(|way| !is_null(way))
        {
            let inner = self.alternatives(way);
            if inner.is_empty() {
                ways.push(way);
            } else {
                ways.extend(inner);
            }
        }
        if ways.is_empty() && schema.get("enum").is_some() {
            ways.push(schema);
        }
        ways
    }

    /// The schema of tables that `schema` allows, if there is only one.
    pub(in crate::config) fn table(self, schema: &'s Value) -> Option<&'s Value> {
        let schema = self.resolve(schema);
        let ways = match self.alternatives(schema) {
            ways if ways.is_empty() => vec![schema],
            ways => ways,
        };
        let is_table = |way: &&Value| way.get("type").and_then(Value::as_str) == Some("object");
        let mut tables = ways.into_iter().filter(is_table);
        tables.next().filter(|_| tables.next().is_none())
    }

    /// The schema of the defaults of a kind of block.
    pub(in crate::config) fn partial(self, kind: &str) -> Option<&'s Value> {
        let is_it = |schema: &Value| schema.get("x-keys-of").and_then(Value::as_str) == Some(kind);
        self.0?.values().find(|schema| is_it(schema))
    }
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("null")
}
