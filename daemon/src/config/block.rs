//! Blocks: the parts of a configuration of which there are many, such as sites and routes.
//!
//! What is not written in a block it has from the presets that it names (`use = ["NAME"]`, the last
//! first), then from the defaults of its kind:
//!
//! ```toml
//! [defaults.proxy]
//! read_timeout = "30s"
//!
//! [preset.patient]
//! read_timeout = "300s"
//!
//! [[site.route]]
//! path = "/reports/"
//! proxy = { to = "web", use = ["patient"] }
//! ```
//!
//! There is one rule: a key that is there stays as it is, unless it is a table on both sides, which is
//! filled in the same way. Defaults and presets have none of their own. All this happens to the tree
//! of the document, whose values keep their spans: a mistake in a preset is reported where it stands.
//!
//! Which types are blocks they say themselves: `#[schemars(extend("x-block" = "route"))]`.

use serde_json::Value;

mod fill;
mod schema;

pub(super) use fill::fill;
pub(super) use schema::with_blocks;

/// The kind of block that a schema is of, if it is one.
fn kind(schema: &Value) -> Option<&str> {
    schema.get("x-block").and_then(Value::as_str)
}

/// Whether the values under a key become part of the written type. Those for blocks do not.
pub(super) fn is_data(schema: &Value) -> bool {
    !is_marked(schema, "x-about-blocks")
}

/// Whether values are compared with another schema, where they come to stand.
pub(super) fn is_checked_elsewhere(schema: &Value) -> bool {
    is_marked(schema, "x-checked-where-used")
}

fn is_marked(schema: &Value, mark: &str) -> bool {
    schema.get(mark).and_then(Value::as_bool) == Some(true)
}
