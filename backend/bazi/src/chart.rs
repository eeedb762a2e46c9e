//! A whole chart 命盘: what the pillars of a birth imply, position by position.

mod count;
mod detail;

use serde::Serialize;

pub use self::count::{ElementCounts, MainStar, Tally, TenGodStats};
pub use self::detail::{Detail, HiddenStem, Rank};
use crate::branch::Branch;
use crate::civil::CivilTime;
use crate::element::Element;
use crate::error::Error;
use crate::gender::Gender;
use crate::lunar::LunarDate;
use crate::pillars::{Pillars, ZiMode};
use crate::position::ByPosition;
use crate::relation::Relations;
use crate::stem::Stem;

/// The conventions on which schools differ and a caller may choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Options {
    /// To which day the late zi hour belongs.
    pub zi_mode: ZiMode,
}

/// A chart 命盘. Serializing it gives the JSON described at the crate's root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Chart {
    /// The birth itself.
    #[serde(rename = "basic_info")]
    pub basic: Basic,
    /// The four pillars.
    #[serde(rename = "bazi_pillars")]
    pub pillars: Pillars,
    /// What each pillar carries.
    pub details: ByPosition<Detail>,
    /// How often each ten god occurs.
    #[serde(rename = "ten_gods_stats")]
    pub ten_gods: TenGodStats,
    /// The elements of the eight signs.
    pub elements: ByPosition<SignElements>,
    /// How often each element occurs among the eight signs.
    pub element_counts: ElementCounts,
    /// How the pillars act on each other.
    #[serde(rename = "relationships")]
    pub relations: Relations,
}

/// The birth for which a chart is drawn, in both calendars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Basic {
    /// The moment of birth; `solar_date` and `solar_time` in JSON.
    #[serde(flatten)]
    pub time: CivilTime,
    /// The date in the lunar calendar.
    pub lunar_date: LunarDate,
    /// The gender.
    pub gender: Gender,
    /// The convention for the late zi hour which was applied.
    pub zi_mode: ZiMode,
}

/// The two signs of a pillar with their elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct SignElements {
    /// The stem.
    pub stem: Stem,
    /// Its element.
    pub stem_element: Element,
    /// The branch.
    pub branch: Branch,
    /// Its element.
    pub branch_element: Element,
}

impl Chart {
    /// Draws the chart of a birth.
    pub fn new(time: CivilTime, gender: Gender, options: Options) -> Result<Self, Error> {
        let Options { zi_mode } = options;
        let pillars = Pillars::of(time, zi_mode)?;
        let details = ByPosition::from_fn(|position| Detail::of(position, pillars, gender));
        Ok(Self {
            basic: Basic {
                time,
                lunar_date: LunarDate::of(time.date())?,
                gender,
                zi_mode,
            },
            pillars,
            ten_gods: TenGodStats::of(&details),
            details,
            elements: ByPosition::from_fn(|position| {
                let (stem, branch) = (pillars.at(position).stem(), pillars.at(position).branch());
                let (stem_element, branch_element) = (stem.element(), branch.element());
                SignElements {
                    stem,
                    stem_element,
                    branch,
                    branch_element,
                }
            }),
            element_counts: ElementCounts::of(pillars),
            relations: Relations::of(pillars),
        })
    }

    /// The day master 日主: the stem of the day pillar.
    pub const fn day_master(&self) -> Stem {
        self.pillars.day.stem()
    }
}
