//! Which stems and branches are related, kind by kind.
//!
//! The lists are the common ones of 三命通会 and 渊海子平. Where books differ:
//! 午未 become earth (some say fire); self-punishment is 辰午酉亥.

use super::RelationKind;
use crate::branch::Branch::{self, Chen, Chou, Hai, Mao, Shen, Si, Wei, Wu, Xu, Yin, You, Zi};
use crate::element::Element::{self, Earth, Fire, Metal, Water, Wood};
use crate::stem::Stem::{self, Bing, Ding, Geng, Gui, Ji, Jia, Ren, Xin, Yi};

/// Two stems or two branches, and what they become.
pub(super) type Pair<T> = ([T; 2], Option<Element>);

/// Three branches, and what they become.
pub(super) type Trio = ([Branch; 3], Option<Element>);

/// What is related in one kind.
pub(super) struct Table {
    /// Pairs of stems.
    pub(super) stem_pairs: &'static [Pair<Stem>],
    /// Pairs of branches.
    pub(super) pairs: &'static [Pair<Branch>],
    /// Trios of branches.
    pub(super) trios: &'static [Trio],
    /// Trios which, where whole, stand for the pairs within them.
    pub(super) unless: &'static [Trio],
}

impl Table {
    const EMPTY: Self = Self {
        stem_pairs: &[],
        pairs: &[],
        trios: &[],
        unless: &[],
    };

    /// The table of this kind.
    pub(super) const fn of(kind: RelationKind) -> Self {
        match kind {
            RelationKind::StemCombine => Self {
                stem_pairs: STEM_COMBINES,
                ..Self::EMPTY
            },
            RelationKind::StemClash => Self {
                stem_pairs: STEM_CLASHES,
                ..Self::EMPTY
            },
            RelationKind::SixCombine => Self {
                pairs: SIX_COMBINES,
                ..Self::EMPTY
            },
            RelationKind::Clash => Self {
                pairs: CLASHES,
                ..Self::EMPTY
            },
            RelationKind::Punish => Self {
                pairs: PUNISHMENTS,
                trios: THREE_PUNISHMENTS,
                unless: THREE_PUNISHMENTS,
                ..Self::EMPTY
            },
            RelationKind::Harm => Self {
                pairs: HARMS,
                ..Self::EMPTY
            },
            RelationKind::Break => Self {
                pairs: BREAKS,
                ..Self::EMPTY
            },
            RelationKind::Trine => Self {
                trios: TRINES,
                ..Self::EMPTY
            },
            RelationKind::HalfTrine => Self {
                pairs: HALF_TRINES,
                unless: TRINES,
                ..Self::EMPTY
            },
            RelationKind::ArchTrine => Self {
                pairs: ARCH_TRINES,
                unless: TRINES,
                ..Self::EMPTY
            },
            RelationKind::Season => Self {
                trios: SEASONS,
                ..Self::EMPTY
            },
        }
    }
}

const STEM_COMBINES: &[Pair<Stem>] = &[
    ([Jia, Ji], Some(Earth)),
    ([Yi, Geng], Some(Metal)),
    ([Bing, Xin], Some(Water)),
    ([Ding, Ren], Some(Wood)),
    ([Stem::Wu, Gui], Some(Fire)),
];

const STEM_CLASHES: &[Pair<Stem>] = &[
    ([Jia, Geng], None),
    ([Yi, Xin], None),
    ([Bing, Ren], None),
    ([Ding, Gui], None),
];

const SIX_COMBINES: &[Pair<Branch>] = &[
    ([Zi, Chou], Some(Earth)),
    ([Yin, Hai], Some(Wood)),
    ([Mao, Xu], Some(Fire)),
    ([Chen, You], Some(Metal)),
    ([Si, Shen], Some(Water)),
    ([Wu, Wei], Some(Earth)),
];

const CLASHES: &[Pair<Branch>] = &[
    ([Zi, Wu], None),
    ([Chou, Wei], None),
    ([Yin, Shen], None),
    ([Mao, You], None),
    ([Chen, Xu], None),
    ([Si, Hai], None),
];

const PUNISHMENTS: &[Pair<Branch>] = &[
    ([Yin, Si], None),
    ([Si, Shen], None),
    ([Yin, Shen], None),
    ([Chou, Xu], None),
    ([Xu, Wei], None),
    ([Chou, Wei], None),
    ([Zi, Mao], None),
    ([Chen, Chen], None),
    ([Wu, Wu], None),
    ([You, You], None),
    ([Hai, Hai], None),
];

const HARMS: &[Pair<Branch>] = &[
    ([Zi, Wei], None),
    ([Chou, Wu], None),
    ([Yin, Si], None),
    ([Mao, Chen], None),
    ([Shen, Hai], None),
    ([You, Xu], None),
];

const BREAKS: &[Pair<Branch>] = &[
    ([Zi, You], None),
    ([Chou, Chen], None),
    ([Yin, Hai], None),
    ([Mao, Wu], None),
    ([Si, Shen], None),
    ([Xu, Wei], None),
];

const THREE_PUNISHMENTS: &[Trio] = &[([Yin, Si, Shen], None), ([Chou, Xu, Wei], None)];

const TRINES: &[Trio] = &[
    ([Shen, Zi, Chen], Some(Water)),
    ([Hai, Mao, Wei], Some(Wood)),
    ([Yin, Wu, Xu], Some(Fire)),
    ([Si, You, Chou], Some(Metal)),
];

const HALF_TRINES: &[Pair<Branch>] = &[
    ([Shen, Zi], Some(Water)),
    ([Zi, Chen], Some(Water)),
    ([Hai, Mao], Some(Wood)),
    ([Mao, Wei], Some(Wood)),
    ([Yin, Wu], Some(Fire)),
    ([Wu, Xu], Some(Fire)),
    ([Si, You], Some(Metal)),
    ([You, Chou], Some(Metal)),
];

const ARCH_TRINES: &[Pair<Branch>] = &[
    ([Shen, Chen], Some(Water)),
    ([Hai, Wei], Some(Wood)),
    ([Yin, Xu], Some(Fire)),
    ([Si, Chou], Some(Metal)),
];

const SEASONS: &[Trio] = &[
    ([Hai, Zi, Chou], Some(Water)),
    ([Yin, Mao, Chen], Some(Wood)),
    ([Si, Wu, Wei], Some(Fire)),
    ([Shen, You, Xu], Some(Metal)),
];
