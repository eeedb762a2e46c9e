//! Variables of the configuration's own, from written to meant.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use settings::{Place, Problems};

use super::{checks, file};
use crate::expression::Expression;
use crate::template::Map;
use crate::template::{self, Scope};

/// The variables of all maps. One may be made of others, but not of itself.
pub(super) fn all(written: &BTreeMap<String, file::Map>, problems: &mut Problems) -> Scope {
    let place = Place::root().key("map");
    for name in written.keys() {
        check_name(name, &place.key(name), problems);
    }
    let mut meant: BTreeMap<String, Arc<Map>> = BTreeMap::new();
    let mut pending: Vec<_> = written.iter().collect();
    while !pending.is_empty() {
        let is_ready = |(_, map): &(&String, &file::Map)| {
            let mut names = texts(map).flat_map(template::mentioned);
            names.all(|name| !written.contains_key(name) || meant.contains_key(name))
        };
        let (ready, rest): (Vec<_>, Vec<_>) = pending.into_iter().partition(is_ready);
        if ready.is_empty() {
            for (name, _) in rest {
                let message = format!("the value of `${name}` leads back to itself");
                problems.push(&place.key(name), message);
            }
            break;
        }
        let scope = Scope::of_maps(meant.clone());
        for (name, map) in ready {
            let map = one(map, &scope, &place.key(name), problems);
            meant.insert(name.clone(), Arc::new(map));
        }
        pending = rest;
    }
    Scope::of_maps(meant)
}

fn check_name(name: &str, at: &Place, problems: &mut Problems) {
    let is_word = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_word || !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        problems.push(
            at,
            format!("`{name}` is no name for a variable: letters, digits and `_`"),
        );
    } else if template::is_variable(name) {
        problems.push(at, format!("there is a variable `${name}` already"));
    }
}

/// All texts with variables.
fn texts(map: &file::Map) -> impl Iterator<Item = &str> {
    let found = map.regex.iter().map(|regex| &regex.value);
    let texts = [&map.of, &map.default].into_iter().chain(found);
    texts.chain(map.values.values()).map(String::as_str)
}

/// The map; what is wrong with it is noted, and has no value.
fn one(written: &file::Map, scope: &Scope, at: &Place, problems: &mut Problems) -> Map {
    let mut text = |scope: &Scope, text: &str, at: &Place| {
        checks::template(scope, text, at, problems).unwrap_or_default()
    };
    let of = text(scope, &written.of, &at.key("of"));
    let default = text(scope, &written.default, &at.key("default"));
    let mut values = HashMap::new();
    for (key, value) in &written.values {
        let at = at.key("values").key(key);
        values.insert(
            key.to_ascii_lowercase().into_bytes(),
            text(scope, value, &at),
        );
    }
    let mut expressions = Vec::new();
    for (index, written) in written.regex.iter().enumerate() {
        let at = at.key("regex").index(index);
        let expression = Expression::new(&written.find);
        let Some(expression) = problems.ok(&at.key("find"), expression) else {
            continue;
        };
        let scope = scope.with_path(&expression);
        let value = checks::template(&scope, &written.value, &at.key("value"), problems);
        expressions.push((expression, value.unwrap_or_default()));
    }
    if of.is_constant() {
        problems.push_with_help(
            &at.key("of"),
            "the text has no variable, so the value would always be the same",
            "\"$http_user_agent\"",
        );
    }
    Map {
        of,
        values,
        expressions,
        default,
    }
}
