//! The ten heavenly stems 天干.

use crate::element::{Element, Polarity};
use crate::named::named;

named! {
    /// A heavenly stem 天干.
    pub enum Stem {
        Jia = "甲",
        Yi = "乙",
        Bing = "丙",
        Ding = "丁",
        Wu = "戊",
        Ji = "己",
        Geng = "庚",
        Xin = "辛",
        Ren = "壬",
        Gui = "癸",
    }
}

impl Stem {
    /// The stem at this place of the cycle of ten.
    pub const fn cycle(index: usize) -> Self {
        Self::ALL[index % Self::ALL.len()]
    }

    /// The element: two stems each, 甲乙木 to 壬癸水.
    pub const fn element(self) -> Element {
        Element::cycle(self.index() / 2)
    }

    /// The polarity: 甲丙戊庚壬 are yang.
    pub const fn polarity(self) -> Polarity {
        Polarity::of_index(self.index())
    }
}
