//! The ten gods 十神: what a stem is to the day master.

use crate::element::Element;
use crate::named::named;
use crate::stem::Stem;

named! {
    /// A ten god 十神.
    pub enum TenGod {
        /// The same element and polarity.
        BiJian = "比肩",
        /// The same element, the other polarity.
        JieCai = "劫财",
        /// What the day master generates, the same polarity.
        ShiShen = "食神",
        /// What the day master generates, the other polarity.
        ShangGuan = "伤官",
        /// What the day master controls, the same polarity.
        PianCai = "偏财",
        /// What the day master controls, the other polarity.
        ZhengCai = "正财",
        /// What controls the day master, the same polarity.
        QiSha = "七杀",
        /// What controls the day master, the other polarity.
        ZhengGuan = "正官",
        /// What generates the day master, the same polarity.
        PianYin = "偏印",
        /// What generates the day master, the other polarity.
        ZhengYin = "正印",
    }
}

impl TenGod {
    /// What `other` is to the day master `day`.
    pub const fn of(day: Stem, other: Stem) -> Self {
        // Elements are listed in generating order, so the distance from one to
        // the other is the relation: 0 same, 1 generated, 2 controlled, ...
        let count = Element::ALL.len();
        let relation = (other.element().index() + count - day.element().index()) % count;
        let differs = (day.index() + other.index()) % 2;
        Self::ALL[relation * 2 + differs]
    }
}
