//! Takes what the schema refuses out of a document, so that the rest can be read all the same.

use std::collections::HashMap;
use std::mem;

use settings::{Place, Step};
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// A change that makes a document fit its schema.
#[derive(Debug, Clone)]
pub(super) enum Edit {
    /// The value is left out.
    Remove(Place),
    /// The key is read as the one that was meant.
    Rename(Place, String),
}

impl Edit {
    fn place(&self) -> &Place {
        match self {
            Self::Remove(place) | Self::Rename(place, _) => place,
        }
    }

    fn is_removal(&self) -> bool {
        matches!(self, Self::Remove(_))
    }
}

/// Makes the edits; answers where something has been left out, in terms of what is left. Of an
/// element of an array that is the array.
pub(super) fn prune(tree: &mut DeTable<'_>, edits: &[Edit]) -> Vec<Place> {
    let mut ordered: Vec<&Edit> = edits.iter().collect();
    // From the inside out and from the last element to the first, so that each place still holds.
    ordered.sort_by_key(|edit| std::cmp::Reverse(order(edit.place())));
    ordered.dedup_by_key(|edit| edit.place());
    for edit in ordered {
        let Some((last, outer)) = edit.place().steps().split_last() else {
            continue;
        };
        match (last, edit) {
            (Step::Key(key), Edit::Remove(_)) => {
                if let Some(table) = table_at(tree, outer) {
                    table.remove(key.as_ref());
                }
            }
            (Step::Key(key), Edit::Rename(_, to)) => {
                if let Some(table) = table_at(tree, outer) {
                    rename(table, key, to);
                }
            }
            (Step::Index(index), _) => remove_element(tree, outer, *index),
        }
    }
    let moves = Moves::of(edits);
    let removed = edits.iter().filter(|edit| edit.is_removal());
    removed.map(|edit| moves.left_of(edit.place())).collect()
}

/// The order of the file by number, and what is inside before what holds it.
fn order(place: &Place) -> Vec<usize> {
    place
        .steps()
        .iter()
        .map(|step| match step {
            Step::Key(_) => 0,
            Step::Index(index) => *index,
        })
        .collect()
}

fn rename(table: &mut DeTable<'_>, key: &str, to: &str) {
    let Some(span) = table.get_key_value(key).map(|(key, _)| key.span()) else {
        return;
    };
    if let Some(value) = table.remove(key) {
        table.insert(Spanned::new(span, to.to_owned().into()), value);
    }
}

fn remove_element(tree: &mut DeTable<'_>, outer: &[Step], index: usize) {
    let Some(DeValue::Array(array)) = value_at(tree, outer) else {
        return;
    };
    let elements = mem::replace(array, DeArray::new()).into_iter().enumerate();
    *array = elements
        .filter(|(number, _)| *number != index)
        .map(|(_, element)| element)
        .collect();
}

fn table_at<'t, 'i>(tree: &'t mut DeTable<'i>, steps: &[Step]) -> Option<&'t mut DeTable<'i>> {
    if steps.is_empty() {
        return Some(tree);
    }
    match value_at(tree, steps)? {
        DeValue::Table(table) => Some(table),
        DeValue::Array(_)
        | DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => None,
    }
}

fn value_at<'t, 'i>(tree: &'t mut DeTable<'i>, steps: &[Step]) -> Option<&'t mut DeValue<'i>> {
    let (Step::Key(first), rest) = steps.split_first()? else {
        return None;
    };
    let mut value = tree.get_mut(first.as_ref())?.get_mut();
    for step in rest {
        value = match (step, value) {
            (Step::Key(key), DeValue::Table(table)) => table.get_mut(key.as_ref())?.get_mut(),
            (Step::Index(index), DeValue::Array(array)) => array.get_mut(*index)?.get_mut(),
            _ => return None,
        };
    }
    Some(value)
}

/// What edits do to the places of what is left.
#[derive(Default)]
struct Moves {
    /// The elements that are gone from an array, in order.
    removed: HashMap<Place, Vec<usize>>,
    renamed: HashMap<Place, String>,
}

impl Moves {
    fn of(edits: &[Edit]) -> Self {
        let mut moves = Self::default();
        for edit in edits {
            match edit {
                Edit::Rename(place, to) => {
                    moves.renamed.insert(place.clone(), to.clone());
                }
                Edit::Remove(place) => {
                    if let Some((Step::Index(index), outer)) = place.steps().split_last() {
                        let outer: Place = outer.iter().cloned().collect();
                        moves.removed.entry(outer).or_default().push(*index);
                    }
                }
            }
        }
        for elements in moves.removed.values_mut() {
            elements.sort_unstable();
        }
        moves
    }

    /// The place of what was removed as later problems count: elements that went before it are gone.
    fn left_of(&self, place: &Place) -> Place {
        let mut outer = Place::root();
        let mut left = Place::root();
        for step in place.steps() {
            match step {
                Step::Key(key) => {
                    outer = outer.key(key);
                    let renamed = self.renamed.get(&outer).map(String::as_str);
                    left = left.key(renamed.unwrap_or(key));
                }
                Step::Index(index) => {
                    let removed = self.removed.get(&outer).map_or(&[][..], Vec::as_slice);
                    let before = removed.partition_point(|other| other < index);
                    if removed.get(before) == Some(index) {
                        break;
                    }
                    left = left.index(index - before);
                    outer = outer.index(*index);
                }
            }
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_counted_anew() {
        let text = "a = [{ x = 1 }, { x = 2, y = 3 }, { x = 4, z = 5 }]\nadres = 1\n";
        let (mut tree, _) = DeTable::parse_recoverable(text);
        let a = Place::root().key("a");
        let gone = prune(
            tree.get_mut(),
            &[
                Edit::Remove(a.index(0)),
                Edit::Remove(a.index(1).key("y")),
                Edit::Remove(a.index(2).key("z")),
                Edit::Rename(Place::root().key("adres"), "address".to_owned()),
            ],
        );
        let shown: Vec<_> = gone.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["a", "a[0].y", "a[1].z"]);
        let left: toml::Table =
            serde::Deserialize::deserialize(toml::de::Deserializer::from(tree)).unwrap();
        assert_eq!(
            left.to_string(),
            "address = 1\n\n[[a]]\nx = 2\n\n[[a]]\nx = 4\n"
        );
    }
}
