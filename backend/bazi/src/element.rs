//! The five elements 五行 and the two polarities 阴阳.

use crate::named::named;

named! {
    /// One of the five elements 五行, in the order in which each generates the
    /// next and the last generates the first (相生).
    pub enum Element {
        Wood = "木",
        Fire = "火",
        Earth = "土",
        Metal = "金",
        Water = "水",
    }
}

named! {
    /// The polarity 阴阳 of a stem or a branch.
    pub enum Polarity {
        Yang = "阳",
        Yin = "阴",
    }
}

impl Element {
    /// The element this one generates 生: wood feeds fire, fire makes earth, ...
    #[must_use]
    pub const fn generates(self) -> Self {
        Self::cycle(self.index() + 1)
    }

    /// The element this one controls 克: wood breaks earth, earth dams water, ...
    #[must_use]
    pub const fn controls(self) -> Self {
        Self::cycle(self.index() + 2)
    }

    pub(crate) const fn cycle(index: usize) -> Self {
        Self::ALL[index % Self::ALL.len()]
    }
}

impl Polarity {
    /// Stems and branches alternate, beginning with yang.
    pub(crate) const fn of_index(index: usize) -> Self {
        if index.is_multiple_of(2) {
            Self::Yang
        } else {
            Self::Yin
        }
    }
}
