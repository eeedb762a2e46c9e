//! What one pillar carries.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::count::MainStar;
use crate::branch::Branch;
use crate::deity::Deities;
use crate::element::{Element, Polarity};
use crate::gender::Gender;
use crate::named::named;
use crate::nayin::Nayin;
use crate::pillar::Pillar;
use crate::pillars::Pillars;
use crate::position::Position;
use crate::stage::Stage;
use crate::stem::Stem;
use crate::ten_god::TenGod;

named! {
    /// The rank of a hidden stem in its branch.
    pub enum Rank {
        /// The main one, whose element is the branch's.
        Main = "本气",
        /// The middle one.
        Middle = "中气",
        /// The residual one.
        Residual = "余气",
    }
}

/// A stem hidden in a branch 藏干, as the day master sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct HiddenStem {
    /// The stem.
    pub stem: Stem,
    /// Its element.
    pub element: Element,
    /// Its polarity.
    pub polarity: Polarity,
    /// Its rank.
    pub rank: Rank,
    /// What it is to the day master.
    pub ten_god: TenGod,
}

/// What one pillar carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Detail {
    /// What the stem is to the day master 主星.
    pub main_star: MainStar,
    /// The stage of the day master over the branch 星运.
    pub star_fortune: Stage,
    /// The stage of the pillar's own stem over its branch 自坐.
    pub self_sitting: Stage,
    /// The branches void in the pillar's own decade 空亡.
    pub void: [Branch; 2],
    /// The sound element 纳音.
    pub nayin: Nayin,
    /// The spirits 神煞.
    pub deities: Deities,
    pillar: Pillar,
    day_master: Stem,
}

impl Detail {
    /// What the pillar at this position carries.
    pub(super) fn of(position: Position, pillars: Pillars, gender: Gender) -> Self {
        let pillar = *pillars.at(position);
        let day_master = pillars.day.stem();
        Self {
            main_star: match position {
                Position::Day => MainStar::DayMaster(gender),
                Position::Year | Position::Month | Position::Hour => {
                    MainStar::TenGod(TenGod::of(day_master, pillar.stem()))
                }
            },
            star_fortune: Stage::of(day_master, pillar.branch()),
            self_sitting: Stage::of(pillar.stem(), pillar.branch()),
            void: pillar.void(),
            nayin: pillar.nayin(),
            deities: Deities::of(position, pillars),
            pillar,
            day_master,
        }
    }

    /// The hidden stems 藏干 of the branch, the main one first.
    pub fn hidden(&self) -> impl Iterator<Item = HiddenStem> {
        let stems = self.pillar.branch().hidden().iter();
        stems.zip(Rank::ALL).map(|(&stem, &rank)| HiddenStem {
            stem,
            element: stem.element(),
            polarity: stem.polarity(),
            rank,
            ten_god: TenGod::of(self.day_master, stem),
        })
    }
}

/// The keys of the system being replaced, and `hidden`, which says in one list
/// of structures what its `hidden_stems` and `hidden_stars` say in two of names.
impl Serialize for Detail {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let [first, second] = self.void;
        let named = |hidden: HiddenStem| format!("{}{}", hidden.stem, hidden.element);
        let mut detail = serializer.serialize_struct("Detail", 9)?;
        detail.serialize_field("main_star", &self.main_star)?;
        detail.serialize_field(
            "hidden_stems",
            &self.hidden().map(named).collect::<Vec<_>>(),
        )?;
        let stars = self.hidden().map(|hidden| hidden.ten_god);
        detail.serialize_field("hidden_stars", &stars.collect::<Vec<_>>())?;
        detail.serialize_field("hidden", &self.hidden().collect::<Vec<_>>())?;
        detail.serialize_field("star_fortune", &self.star_fortune)?;
        detail.serialize_field("self_sitting", &self.self_sitting)?;
        detail.serialize_field("kongwang", &format_args!("{first}{second}"))?;
        detail.serialize_field("nayin", &self.nayin)?;
        detail.serialize_field("deities", &self.deities)?;
        detail.end()
    }
}
