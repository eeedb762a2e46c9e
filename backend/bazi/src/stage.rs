//! The twelve stages of life 十二长生 of a stem through the branches.

use crate::branch::Branch;
use crate::element::Polarity;
use crate::named::named;
use crate::stem::Stem;

named! {
    /// A stage of life 十二长生.
    pub enum Stage {
        Birth = "长生",
        Bath = "沐浴",
        Cap = "冠带",
        Office = "临官",
        Prime = "帝旺",
        Decline = "衰",
        Sickness = "病",
        Death = "死",
        Tomb = "墓",
        End = "绝",
        Conception = "胎",
        Nurture = "养",
    }
}

impl Stage {
    /// The stage of this stem over this branch.
    ///
    /// Yang stems go forward and yin stems backward 阳顺阴逆, and earth shares
    /// the places of fire 火土同宫.
    pub const fn of(stem: Stem, branch: Branch) -> Self {
        let birth = match stem {
            Stem::Jia => Branch::Hai,
            Stem::Yi => Branch::Wu,
            Stem::Bing | Stem::Wu => Branch::Yin,
            Stem::Ding | Stem::Ji => Branch::You,
            Stem::Geng => Branch::Si,
            Stem::Xin => Branch::Zi,
            Stem::Ren => Branch::Shen,
            Stem::Gui => Branch::Mao,
        };
        let steps = match stem.polarity() {
            Polarity::Yang => branch.index() + 12 - birth.index(),
            Polarity::Yin => birth.index() + 12 - branch.index(),
        };
        Self::ALL[steps % Self::ALL.len()]
    }
}
