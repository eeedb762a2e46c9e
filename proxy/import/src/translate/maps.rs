//! `map`: variables of the configuration's own, those that something is made of.

use std::collections::BTreeSet;

use edge_core::template;

use super::Import;
use crate::document::{Table, Value};
use crate::expression;
use crate::syntax::Directive;
use crate::text::{self, Variables};

impl<'d> Import<'d> {
    /// The maps that `sites`, upstreams and limits mention, and those that these are made of.
    pub(super) fn map_tables(&self, sites: &[Table]) -> Table {
        let mut mentioned: BTreeSet<String> = BTreeSet::new();
        let upstreams = self.upstreams.borrow().print();
        let limits = self.limits.borrow().print();
        let mut texts: Vec<String> = sites
            .iter()
            .map(Table::print)
            .chain([upstreams, limits])
            .collect();
        let mut built: Vec<(&str, Table)> = Vec::new();
        while let Some(text) = texts.pop() {
            for name in template::mentioned(&text.replace("$$", "$")) {
                if let Some((name, map)) = self.maps.get_key_value(name)
                    && mentioned.insert((*name).to_owned())
                {
                    let table = self.map(name, map);
                    texts.push(table.print());
                    built.push((name, table));
                }
            }
        }
        for (name, map) in &self.maps {
            if !mentioned.contains(*name) {
                // Such as the one for Connection, which the edge does by itself.
                self.notes.seen(map);
            }
        }
        built.sort_by_key(|(_, table)| table.comments.clone());
        let mut tables = Table::default();
        for (name, table) in built {
            tables.set_table(name, table);
        }
        tables
    }

    fn map(&self, name: &str, map: &'d Directive) -> Table {
        self.notes.seen(map);
        let mark = self.notes.len();
        let variables = self.variables();
        let mut table = Table::default();
        table.comment(self.line(&map.at));
        table.set(
            "of",
            Value::text(variables.text(map.first(), map, self.notes)),
        );
        let mut entries = Entries {
            by_host: map.inside().iter().any(|one| one.name == "hostnames"),
            ..Entries::default()
        };
        for entry in map.inside() {
            self.notes.seen(entry);
            self.entry(name, entry, &variables, &mut entries);
        }
        entries.write(&mut table);
        table.comments.extend(self.notes.lost_since(mark));
        table
    }

    fn entry(&self, map: &str, entry: &'d Directive, variables: &Variables, entries: &mut Entries) {
        let written = entry.first();
        let value = |variables: &Variables| {
            if self.chooses(map) {
                return self.chosen(map, written).map(Value::text);
            }
            Some(Value::text(variables.text(written, entry, self.notes)))
        };
        match entry.name.as_str() {
            "hostnames" | "volatile" => {}
            "default" => entries.default = value(variables),
            key if key.starts_with('~') => {
                let (key, ignores_case) = match key.strip_prefix("~*") {
                    Some(key) => (key, true),
                    None => (key.trim_start_matches('~'), false),
                };
                match expression::meant(key, ignores_case) {
                    Ok(find) => {
                        let value = value(&variables.with_groups(&find));
                        entries
                            .regexes
                            .extend(value.map(|value| regex(&find, value)));
                    }
                    Err(error) => self
                        .notes
                        .lost(entry, &error, "write it without look-around"),
                }
            }
            key if entries.by_host && (key.contains('*') || key.starts_with('.')) => {
                let mask = value(variables).map(|value| (key.len(), regex(&host_mask(key), value)));
                entries.masks.extend(mask);
            }
            key => {
                let key = text::literal(key.trim_start_matches('\\'), entry, self.notes);
                let key = key.to_ascii_lowercase();
                // Of several of a name nginx takes the first.
                if !entries.values.iter().any(|(other, _)| *other == key) {
                    entries
                        .values
                        .extend(value(variables).map(|value| (key, value)));
                }
            }
        }
    }
}

/// What is in a map.
#[derive(Default)]
struct Entries {
    by_host: bool,
    default: Option<Value>,
    values: Vec<(String, Value)>,
    /// Names of hosts with a star, by their length.
    masks: Vec<(usize, Value)>,
    regexes: Vec<Value>,
}

impl Entries {
    fn write(mut self, table: &mut Table) {
        table.set_some("default", self.default);
        if !self.values.is_empty() {
            table.set("values", Value::Inline(self.values));
        }
        // The longest holds, and all of them come before expressions.
        self.masks
            .sort_by_key(|(length, _)| std::cmp::Reverse(*length));
        let masks = self.masks.into_iter().map(|(_, mask)| mask);
        let regexes: Vec<Value> = masks.chain(self.regexes).collect();
        if !regexes.is_empty() {
            table.set("regex", Value::List(regexes));
        }
    }
}

fn regex(find: &str, value: Value) -> Value {
    Value::inline([("find", Value::text(text::escaped(find))), ("value", value)])
}

/// `*.example.com`, `.example.com`, `www.example.*` as an expression.
fn host_mask(mask: &str) -> String {
    let quoted = |text: &str| text.replace('.', "\\.");
    if let Some(rest) = mask.strip_prefix("*.") {
        format!("(?i)\\.{}$", quoted(rest))
    } else if let Some(rest) = mask.strip_prefix('.') {
        format!("(?i)(^|\\.){}$", quoted(rest))
    } else {
        format!("(?i)^{}", quoted(mask.trim_end_matches('*')))
    }
}
