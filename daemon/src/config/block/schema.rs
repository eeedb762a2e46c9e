//! The keys about blocks, and `include`, in the schema of a configuration.

use schemars::Schema;
use serde_json::{Map, Value, json};

use super::kind;
use crate::config::schema::Definitions;

/// `schema` with `include`, and if there are blocks with `use`, `defaults` and `preset`.
pub(in crate::config) fn with_blocks(schema: Schema) -> Schema {
    let root = schema.to_value();
    let definitions = Definitions::of(&root);
    let all = root.get("$defs").and_then(Value::as_object);
    let blocks: Vec<_> = all
        .into_iter()
        .flatten()
        .filter_map(|(name, schema)| Some((name, kind(schema)?, partial(definitions, schema))))
        .collect();
    let mut extended = root.clone();
    let mut kinds = Map::new();
    for (name, kind, partial) in blocks {
        let name_of_partial = format!("{name}Keys");
        insert(&mut extended, &["$defs", name, "properties"], "use", used());
        insert(&mut extended, &["$defs"], &name_of_partial, partial);
        let reference = json!({ "$ref": format!("#/$defs/{name_of_partial}") });
        kinds.insert(kind.to_owned(), reference);
    }
    insert(&mut extended, &["properties"], "include", include());
    if !kinds.is_empty() {
        let any: Vec<_> = kinds.values().cloned().collect();
        insert(&mut extended, &["properties"], "preset", presets(&any));
        insert(&mut extended, &["properties"], "defaults", defaults(&kinds));
    }
    Schema::try_from(extended).unwrap_or_default()
}

/// A block as defaults and presets have it: no key has to be there, and none leads to other blocks,
/// which have defaults of their own.
fn partial(definitions: Definitions<'_>, schema: &Value) -> Value {
    let mut partial = schema.clone();
    if let Some(keys) = partial.as_object_mut() {
        keys.remove("required");
        if let Some(kind) = keys.remove("x-block") {
            keys.insert("x-keys-of".to_owned(), kind);
        }
    }
    if let Some(properties) = partial.get_mut("properties").and_then(Value::as_object_mut) {
        properties.retain(|name, _| {
            let property = schema.get("properties").and_then(|all| all.get(name));
            !property.is_some_and(|property| leads_to_block(definitions, property))
        });
    }
    partial
}

fn leads_to_block<'s>(definitions: Definitions<'s>, schema: &'s Value) -> bool {
    let schema = definitions.resolve(schema);
    let each = schema.get("items").or(schema.get("additionalProperties"));
    let inner = each.map_or(schema, |each| definitions.resolve(each));
    definitions
        .table(inner)
        .is_some_and(|table| kind(table).is_some())
}

fn insert(schema: &mut Value, path: &[&str], key: &str, value: Value) {
    let object = path
        .iter()
        .try_fold(schema, |schema, key| schema.get_mut(*key))
        .and_then(Value::as_object_mut);
    if let Some(object) = object {
        object.insert(key.to_owned(), value);
    }
}

fn include() -> Value {
    json!({
        "description": "Files that belong to this one, also as patterns such as `sites/*.toml`; relative to \
                        its folder.",
        "type": "array",
        "items": { "type": "string" },
        "x-about-blocks": true,
    })
}

fn used() -> Value {
    json!({
        "description": "Presets (`[preset.NAME]`) from which it has what it does not say itself; of two that \
                        say something, the later counts.",
        "type": "array",
        "items": { "type": "string" },
        "x-about-blocks": true,
    })
}

fn presets(any: &[Value]) -> Value {
    json!({
        "description": "Keys by a name, for those who `use` it.",
        "type": "object",
        "additionalProperties": { "type": "object", "anyOf": any, "x-checked-where-used": true },
        "x-about-blocks": true,
    })
}

fn defaults(kinds: &Map<String, Value>) -> Value {
    json!({
        "description": "What is not written elsewhere, by what it is written in.",
        "type": "object",
        "properties": kinds,
        "additionalProperties": false,
        "x-about-blocks": true,
    })
}
