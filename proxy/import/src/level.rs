//! What holds at a place of nginx's configuration: what stands there, and else what stands around it.

use crate::note::Notes;
use crate::syntax::Directive;

/// A place: its block and those around it.
#[derive(Clone)]
pub(crate) struct Level<'d> {
    /// Outermost first.
    blocks: Vec<&'d [Directive]>,
    notes: &'d Notes,
}

impl<'d> Level<'d> {
    pub(crate) fn new(block: &'d [Directive], notes: &'d Notes) -> Self {
        Self {
            blocks: vec![block],
            notes,
        }
    }

    /// A block that stands here.
    pub(crate) fn inside(&self, block: &'d [Directive]) -> Self {
        let mut inner = self.clone();
        inner.blocks.push(block);
        inner
    }

    /// The directive of a name that can be given once in a block: the innermost holds.
    pub(crate) fn one(&self, name: &str) -> Option<&'d Directive> {
        self.all(name).into_iter().last()
    }

    /// The directives of a name that can be given several times: those of the innermost block that has
    /// any are the only ones that hold.
    pub(crate) fn all(&self, name: &str) -> Vec<&'d Directive> {
        let of_block = |block: &&'d [Directive]| named(block, name);
        let mut blocks = self.blocks.iter().rev().map(of_block);
        let found = blocks.find(|found| !found.is_empty());
        self.looked_at(found.unwrap_or_default())
    }

    /// The directives of a name that stand here and not around it.
    pub(crate) fn own(&self, name: &str) -> Vec<&'d Directive> {
        let block = self.blocks.last().map(|block| named(block, name));
        self.looked_at(block.unwrap_or_default())
    }

    /// The first of them.
    pub(crate) fn own_one(&self, name: &str) -> Option<&'d Directive> {
        self.own(name).first().copied()
    }

    /// Whether one of the names stands here, without looking at it.
    pub(crate) fn has_own(&self, names: &[&str]) -> bool {
        let block = self.blocks.last().copied().unwrap_or_default();
        block.iter().any(|one| names.contains(&one.name.as_str()))
    }

    /// What stands here.
    pub(crate) fn here(&self) -> &'d [Directive] {
        self.blocks.last().copied().unwrap_or_default()
    }

    /// All blocks, outermost first.
    pub(crate) fn blocks(&self) -> &[&'d [Directive]] {
        &self.blocks
    }

    fn looked_at(&self, found: Vec<&'d Directive>) -> Vec<&'d Directive> {
        for directive in &found {
            self.notes.seen(directive);
        }
        found
    }
}

fn named<'d>(block: &'d [Directive], name: &str) -> Vec<&'d Directive> {
    block.iter().filter(|one| one.name == name).collect()
}
