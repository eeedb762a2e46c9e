//! How often ten gods and elements occur in a chart.

use std::fmt;

use serde::{Serialize, Serializer};

use super::detail::Detail;
use crate::element::Element;
use crate::gender::Gender;
use crate::pillars::Pillars;
use crate::position::{ByPosition, Position};
use crate::ten_god::TenGod;

/// The star of a pillar's stem 主星.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MainStar {
    /// What the stem is to the day master.
    TenGod(TenGod),
    /// The day master itself: 元男 or 元女.
    DayMaster(Gender),
}

impl MainStar {
    /// The name, as it is written in a chart.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TenGod(god) => god.name(),
            Self::DayMaster(Gender::Male) => "元男",
            Self::DayMaster(Gender::Female) => "元女",
        }
    }

    /// The ten gods, then the two day masters.
    fn all() -> impl Iterator<Item = Self> {
        let gods = TenGod::ALL.iter().copied().map(Self::TenGod);
        gods.chain(Gender::ALL.iter().copied().map(Self::DayMaster))
    }

    /// The place in [`Self::all`].
    const fn index(self) -> usize {
        match self {
            Self::TenGod(god) => god.index(),
            Self::DayMaster(gender) => TenGod::ALL.len() + gender.index(),
        }
    }
}

impl fmt::Display for MainStar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for MainStar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// How often each star occurs on the stems, among the hidden stems, and in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct TenGodStats {
    /// Those of the four stems, the day master included.
    pub main: Tally,
    /// Those of the hidden stems.
    pub sub: Tally,
    /// Both together.
    pub totals: Tally,
}

impl TenGodStats {
    pub(super) fn of(details: &ByPosition<Detail>) -> Self {
        let mut stats = Self::default();
        for (position, detail) in details.iter() {
            stats.main.add(detail.main_star, position);
            stats.totals.add(detail.main_star, position);
            for star in detail
                .hidden()
                .map(|hidden| MainStar::TenGod(hidden.ten_god))
            {
                stats.sub.add(star, position);
                stats.totals.add(star, position);
            }
        }
        stats
    }
}

/// How often each star occurs, and on which pillars.
///
/// Serialized as `{"正官": {"count": 2, "pillars": {"year": 1, "hour": 1}}}`, in
/// the order of [`TenGod`], the day master last; what does not occur is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tally([ByPosition<u8>; 12]);

impl Tally {
    /// How often this star occurs on each pillar.
    pub const fn of(&self, star: MainStar) -> ByPosition<u8> {
        self.0[star.index()]
    }

    /// How often this star occurs.
    pub fn total(&self, star: MainStar) -> u8 {
        self.of(star).iter().map(|(_, count)| count).sum()
    }

    const fn add(&mut self, star: MainStar, position: Position) {
        *self.0[star.index()].at_mut(position) += 1;
    }
}

impl Serialize for Tally {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let stars = MainStar::all().filter(|&star| self.total(star) > 0);
        serializer.collect_map(stars.map(|star| {
            (
                star.name(),
                Occurrences {
                    count: self.total(star),
                    pillars: Nonzero(self.of(star)),
                },
            )
        }))
    }
}

/// How often one star occurs.
#[derive(Serialize)]
struct Occurrences {
    count: u8,
    pillars: Nonzero,
}

/// The positions with a count, without those where it is 0.
struct Nonzero(ByPosition<u8>);

impl Serialize for Nonzero {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().filter(|&(_, &count)| count > 0))
    }
}

/// How often each element occurs among the eight signs of a chart.
///
/// Serialized with all five keys, 木 to 水.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ElementCounts([u8; 5]);

impl ElementCounts {
    pub(super) fn of(pillars: Pillars) -> Self {
        let mut counts = Self::default();
        for (_, pillar) in pillars.iter() {
            counts.0[pillar.stem().element().index()] += 1;
            counts.0[pillar.branch().element().index()] += 1;
        }
        counts
    }

    /// How often this element occurs, 0 to 8.
    pub const fn count(self, element: Element) -> u8 {
        self.0[element.index()]
    }
}

impl Serialize for ElementCounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(
            Element::ALL
                .iter()
                .map(|&element| (element, self.count(element))),
        )
    }
}
