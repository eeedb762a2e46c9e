//! Which pillars are related, and how.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use bazi::RelationKind::{self, *};
use bazi::{Branch, Element, Pillar, Pillars, Position, Relations, Stem};
use proptest::prelude::*;

/// A chart, a kind of relation, and the pillars (and element) of each relation
/// of this kind.
const CASES: &[(&str, RelationKind, &[&str])] = &[
    (
        "甲子 己巳 甲申 己巳",
        StemCombine,
        &[
            "year month 土",
            "year hour 土",
            "month day 土",
            "day hour 土",
        ],
    ),
    (
        "乙丑 庚辰 丙寅 辛卯",
        StemCombine,
        &["year month 金", "day hour 水"],
    ),
    (
        "丁卯 壬寅 戊辰 癸丑",
        StemCombine,
        &["year month 木", "day hour 火"],
    ),
    ("甲子 丙寅 戊辰 庚申", StemClash, &["year hour"]),
    (
        "乙丑 辛巳 丁卯 癸卯",
        StemClash,
        &["year month", "day hour"],
    ),
    ("甲子 戊辰 戊申 壬子", StemClash, &[]),
    (
        "甲子 乙丑 丙寅 己亥",
        SixCombine,
        &["year month 土", "day hour 木"],
    ),
    (
        "丁卯 庚戌 庚辰 乙酉",
        SixCombine,
        &["year month 火", "day hour 金"],
    ),
    (
        "己巳 壬申 丙午 乙未",
        SixCombine,
        &["year month 水", "day hour 土"],
    ),
    ("甲子 庚午 乙丑 癸未", Clash, &["year month", "day hour"]),
    ("丙寅 壬申 丁卯 癸酉", Clash, &["year month", "day hour"]),
    ("甲辰 庚戌 己巳 乙亥", Clash, &["year month", "day hour"]),
    ("丙寅 己巳 甲子 丁卯", Punish, &["year month", "day hour"]),
    ("丙寅 己巳 壬申 甲子", Punish, &["year month day"]),
    ("丙寅 己巳 壬申 丙寅", Punish, &["year month day hour"]),
    ("乙丑 甲戌 辛未 甲子", Punish, &["year month day"]),
    ("乙丑 甲戌 甲子 甲子", Punish, &["year month"]),
    ("甲子 辛未 乙丑 庚午", Harm, &["year month", "day hour"]),
    ("丙寅 己巳 丁卯 甲辰", Harm, &["year month", "day hour"]),
    ("甲申 乙亥 丁酉 甲戌", Harm, &["year month", "day hour"]),
    ("甲子 癸酉 乙丑 甲辰", Break, &["year month", "day hour"]),
    ("丙寅 乙亥 丁卯 庚午", Break, &["year month", "day hour"]),
    ("己巳 壬申 甲戌 辛未", Break, &["year month", "day hour"]),
    ("甲申 丙子 戊辰 甲子", Trine, &["year month day hour 水"]),
    ("甲申 丙子 戊辰 甲子", HalfTrine, &[]),
    ("乙亥 己卯 癸未 甲子", Trine, &["year month day 木"]),
    (
        "甲申 丙子 甲子 庚午",
        HalfTrine,
        &["year month 水", "year day 水"],
    ),
    ("丙寅 甲午 甲戌 甲子", Trine, &["year month day 火"]),
    ("己巳 癸酉 乙丑 甲子", Trine, &["year month day 金"]),
    ("己巳 癸酉 甲子 甲子", HalfTrine, &["year month 金"]),
    ("己巳 乙丑 甲子 甲子", ArchTrine, &["year month 金"]),
    ("己巳 乙丑 癸酉 甲子", ArchTrine, &[]),
    (
        "丙寅 丙戌 乙亥 癸未",
        ArchTrine,
        &["day hour 木", "year month 火"],
    ),
    ("乙亥 甲子 乙丑 庚午", Season, &["year month day 水"]),
    ("丙寅 丁卯 戊辰 庚午", Season, &["year month day 木"]),
    ("己巳 庚午 辛未 甲子", Season, &["year month day 火"]),
    ("壬申 癸酉 甲戌 甲子", Season, &["year month day 金"]),
    ("乙亥 甲子 甲寅 庚午", Season, &[]),
];

fn pillars(names: &str) -> Pillars {
    Pillars::from_names(names).unwrap()
}

fn found(pillars: Pillars, kind: RelationKind) -> Vec<String> {
    let relations = Relations::of(pillars);
    let written = relations.of_kind(kind).map(|relation| {
        let names = relation.positions.iter().map(Position::name);
        names
            .chain(relation.element.map(Element::name))
            .collect::<Vec<_>>()
            .join(" ")
    });
    written.collect()
}

#[test]
fn each_kind_is_found_where_it_is() {
    for &(chart, kind, expected) in CASES {
        assert_eq!(found(pillars(chart), kind), expected, "{kind} in {chart}");
    }
}

