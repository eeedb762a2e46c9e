//! How a spirit is looked up: from which pillar, by what, and where it may fall.

use super::text::{PillarSet, Signs};
use crate::pillar::Pillar;
use crate::pillars::Pillars;
use crate::position::{Position, Positions};

/// A rule for one spirit.
#[derive(Clone, Copy)]
pub(super) struct Rule {
    /// The pillars from which it is looked up; any of them suffices.
    anchors: Positions,
    /// What of the anchor is looked up.
    key: Key,
    /// What a pillar must be, for each value of the key.
    target: Target,
    /// The pillars on which it may fall.
    falls: Falls,
}

/// What of the anchor pillar selects the row of the table.
#[derive(Clone, Copy)]
enum Key {
    Stem,
    Branch,
    /// The element of the sound 纳音五行, from wood.
    Nayin,
    /// The decade 旬, from that of 甲子.
    Decade,
    /// Nothing: the table has one row.
    None,
}

#[derive(Clone, Copy)]
enum Target {
    Signs([Signs; 12]),
    Pillars([PillarSet; 12]),
}

/// On which pillars a spirit may fall.
#[derive(Clone, Copy)]
pub(super) enum Falls {
    /// On every pillar but the anchor itself.
    Elsewhere,
    /// On these, the anchor included if it is among them.
    On(Positions),
}

impl Rule {
    /// Looked up by the stem: ten rows, 甲 to 癸.
    pub(super) const fn stem(anchors: Positions, falls: Falls, rows: [Signs; 12]) -> Self {
        Self {
            anchors,
            key: Key::Stem,
            target: Target::Signs(rows),
            falls,
        }
    }

    /// Looked up by the branch: twelve rows, 子 to 亥.
    pub(super) const fn branch(anchors: Positions, falls: Falls, rows: [Signs; 12]) -> Self {
        Self {
            anchors,
            key: Key::Branch,
            target: Target::Signs(rows),
            falls,
        }
    }

    /// Looked up by the element of the sound: five rows, wood to water.
    pub(super) const fn nayin(anchors: Positions, falls: Falls, rows: [Signs; 12]) -> Self {
        Self {
            anchors,
            key: Key::Nayin,
            target: Target::Signs(rows),
            falls,
        }
    }

    /// Looked up by the decade: six rows, that of 甲子 to that of 甲寅.
    pub(super) const fn decade(anchors: Positions, falls: Falls, rows: [Signs; 12]) -> Self {
        Self {
            anchors,
            key: Key::Decade,
            target: Target::Signs(rows),
            falls,
        }
    }

    /// Whole pillars, looked up by the stem.
    pub(super) const fn stem_to_pillar(
        anchors: Positions,
        falls: Falls,
        rows: [PillarSet; 12],
    ) -> Self {
        Self {
            anchors,
            key: Key::Stem,
            target: Target::Pillars(rows),
            falls,
        }
    }

    /// Whole day pillars, looked up by the month.
    pub(super) const fn month_to_day(rows: [PillarSet; 12]) -> Self {
        let anchors = Positions::of(&[Position::Month]);
        let falls = Falls::On(Positions::of(&[Position::Day]));
        Self {
            anchors,
            key: Key::Branch,
            target: Target::Pillars(rows),
            falls,
        }
    }

    /// Whole pillars, wherever they stand among these positions.
    pub(super) const fn list(positions: &[Position], pillars: &str) -> Self {
        let on = Positions::of(positions);
        let mut rows = [PillarSet::EMPTY; 12];
        rows[0] = PillarSet::of(pillars);
        // With one row for all, one anchor is as good as another.
        let anchors = Positions::of(&[Position::Year]);
        Self {
            anchors,
            key: Key::None,
            target: Target::Pillars(rows),
            falls: Falls::On(on),
        }
    }

    /// Whether the spirit falls on the pillar at this position.
    pub(super) fn falls_on(&self, position: Position, pillars: Pillars) -> bool {
        let anchors = match self.falls {
            Falls::Elsewhere => self.anchors.without(position),
            Falls::On(positions) if positions.contains(position) => self.anchors,
            Falls::On(_) => return false,
        };
        let pillar = *pillars.at(position);
        anchors.iter().any(|anchor| {
            let row = self.key.of(*pillars.at(anchor));
            match &self.target {
                Target::Signs(rows) => rows[row].hit(pillar),
                Target::Pillars(rows) => rows[row].contains(pillar),
            }
        })
    }
}

impl Key {
    const fn of(self, anchor: Pillar) -> usize {
        match self {
            Self::Stem => anchor.stem().index(),
            Self::Branch => anchor.branch().index(),
            Self::Nayin => anchor.nayin().element().index(),
            Self::Decade => anchor.decade(),
            Self::None => 0,
        }
    }
}
