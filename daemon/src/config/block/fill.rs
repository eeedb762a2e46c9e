//! Fills in what blocks have from presets and defaults.

use std::collections::BTreeSet;

use schemars::Schema;
use serde_json::Value;
use settings::{Place, closest};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::kind;
use crate::config::names::names;
use crate::config::report::{Finding, Weight};
use crate::config::schema::{Definitions, known};

/// What came of filling blocks in.
#[derive(Debug, Default)]
pub(in crate::config) struct Filled {
    /// Presets that are not there, or not as they should be.
    pub(in crate::config) findings: Vec<Finding>,
    /// Presets that nobody uses.
    pub(in crate::config) warnings: Vec<Finding>,
    /// Blocks of which something is not known.
    pub(in crate::config) incomplete: Vec<Place>,
    /// Where the keys stand that were filled in.
    pub(in crate::config) keys: BTreeSet<usize>,
}

/// Fills in the blocks of a document.
pub(in crate::config) fn fill(schema: &Schema, tree: &mut DeTable<'_>) -> Filled {
    let mut filler = Filler {
        definitions: Definitions::of(schema.as_value()),
        defaults: table(tree, "defaults"),
        presets: table(tree, "preset"),
        used: BTreeSet::new(),
        filled: Filled::default(),
    };
    for (_, preset) in &mut filler.presets {
        without_use(preset.get_mut(), &mut filler.filled.findings);
    }
    let root = schema.as_value();
    for (key, value) in tree.iter_mut() {
        let name: &str = key.get_ref();
        if let Some(schema) = known(root, name)
            && super::is_data(schema)
        {
            filler.value(schema, &Place::root().key(name), value.get_mut());
        }
    }
    filler.judge_presets();
    filler.filled
}

fn table<'i>(tree: &DeTable<'i>, key: &str) -> DeTable<'i> {
    let table = tree.get(key).and_then(|table| table.get_ref().as_table());
    table.cloned().unwrap_or_default()
}

/// Presets name no others, not even inside of them, so that they cannot lead back to themselves.
fn without_use(preset: &mut DeValue<'_>, findings: &mut Vec<Finding>) {
    match preset {
        DeValue::Table(table) => {
            let used = table.get_key_value("use");
            // A header of that name, say, is a text.
            if let Some((used, _)) = used.filter(|(_, value)| value.get_ref().is_array()) {
                let finding = Finding::new(used.span(), "a preset does not use others");
                let help = "name both where it is used; the later counts".to_owned();
                findings.push(finding.help(help));
                table.remove("use");
            }
            for (_, value) in table.iter_mut() {
                without_use(value.get_mut(), findings);
            }
        }
        DeValue::Array(items) => {
            for item in items.iter_mut() {
                without_use(item.get_mut(), findings);
            }
        }
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => {}
    }
}

struct Filler<'s, 'i> {
    definitions: Definitions<'s>,
    defaults: DeTable<'i>,
    presets: DeTable<'i>,
    used: BTreeSet<String>,
    filled: Filled,
}

impl<'s, 'i> Filler<'s, 'i> {
    fn value(&mut self, schema: &'s Value, at: &Place, value: &mut DeValue<'i>) {
        match value {
            DeValue::Table(table) => {
                let Some(schema) = self.definitions.table(schema) else {
                    return;
                };
                if let Some(kind) = kind(schema) {
                    self.block(kind, at, table);
                }
                for (key, value) in table.iter_mut() {
                    let name: &str = key.get_ref();
                    if let Some(schema) = known(schema, name) {
                        self.value(schema, &at.key(name), value.get_mut());
                    }
                }
            }
            DeValue::Array(items) => {
                if let Some(each) = self.definitions.resolve(schema).get("items") {
                    for (index, item) in items.iter_mut().enumerate() {
                        self.value(each, &at.index(index), item.get_mut());
                    }
                }
            }
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => {}
        }
    }

    fn block(&mut self, kind: &str, at: &Place, block: &mut DeTable<'i>) {
        let used = block.remove("use");
        // The last first, since what is there stays.
        let form = ("names of presets", "use = [\"NAME\"]");
        let findings = &mut self.filled.findings;
        let names = used.map(|used| names(&used, form, findings));
        let names = names.unwrap_or_default();
        for name in names.iter().rev() {
            match self.preset(name) {
                Some(preset) => add(&preset, block, &mut self.filled.keys),
                None => self.filled.incomplete.push(at.clone()),
            }
        }
        let defaults = self.defaults.get(kind).map(Spanned::get_ref);
        if let Some(defaults) = defaults.and_then(DeValue::as_table) {
            let defaults = self.defaults_of(kind, defaults);
            add(&defaults, block, &mut self.filled.keys);
        }
    }

    /// Those of the defaults that can be some; the others are reported where they stand.
    fn defaults_of(&self, kind: &str, defaults: &DeTable<'i>) -> DeTable<'i> {
        let schema = self.definitions.partial(kind);
        let is_known = |name: &str| {
            let properties = schema.and_then(|schema| schema.get("properties"));
            properties.is_some_and(|properties| properties.get(name).is_some())
        };
        let keys = defaults.iter().filter(|(key, _)| is_known(key.get_ref()));
        keys.map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }

    fn preset(&mut self, name: &Spanned<String>) -> Option<DeTable<'i>> {
        let written = name.get_ref().as_str();
        let mut found = self.presets.get(written);
        let mut name_of_found = written;
        if found.is_none() {
            let names = self.presets.keys().map(|key| &**key.get_ref());
            let meant = closest(written, names);
            let help = match meant {
                Some(meant) => format!("did you mean \"{meant}\"?"),
                None => format!("add [preset.{written}]"),
            };
            let message = format!("there is no preset `{written}`");
            let finding = Finding::new(name.span(), message).help(help);
            self.filled.findings.push(finding);
            name_of_found = meant?;
            found = self.presets.get(name_of_found);
        }
        self.used.insert(name_of_found.to_owned());
        found.and_then(|found| found.get_ref().as_table()).cloned()
    }

    /// Notes the presets that nobody uses.
    fn judge_presets(&mut self) {
        for (key, _) in &self.presets {
            let name: &str = key.get_ref();
            if !self.used.contains(name) {
                let finding = Finding::new(key.span(), format!("nobody uses the preset `{name}`"));
                let help = format!("leave it out, or write use = [\"{name}\"] where it is meant");
                self.filled.warnings.push(Finding {
                    weight: Weight::Warning,
                    ..finding.help(help)
                });
            }
        }
    }
}

/// Adds to `block` what it does not have; tables that it has are filled in the same way.
fn add<'i>(from: &DeTable<'i>, block: &mut DeTable<'i>, keys: &mut BTreeSet<usize>) {
    for (key, value) in from {
        let name: &str = key.get_ref();
        match block.get_mut(name).map(Spanned::get_mut) {
            Some(DeValue::Table(own)) => {
                if let DeValue::Table(inner) = value.get_ref() {
                    add(inner, own, keys);
                }
            }
            Some(_) => {}
            None if name == "use" => {}
            None => {
                keys.insert(key.span().start);
                block.insert(key.clone(), value.clone());
            }
        }
    }
}
