//! Values that may be written in more than one way: enums, and "a string or a table".

use serde_json::{Map, Value};
use settings::closest;
use toml::de::DeTable;

use super::kind::{self, Kind};
use super::{Node, Outcome, Walk, missing_key, required, words};
use crate::config::report::Finding;

impl<'s> Walk<'s> {
    /// Checks a value against the way of writing that it most likely follows.
    pub(super) fn choice(self, ways: &[&'s Value], node: Node<'_>, outcome: &mut Outcome) -> bool {
        let fitting = |kind: Kind| {
            move |way: &&&'s Value| {
                let kinds = kind::accepted(way);
                kinds.is_empty() || kinds.iter().any(|accepted| accepted.accepts(kind))
            }
        };
        let fitting: Vec<_> = ways.iter().filter(fitting(node.kind())).copied().collect();
        if fitting.is_empty() {
            return refuse(Some(wrong_kind(ways, node)), outcome);
        }
        if let Some(text) = node.value.get_ref().as_str()
            && fitting.iter().all(|way| !spelled(way).is_empty())
        {
            let known = fitting.iter().flat_map(|way| spelled(way));
            return refuse(unknown_word(node, text, known), outcome);
        }
        match node.value.get_ref().as_table() {
            Some(table) => self.tagged(&fitting, node, table, outcome),
            None => self.nearest(&fitting, node, outcome),
        }
    }

    /// Chooses between tables by the word under a common key (`type = "http"`).
    fn tagged(
        self,
        ways: &[&'s Value],
        node: Node<'_>,
        table: &DeTable<'_>,
        outcome: &mut Outcome,
    ) -> bool {
        let Some(tag) = common_tag(ways) else {
            return self.nearest(ways, node, outcome);
        };
        let Some((key, value)) = table.get_key_value(tag) else {
            return refuse(Some(missing_key(node.span(), tag)), outcome);
        };
        let word = value.get_ref().as_str();
        let meant = ways
            .iter()
            .find(|way| word.is_some() && tag_word(way, tag) == word);
        if let Some(way) = meant {
            return self.value_of(way, node, outcome);
        }
        let node = Node {
            key: &key.span(),
            at: node.at,
            value,
        };
        let known = ways.iter().filter_map(|way| tag_word(way, tag));
        let finding = match word {
            Some(word) => unknown_word(node, word, known),
            None => Some(wrong_kind(&[&Value::Null], node)),
        };
        refuse(finding, outcome)
    }

    /// Checks against every way, until there is nothing to complain of, and keeps the complaints of the
    /// one that has the fewest.
    fn nearest(self, ways: &[&'s Value], node: Node<'_>, outcome: &mut Outcome) -> bool {
        let mut best: Option<(usize, Outcome)> = None;
        for way in ways {
            let mut outcome = Outcome::default();
            outcome.readable = self.value_of(way, node, &mut outcome);
            let distance = outcome.findings.len() + 2 * absent(way, node);
            if best.as_ref().is_none_or(|(least, _)| distance < *least) {
                best = Some((distance, outcome));
            }
            if distance == 0 {
                break;
            }
        }
        let Some((_, best)) = best else {
            return false;
        };
        outcome.findings.extend(best.findings);
        outcome.edits.extend(best.edits);
        best.readable
    }

    /// Checks against a way of writing that is not itself a choice.
    fn value_of(self, way: &'s Value, node: Node<'_>, outcome: &mut Outcome) -> bool {
        let value = node.value.get_ref();
        if let Some(table) = value.as_table() {
            return self.table(way, (node.key, node.at), table, outcome);
        }
        if let (Some(text), [_, ..]) = (value.as_str(), &*spelled(way)) {
            return refuse(unknown_word(node, text, spelled(way).into_iter()), outcome);
        }
        self.value(way, node, outcome)
    }
}

/// Notes what is wrong with a value, if anything; answers whether nothing is.
fn refuse(finding: Option<Finding>, outcome: &mut Outcome) -> bool {
    let good = finding.is_none();
    outcome.findings.extend(finding);
    good
}

/// How many of the keys that `way` requires are not there.
fn absent(way: &Value, node: Node<'_>) -> usize {
    let table = node.value.get_ref().as_table();
    required(way)
        .filter(|name| table.is_none_or(|table| !table.contains_key(*name)))
        .count()
}

/// The words a string must be one of, when the schema lists them.
fn spelled(schema: &Value) -> Vec<&str> {
    let one = schema.get("const").and_then(Value::as_str);
    let several = schema.get("enum").and_then(Value::as_array);
    one.into_iter()
        .chain(several.into_iter().flatten().filter_map(Value::as_str))
        .collect()
}

/// The key whose word tells these tables apart, if each of them has one.
fn common_tag<'s>(ways: &[&'s Value]) -> Option<&'s str> {
    let properties = ways.first()?.get("properties").and_then(Value::as_object)?;
    properties
        .keys()
        .map(String::as_str)
        .find(|name| ways.iter().all(|way| tag_word(way, name).is_some()))
}

fn tag_word<'s>(way: &'s Value, tag: &str) -> Option<&'s str> {
    let properties: &Map<String, Value> = way.get("properties")?.as_object()?;
    properties.get(tag)?.get("const")?.as_str()
}

fn wrong_kind(ways: &[&Value], node: Node<'_>) -> Finding {
    let mut kinds: Vec<Kind> = Vec::new();
    for kind in ways.iter().flat_map(|way| kind::accepted(way)) {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    if kinds.is_empty() {
        kinds.push(Kind::String);
    }
    let message = format!("expected {}, found {}", kind::list(&kinds), node.kind());
    Finding::new(node.span(), message)
}

fn unknown_word<'a>(
    node: Node<'_>,
    word: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Option<Finding> {
    if known.clone().any(|known| known == word) {
        return None;
    }
    let help = closest(word, known.clone()).map(|meant| format!("did you mean `{meant}`?"));
    let message = format!("`{word}` is not one of {}", words(known));
    Some(Finding::new(node.span(), message).help(help))
}
