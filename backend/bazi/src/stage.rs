//! The twelve stages of life 十二长生 of a stem through the branches.

use crate::branch::Branch;
use crate::element::Polarity;
use crate::named::named;
use crate::stem::Stem;

named! {
    /// A stage of life 十二长生.
    pub enum Stage {
        ChangSheng = "长生",
        MuYu = "沐浴",
        GuanDai = "冠带",
        LinGuan = "临官",
        DiWang = "帝旺",
        Shuai = "衰",
        Bing = "病",
        Si = "死",
        Mu = "墓",
        Jue = "绝",
        Tai = "胎",
        Yang = "养",
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
