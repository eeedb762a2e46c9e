//! Several files as one tree.

use std::ops::Range;

use settings::Place;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::locate::written;
use super::report::Finding;
use super::source::Sources;

/// A tree whose spans are counted from `base`.
pub(super) fn moved(tree: DeTable<'_>, base: usize) -> DeTable<'_> {
    if base == 0 {
        return tree;
    }
    let moved = |span: Range<usize>| span.start + base..span.end + base;
    tree.into_iter()
        .map(|(key, value)| {
            let key = Spanned::new(moved(key.span()), key.into_inner());
            (key, moved_value(value, base))
        })
        .collect()
}

/// A value whose spans are counted from `base`.
pub(super) fn moved_value(value: Spanned<DeValue<'_>>, base: usize) -> Spanned<DeValue<'_>> {
    let span = value.span();
    let value = match value.into_inner() {
        DeValue::Table(table) => DeValue::Table(moved(table, base)),
        DeValue::Array(items) => {
            let items = items.into_iter().map(|item| moved_value(item, base));
            DeValue::Array(items.collect())
        }
        single @ (DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)) => single,
    };
    Spanned::new(span.start + base..span.end + base, value)
}

/// Adds a file to those before: tables are merged, and lists of tables go on. What is set twice is
/// noted, and the first counts.
pub(super) fn merge<'i>(
    tree: &mut DeTable<'i>,
    file: DeTable<'i>,
    at: &Place,
    sources: &Sources,
    findings: &mut Vec<Finding>,
) {
    for (key, value) in file {
        let at = at.key(key.get_ref().as_ref());
        let first = tree.get_key_value(&**key.get_ref());
        let first = first.map(|(first, before)| written(&first.span(), before));
        let Some(first) = first else {
            tree.insert(key, value);
            continue;
        };
        let span = written(&key.span(), &value);
        let before = tree.get_mut(&**key.get_ref()).map(Spanned::get_mut);
        match (before, value.into_inner()) {
            (Some(DeValue::Table(before)), DeValue::Table(table)) => {
                merge(before, table, &at, sources, findings);
            }
            (Some(DeValue::Array(before)), DeValue::Array(items))
                if is_of_tables(before) && is_of_tables(&items) =>
            {
                for item in items {
                    before.push(item);
                }
            }
            _ => {
                let message = format!("`{at}` is set already ({})", sources.line(&first));
                findings.push(Finding::new(span, message));
            }
        }
    }
}

fn is_of_tables(items: &DeArray<'_>) -> bool {
    items.iter().all(|item| item.get_ref().is_table())
}
