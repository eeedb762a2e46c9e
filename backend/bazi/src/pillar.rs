//! One of the sixty pairs of a stem and a branch 六十甲子.

use std::fmt;

use serde::Serialize;

use crate::branch::Branch;
use crate::nayin::Nayin;
use crate::stem::Stem;

/// A pillar 柱: a stem over a branch of the same polarity, one of sixty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Pillar {
    stem: Stem,
    branch: Branch,
}

impl Pillar {
    /// The number of pillars.
    pub const COUNT: usize = 60;

    /// The pillar of this stem and branch, unless their polarities differ.
    pub const fn new(stem: Stem, branch: Branch) -> Option<Self> {
        if stem.index() % 2 == branch.index() % 2 {
            Some(Self { stem, branch })
        } else {
            None
        }
    }

    /// The pillar at this place of the cycle of sixty; 甲子 is 0.
    pub const fn cycle(index: usize) -> Self {
        Self {
            stem: Stem::cycle(index),
            branch: Branch::cycle(index),
        }
    }

    /// The pillar with this name, such as 甲子.
    pub fn from_name(name: &str) -> Option<Self> {
        let mut signs = name.split_inclusive(|_: char| true);
        let stem = Stem::from_name(signs.next()?)?;
        let branch = Branch::from_name(signs.next()?)?;
        if signs.next().is_some() {
            None
        } else {
            Self::new(stem, branch)
        }
    }

    /// The stem.
    pub const fn stem(self) -> Stem {
        self.stem
    }

    /// The branch.
    pub const fn branch(self) -> Branch {
        self.branch
    }

    /// The place in the cycle of sixty; 甲子 is 0.
    pub const fn index(self) -> usize {
        // The number below 60 which leaves the stem mod 10 and the branch mod 12.
        (6 * self.stem.index() + 55 * self.branch.index()) % Self::COUNT
    }

    /// The decade 旬 to which it belongs; that of 甲子 is 0, of 甲戌 1.
    pub(crate) const fn decade(self) -> usize {
        self.index() / 10
    }

    /// The two void branches 空亡: those its decade 旬 does not reach.
    pub const fn void(self) -> [Branch; 2] {
        let first = 10 - 2 * self.decade();
        [Branch::cycle(first), Branch::cycle(first + 1)]
    }

    /// The sound element 纳音.
    pub const fn nayin(self) -> Nayin {
        Nayin::ALL[self.index() / 2]
    }
}

impl fmt::Display for Pillar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.stem, self.branch)
    }
}
