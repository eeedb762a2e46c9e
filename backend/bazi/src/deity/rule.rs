//! How a spirit is looked up: from which pillar, by what, and where it may fall.

use crate::branch::Branch;
use crate::pillar::Pillar;
use crate::pillars::Pillars;
use crate::position::{Position, Positions};
use crate::stem::Stem;

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
        let mut rows = [PillarSet(0); 12];
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

/// A set of stems and branches; a pillar with any of them is hit.
#[derive(Clone, Copy)]
pub(super) struct Signs(u32);

impl Signs {
    const fn hit(self, pillar: Pillar) -> bool {
        self.0 & (1 << pillar.stem().index() | 1 << (10 + pillar.branch().index())) != 0
    }
}

/// A set of whole pillars.
#[derive(Clone, Copy)]
pub(super) struct PillarSet(u64);

impl PillarSet {
    const fn contains(self, pillar: Pillar) -> bool {
        self.0 & 1 << pillar.index() != 0
    }

    /// The pillars of a text such as `甲子乙丑`; `甲*` stands for all with 甲.
    const fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let (mut set, mut at) = (0, 0);
        while at < bytes.len() {
            let any_branch = bytes[at + SIGN] == b'*';
            let mut index = 0;
            while index < Pillar::COUNT {
                let pillar = Pillar::cycle(index);
                let stem = written(bytes, at, pillar.stem().name());
                let branch = any_branch || written(bytes, at + SIGN, pillar.branch().name());
                if stem && branch {
                    set |= 1 << index;
                }
                index += 1;
            }
            at += if any_branch { SIGN + 1 } else { 2 * SIGN };
        }
        Self(set)
    }
}

/// The rows of a text: words separated by single spaces, each made of stems and
/// branches, or `-` for none. Rows which are not written stay empty.
pub(super) const fn rows(text: &str) -> [Signs; 12] {
    let bytes = text.as_bytes();
    let mut rows = [Signs(0); 12];
    let (mut row, mut at) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b' ' => {
                row += 1;
                at += 1;
            }
            b'-' => at += 1,
            _ => {
                rows[row].0 |= 1 << sign(bytes, at);
                at += SIGN;
            }
        }
    }
    rows
}

/// The rows of the twelve branches from four words for the frames of three
/// 三合局: 申子辰, 巳酉丑, 寅午戌, 亥卯未.
pub(super) const fn by_frame(text: &str) -> [Signs; 12] {
    let words = rows(text);
    let mut rows = words;
    let mut at = 0;
    while at < rows.len() {
        rows[at] = words[Branch::cycle(at).frame()];
        at += 1;
    }
    rows
}

/// The rows of the twelve branches from four words for the seasons, from
/// spring 寅卯辰.
pub(super) const fn by_season(text: &str) -> [Signs; 12] {
    let words = rows(text);
    let mut rows = words;
    let mut at = 0;
    while at < rows.len() {
        rows[at] = words[Branch::cycle(at).season()];
        at += 1;
    }
    rows
}

/// Rows of whole pillars: ten for the stems or twelve for the branches.
pub(super) const fn pillar_rows(words: &[&str]) -> [PillarSet; 12] {
    let mut rows = [PillarSet(0); 12];
    let mut at = 0;
    while at < words.len() {
        rows[at] = PillarSet::of(words[at]);
        at += 1;
    }
    rows
}

/// Rows of whole pillars for the twelve branches from those of the seasons.
pub(super) const fn pillars_by_season(words: [&str; 4]) -> [PillarSet; 12] {
    let mut rows = [PillarSet(0); 12];
    let mut at = 0;
    while at < rows.len() {
        rows[at] = PillarSet::of(words[Branch::cycle(at).season()]);
        at += 1;
    }
    rows
}

/// The bytes of one stem or branch in UTF-8.
const SIGN: usize = 3;

/// The bit of the sign written here. A text with any other character does not
/// compile, since all tables are constants.
const fn sign(bytes: &[u8], at: usize) -> usize {
    let mut index = 0;
    while index < 22 {
        let name = if index < 10 {
            Stem::cycle(index).name()
        } else {
            Branch::cycle(index - 10).name()
        };
        if written(bytes, at, name) {
            return index;
        }
        index += 1;
    }
    assert!(index < 22, "neither a stem nor a branch");
    index
}

const fn written(bytes: &[u8], at: usize, name: &str) -> bool {
    let name = name.as_bytes();
    bytes[at] == name[0] && bytes[at + 1] == name[1] && bytes[at + 2] == name[2]
}
