//! Sets of stems, branches and pillars, read from the text of a table.
//!
//! All tables are constants, so reading happens in the compiler, and a text
//! which cannot be read does not compile.

use crate::branch::Branch;
use crate::pillar::Pillar;
use crate::stem::Stem;

/// A set of stems and branches; a pillar with any of them is hit.
#[derive(Clone, Copy)]
pub(super) struct Signs(u32);

impl Signs {
    pub(super) const fn hit(self, pillar: Pillar) -> bool {
        self.0 & (1 << pillar.stem().index() | 1 << (Stem::ALL.len() + pillar.branch().index()))
            != 0
    }
}

/// A set of whole pillars.
#[derive(Clone, Copy)]
pub(super) struct PillarSet(u64);

impl PillarSet {
    pub(super) const EMPTY: Self = Self(0);

    pub(super) const fn contains(self, pillar: Pillar) -> bool {
        self.0 & 1 << pillar.index() != 0
    }

    /// The pillars of a text such as `甲子乙丑`; `甲*` stands for all with 甲.
    pub(super) const fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let (mut set, mut at) = (0, 0);
        while at < bytes.len() {
            let any_branch = bytes[at + SIGN] == b'*';
            let before: u64 = set;
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
            assert!(set != before, "not a pillar, or one already named");
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
    let mut rows = [PillarSet::EMPTY; 12];
    let mut at = 0;
    while at < words.len() {
        rows[at] = PillarSet::of(words[at]);
        at += 1;
    }
    rows
}

/// Rows of whole pillars for the twelve branches from those of the seasons.
pub(super) const fn pillars_by_season(words: [&str; 4]) -> [PillarSet; 12] {
    let mut rows = [PillarSet::EMPTY; 12];
    let mut at = 0;
    while at < rows.len() {
        rows[at] = PillarSet::of(words[Branch::cycle(at).season()]);
        at += 1;
    }
    rows
}

/// Stems and branches together.
const SIGNS: usize = Stem::ALL.len() + Branch::ALL.len();

/// The bytes of one stem or branch in UTF-8.
const SIGN: usize = 3;

/// The bit of the sign written here.
const fn sign(bytes: &[u8], at: usize) -> usize {
    let mut index = 0;
    while index < SIGNS {
        let is_stem = index < Stem::ALL.len();
        let name = if is_stem {
            Stem::cycle(index).name()
        } else {
            Branch::cycle(index - Stem::ALL.len()).name()
        };
        if written(bytes, at, name) {
            return index;
        }
        index += 1;
    }
    assert!(index < SIGNS, "neither a stem nor a branch");
    index
}

const fn written(bytes: &[u8], at: usize, name: &str) -> bool {
    let name = name.as_bytes();
    bytes[at] == name[0] && bytes[at + 1] == name[1] && bytes[at + 2] == name[2]
}
