//! Relations between the pillars of a chart: combinations, clashes, harms,
//! breaks and punishments 合冲害破刑.

mod table;

use serde::ser::{Serialize, SerializeMap, Serializer};

use self::table::{Pair, Table, Trio};
use crate::branch::Branch;
use crate::element::Element;
use crate::named::named;
use crate::pillars::Pillars;
use crate::position::{ByPosition, Position, Positions};

named! {
    /// A kind of relation.
    pub enum RelationKind {
        /// Two stems combine, and what they become.
        StemCombine = "天干五合",
        /// Two stems clash.
        StemClash = "天干相冲",
        /// Two branches combine, and what they become.
        SixCombine = "六合",
        /// Two branches stand opposite each other.
        Clash = "六冲",
        /// Branches punish: 寅巳申 and 丑戌未, whole or any two; 子卯; and 辰,
        /// 午, 酉 or 亥 each with its like 自刑.
        Punish = "刑",
        /// Two branches harm each other, each clashing with the other's partner.
        Harm = "六害",
        /// Two branches break each other.
        Break = "破",
        /// A whole frame of three.
        Trine = "三合",
        /// Two of a frame of three, the middle one among them.
        HalfTrine = "半合",
        /// The outer two of a frame of three.
        ArchTrine = "拱合",
        /// The three branches of a season.
        Season = "三会",
    }
}

/// One relation, and the pillars which take part in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Relation {
    /// What kind it is.
    pub kind: RelationKind,
    /// The pillars which take part.
    pub positions: Positions,
    /// The element a combination leads to; none for the other kinds.
    pub element: Option<Element>,
}

/// All relations of a chart, in the order of [`RelationKind`].
///
/// Where a whole frame, season or punishment of three is present, it is listed
/// once with every pillar which carries one of its branches, and its pairs are
/// not listed again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relations {
    pillars: Pillars,
    all: Vec<Relation>,
}

impl Relations {
    /// The relations between these pillars.
    pub fn of(pillars: Pillars) -> Self {
        let stems = ByPosition::from_fn(|position| pillars.at(position).stem());
        let branches = ByPosition::from_fn(|position| pillars.at(position).branch());
        let mut all = Vec::new();
        for &kind in RelationKind::ALL {
            let Table {
                stem_pairs,
                pairs,
                trios,
                unless,
            } = Table::of(kind);
            let superseded = |pair: [Branch; 2]| {
                let mut trios = unless.iter().filter(|&&(trio, _)| is_whole(trio, branches));
                trios.any(|(trio, _)| pair.iter().all(|branch| trio.contains(branch)))
            };
            let relation = |(positions, element)| Relation {
                kind,
                positions,
                element,
            };
            let pairs = pairs.iter().copied().filter(|&(pair, _)| !superseded(pair));
            all.extend(couples(&stems, stem_pairs.iter().copied()).map(relation));
            all.extend(couples(&branches, pairs).map(relation));
            all.extend(whole(branches, trios).map(relation));
        }
        Self { pillars, all }
    }

    /// The relations, from stems to seasons.
    pub fn iter(&self) -> impl Iterator<Item = &Relation> {
        self.all.iter()
    }

    /// The relations of one kind.
    pub fn of_kind(&self, kind: RelationKind) -> impl Iterator<Item = &Relation> {
        self.all
            .iter()
            .filter(move |relation| relation.kind == kind)
    }
}

/// The couples of different positions which carry one of these pairs.
fn couples<T: PartialEq + Copy>(
    signs: &ByPosition<T>,
    pairs: impl Iterator<Item = Pair<T>>,
) -> impl Iterator<Item = (Positions, Option<Element>)> {
    pairs.flat_map(move |([a, b], element)| {
        let carry = move |&(first, second): &(Position, Position)| {
            let carried = (*signs.at(first), *signs.at(second));
            carried == (a, b) || carried == (b, a)
        };
        let all = Position::ALL.iter().flat_map(|&first| {
            let later = Position::ALL.iter().filter(move |&&second| second > first);
            later.map(move |&second| (first, second))
        });
        all.filter(carry)
            .map(move |(first, second)| (Positions::of(&[first, second]), element))
    })
}

/// The trios which are whole, with all positions which carry one of the three.
fn whole(
    branches: ByPosition<Branch>,
    trios: &[Trio],
) -> impl Iterator<Item = (Positions, Option<Element>)> {
    let whole = trios
        .iter()
        .filter(move |&&(trio, _)| is_whole(trio, branches));
    whole.map(move |(trio, element)| {
        let carrying = branches.iter().filter(|(_, branch)| trio.contains(branch));
        (carrying.map(|(position, _)| position).collect(), *element)
    })
}

fn is_whole(trio: [Branch; 3], branches: ByPosition<Branch>) -> bool {
    trio.iter()
        .all(|member| branches.iter().any(|(_, branch)| branch == member))
}

/// `{"stem_relations": {"he": [..], "chong": [..]}, "branch_relations":
/// {"liuhe": [..], ..}}`; each entry names its `pillars`, their `stems` or
/// `branches` and, for combinations, the `element`. All keys are always there.
impl Serialize for Relations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use RelationKind as Kind;
        const STEMS: &[(&str, Kind)] = &[("he", Kind::StemCombine), ("chong", Kind::StemClash)];
        const BRANCHES: &[(&str, Kind)] = &[
            ("liuhe", Kind::SixCombine),
            ("chong", Kind::Clash),
            ("xing", Kind::Punish),
            ("hai", Kind::Harm),
            ("po", Kind::Break),
            ("sanhe", Kind::Trine),
            ("banhe", Kind::HalfTrine),
            ("gonghe", Kind::ArchTrine),
            ("sanhui", Kind::Season),
        ];
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry(
            "stem_relations",
            &Group {
                relations: self,
                kinds: STEMS,
            },
        )?;
        map.serialize_entry(
            "branch_relations",
            &Group {
                relations: self,
                kinds: BRANCHES,
            },
        )?;
        map.end()
    }
}

/// Some kinds of relation, by key.
struct Group<'a> {
    relations: &'a Relations,
    kinds: &'static [(&'static str, RelationKind)],
}

impl Serialize for Group<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.kinds.iter().map(|&(key, kind)| {
            let pillars = &self.relations.pillars;
            let entries = self
                .relations
                .of_kind(kind)
                .map(|relation| Entry { pillars, relation });
            (key, entries.collect::<Vec<_>>())
        }))
    }
}

/// One relation with the signs of the pillars it names.
struct Entry<'a> {
    pillars: &'a Pillars,
    relation: &'a Relation,
}

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Relation {
            kind,
            positions,
            element,
        } = self.relation;
        let carried = positions.iter().map(|position| self.pillars.at(position));
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("pillars", positions)?;
        if matches!(kind, RelationKind::StemCombine | RelationKind::StemClash) {
            map.serialize_entry("stems", &carried.map(|p| p.stem()).collect::<Vec<_>>())?;
        } else {
            map.serialize_entry("branches", &carried.map(|p| p.branch()).collect::<Vec<_>>())?;
        }
        if let Some(element) = element {
            map.serialize_entry("element", element)?;
        }
        map.end()
    }
}