#[test]
fn each_kind_has_a_case() {
    for &kind in RelationKind::ALL {
        assert!(
            CASES
                .iter()
                .any(|case| case.1 == kind && !case.2.is_empty()),
            "{kind}"
        );
    }
}

/// Whether two branches are related so, in a chart of nothing else.
fn related(a: Branch, b: Branch, kind: RelationKind) -> bool {
    let of = |branch: Branch| Pillar::cycle(branch.index());
    let pillars = Pillars {
        year: of(a),
        month: of(b),
        day: of(a),
        hour: of(b),
    };
    found(pillars, kind)
        .iter()
        .any(|relation| relation.starts_with("year month"))
}

/// Where the branches stand in their circle, and how they are related by that.
#[test]
fn pairs_follow_from_the_circle_of_branches() {
    const PUNISHMENTS: &str =
        "寅巳 巳寅 巳申 申巳 申寅 寅申 丑戌 戌丑 戌未 未戌 未丑 丑未 子卯 卯子 辰辰 午午 酉酉 亥亥";
    for &a in Branch::ALL {
        for &b in Branch::ALL {
            let (i, j) = (a.index(), b.index());
            let middle = i % 3 == 0 || j % 3 == 0;
            let same_frame = i % 4 == j % 4 && i != j;
            let before = if i % 2 == 0 { i + 9 } else { i + 3 };
            for (kind, expected) in [
                (SixCombine, (i + j) % 12 == 1),
                (Clash, i.abs_diff(j) == 6),
                (Harm, (i + j) % 12 == 7),
                (Break, before % 12 == j),
                (HalfTrine, same_frame && middle),
                (ArchTrine, same_frame && !middle),
                (Punish, PUNISHMENTS.contains(&format!("{a}{b}"))),
            ] {
                assert_eq!(related(a, b, kind), expected, "{kind} of {a} and {b}");
            }
        }
    }
}

/// Stems combine with the sixth from them and clash with the seventh, if that
/// is not earth.
#[test]
fn pairs_follow_from_the_circle_of_stems() {
    for &a in Stem::ALL {
        for &b in Stem::ALL {
            // Branches of the same polarity as the stems, whatever they are.
            let of = |stem: Stem| Pillar::cycle(stem.index());
            let pillars = Pillars {
                year: of(a),
                month: of(b),
                day: of(a),
                hour: of(b),
            };
            let related = |kind| {
                found(pillars, kind)
                    .iter()
                    .any(|r| r.starts_with("year month"))
            };
            let apart = a.index().abs_diff(b.index());
            let earth = [a, b].iter().any(|stem| stem.element() == Element::Earth);
            assert_eq!(related(StemCombine), apart == 5, "{a}{b}");
            assert_eq!(related(StemClash), apart == 6 && !earth, "{a}{b}");
        }
    }
}

/// 害 is by definition the clash with one's partner in the six combinations.
#[test]
fn harm_is_a_clash_with_the_partner() {
    for &a in Branch::ALL {
        let partner = Branch::ALL
            .iter()
            .copied()
            .find(|&b| related(a, b, SixCombine))
            .unwrap();
        for &b in Branch::ALL {
            assert_eq!(related(a, b, Harm), related(partner, b, Clash), "{a}{b}");
        }
    }
}

fn any_pillar() -> impl Strategy<Value = Pillar> {
    (0..Pillar::COUNT).prop_map(Pillar::cycle)
}

/// The relations as a set, with the positions renamed.
fn renamed(pillars: Pillars, rename: impl Fn(Position) -> Position) -> BTreeSet<String> {
    let relations = Relations::of(pillars);
    let written = relations.iter().map(|relation| {
        let positions: BTreeSet<_> = relation.positions.iter().map(&rename).collect();
        format!("{:?} {positions:?} {:?}", relation.kind, relation.element)
    });
    written.collect()
}

proptest! {
    /// Relations do not depend on which pillar is which.
    #[test]
    fn are_symmetric(
        year in any_pillar(),
        month in any_pillar(),
        day in any_pillar(),
        hour in any_pillar(),
    ) {
        let one = Pillars { year, month, day, hour };
        let other = Pillars { year: hour, month: year, day: month, hour: day };
        let rename = |position| match position {
            Position::Year => Position::Hour,
            Position::Month => Position::Year,
            Position::Day => Position::Month,
            Position::Hour => Position::Day,
        };
        prop_assert_eq!(renamed(one, |position| position), renamed(other, rename));
    }

    /// Two pillars have at most one relation of a kind.
    #[test]
    fn are_listed_once(
        year in any_pillar(),
        month in any_pillar(),
        day in any_pillar(),
        hour in any_pillar(),
    ) {
        let chart = Pillars { year, month, day, hour };
        prop_assert_eq!(renamed(chart, |position| position).len(), Relations::of(chart).iter().count());
    }
}
