//! The variables that a configuration declares itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Map;
use super::variable::{Groups, Variable};
use crate::expression::Expression;

/// The variables that a text may have beyond those of every text.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    maps: Arc<BTreeMap<String, Arc<Map>>>,
    groups: BTreeMap<String, (Groups, usize)>,
}

impl Scope {
    /// With these maps, by the names of their variables.
    pub fn of_maps(maps: BTreeMap<String, Arc<Map>>) -> Self {
        Self {
            maps: Arc::new(maps),
            groups: BTreeMap::new(),
        }
    }

    /// With the groups of the expression that matched the path besides.
    #[must_use]
    pub fn with_path(&self, expression: &Expression) -> Self {
        self.with(Groups::Path, expression.groups())
    }

    /// With the named groups of the expression that matched the host besides.
    #[must_use]
    pub fn with_host(&self, expression: &Expression) -> Self {
        let is_named = |(name, _): &(String, usize)| name.parse::<usize>().is_err();
        self.with(Groups::Host, expression.groups().filter(is_named))
    }

    fn with(&self, of: Groups, groups: impl Iterator<Item = (String, usize)>) -> Self {
        let mut inner = self.clone();
        let groups = groups.map(|(name, index)| (name, (of, index)));
        inner.groups.extend(groups);
        inner
    }

    /// The variable of this name, if there is one.
    pub(super) fn find(&self, name: &str) -> Option<Variable> {
        if let Some((of, index)) = self.groups.get(name) {
            return Some(Variable::Group(*of, *index));
        }
        let map = self.maps.get(name);
        map.map(|map| Variable::Map(Arc::clone(map)))
            .or_else(|| Variable::of(name))
    }

    /// All names without a parameter, for suggestions.
    pub(super) fn names<'s>(&'s self) -> impl Iterator<Item = &'s str> {
        let own = self.groups.keys().chain(self.maps.keys());
        let of_every_text = super::variable::names().map(|name| -> &'s str { name });
        own.map(String::as_str).chain(of_every_text)
    }
}
