//! Spirits whose places follow from something else must follow from it for every
//! pillar: their tables are lists, and this finds a slip in any row.

use bazi::Deity::{self, *};
use bazi::{Branch, ByPosition, Deities, Element, Pillar, Pillars, Position, Stage, Stem, TenGod};

fn all() -> impl Iterator<Item = Pillar> {
    (0..Pillar::COUNT).map(Pillar::cycle)
}

/// Whether the spirit falls on this hour when all other pillars are the anchor.
fn seen(deity: Deity, anchor: Pillar, hour: Pillar) -> bool {
    seen_at(Position::Hour, deity, anchor, hour)
}

/// Whether the spirit falls on this pillar when all others are the anchor.
fn seen_at(position: Position, deity: Deity, anchor: Pillar, pillar: Pillar) -> bool {
    let pillars = ByPosition::from_fn(|at| if at == position { pillar } else { anchor });
    Deities::of(position, pillars).contains(deity)
}

/// The spirit falls on the hours for which the definition holds, and no others.
#[track_caller]
fn follows(deity: Deity, definition: impl Fn(Pillar, Pillar) -> bool) {
    for anchor in all() {
        for hour in all() {
            let expected = definition(anchor, hour);
            assert_eq!(
                seen(deity, anchor, hour),
                expected,
                "{deity}: {anchor} sees {hour}"
            );
        }
    }
}

/// The spirit falls on the branch so many places after the anchor's.
#[track_caller]
fn falls_after(deity: Deity, steps: usize) {
    follows(deity, |anchor, hour| {
        hour.branch() == Branch::cycle(anchor.branch().index() + steps)
    });
}

const fn yang(element: Element) -> Stem {
    Stem::cycle(element.index() * 2)
}

/// The yang stem of the element of a branch's frame of three 三合局, whose middle
/// one shows it.
fn of_frame(branch: Branch) -> Stem {
    let middles = [Branch::Zi, Branch::You, Branch::Wu, Branch::Mao];
    yang(middles[branch.index() % 4].element())
}

fn office(stem: Stem) -> Branch {
    let mut branches = Branch::ALL.iter().copied();
    branches
        .find(|&branch| Stage::of(stem, branch) == Stage::LinGuan)
        .unwrap_or(Branch::Zi)
}

#[test]
fn by_the_stage_of_the_frame() {
    for (deity, stage) in [
        (JiangXing, Stage::DiWang),
        (JinKui, Stage::DiWang),
        (YiMa, Stage::Bing),
        (HuaGai, Stage::Mu),
        (JieSha, Stage::Jue),
        (WangShen, Stage::LinGuan),
        (TaoHua, Stage::MuYu),
        (ZaiSha, Stage::Tai),
    ] {
        follows(deity, |anchor, hour| {
            Stage::of(of_frame(anchor.branch()), hour.branch()) == stage
        });
    }
}

#[test]
fn by_distance_from_the_branch() {
    falls_after(SangMen, 2);
    falls_after(DiaoKe, 10);
    falls_after(PiMa, 9);
    falls_after(TianYi, 11);
    follows(HongLuan, |anchor, hour| {
        (anchor.branch().index() + hour.branch().index()) % 12 == 3
    });
    follows(TianXi, |anchor, hour| {
        (anchor.branch().index() + hour.branch().index()) % 12 == 9
    });
}

#[test]
fn by_the_neighbouring_seasons() {
    let first_of_season = |branch: Branch| (branch.index() + 10) % 12 / 3 * 3 + 2;
    follows(GuChen, |anchor, hour| {
        hour.branch() == Branch::cycle(first_of_season(anchor.branch()) + 3)
    });
    follows(GuaSu, |anchor, hour| {
        hour.branch() == Branch::cycle(first_of_season(anchor.branch()) + 11)
    });
}

#[test]
fn by_the_stage_of_the_stem() {
    follows(LuShen, |anchor, hour| {
        hour.branch() == office(anchor.stem())
    });
    follows(YangRen, |anchor, hour| {
        Stage::of(anchor.stem(), hour.branch()) == Stage::DiWang
    });
    // Its output 食神 at its office.
    follows(TianChu, |anchor, hour| {
        hour.branch() == office(Stem::cycle(anchor.stem().index() + 2))
    });
    let after_office = |steps| {
        move |anchor: Pillar, hour: Pillar| {
            hour.branch() == Branch::cycle(office(anchor.stem()).index() + steps)
        }
    };
    follows(JinYu, after_office(2));
    follows(GuoYin, after_office(8));
    follows(GuanYin, after_office(8));
    // Its officer 正官 at its office, where there is such a pillar.
    follows(TianFu, |anchor, hour| {
        TenGod::of(anchor.stem(), hour.stem()) == TenGod::ZhengGuan
            && hour.branch() == office(hour.stem())
    });
}

#[test]
fn by_the_virtue_of_the_month() {
    follows(YueDe, |anchor, hour| {
        hour.stem() == of_frame(anchor.branch())
    });
    follows(YueDeHe, |anchor, hour| {
        hour.stem() == Stem::cycle(of_frame(anchor.branch()).index() + 5)
    });
    // 天德合 is what combines with 天德, be it a stem or a branch.
    for month in all() {
        let stem_of = |deity| {
            let whole = |stem| {
                all()
                    .filter(|p| p.stem() == stem)
                    .all(|p| seen(deity, month, p))
            };
            Stem::ALL.iter().copied().find(|&stem| whole(stem))
        };
        let branch_of = |deity| {
            let whole = |branch| {
                all()
                    .filter(|p| p.branch() == branch)
                    .all(|p| seen(deity, month, p))
            };
            Branch::ALL.iter().copied().find(|&branch| whole(branch))
        };
        let partner = |stem: Stem| Stem::cycle(stem.index() + 5);
        assert_eq!(stem_of(TianDeHe), stem_of(TianDe).map(partner), "{month}");
        let partner = |branch: Branch| Branch::cycle(13 - branch.index());
        assert_eq!(
            branch_of(TianDeHe),
            branch_of(TianDe).map(partner),
            "{month}"
        );
        assert!(
            stem_of(TianDe).is_some() != branch_of(TianDe).is_some(),
            "{month}"
        );
    }
}

/// Where the element of the sound is born; earth goes with water here.
#[test]
fn by_the_sound_of_the_year() {
    follows(XueTang, |anchor, hour| {
        let element = anchor.nayin().element();
        let element = if element == Element::Earth {
            Element::Water
        } else {
            element
        };
        Stage::of(yang(element), hour.branch()) == Stage::ChangSheng
    });
}

#[test]
fn by_the_decade_of_the_day() {
    follows(KongWang, |anchor, hour| {
        anchor.void().contains(&hour.branch())
    });
}

/// What falls on the day by the season, for all months and days.
#[test]
fn by_the_season() {
    for month in all() {
        let season = (month.branch().index() + 10) % 12 / 3;
        let own = [Element::Wood, Element::Fire, Element::Metal, Element::Water][season];
        // The element which the season's own controls 克, or is controlled by 受克.
        let defeated = [Element::Metal, Element::Water, Element::Wood, Element::Fire][season];
        for day in all() {
            let falls = |deity| {
                let pillars = Pillars {
                    year: month,
                    month,
                    day,
                    hour: month,
                };
                Deities::of(Position::Day, pillars).contains(deity)
            };
            let pure =
                |element| day.stem().element() == element && day.branch().element() == element;
            assert_eq!(falls(SiFei), pure(defeated), "{month} {day}");
            // 天转: the season's own element, in stem and branch at its prime.
            let prime = Stage::of(yang(own), day.branch()) == Stage::DiWang;
            assert_eq!(falls(TianZhuan), pure(own) && prime, "{month} {day}");
            // 地转: the same branch, and the sound of the season's element.
            assert_eq!(
                falls(DiZhuan),
                day.nayin().element() == own && prime,
                "{month} {day}"
            );
        }
    }
}

/// Spirits which follow from nothing else, as their verses group them: what is
/// looked up, and what it sees.
const VERSES: &[(Deity, Position, &str)] = &[
    (TianLuo, Position::Hour, "戌:亥 亥:戌"),
    (DiWang, Position::Hour, "辰:巳 巳:辰"),
    (
        TianYiGuiRen,
        Position::Hour,
        "甲戊庚:丑未 乙己:子申 丙丁:亥酉 壬癸:卯巳 辛:寅午",
    ),
    (
        TaiJi,
        Position::Hour,
        "甲乙:子午 丙丁:酉卯 戊己:辰戌丑未 庚辛:寅亥 壬癸:巳申",
    ),
    (
        WenChang,
        Position::Hour,
        "甲:巳 乙:午 丙戊:申 丁己:酉 庚:亥 辛:子 壬:寅 癸:卯",
    ),
    (
        FuXing,
        Position::Hour,
        "甲丙:寅子 戊:申 己:未 丁:亥 乙癸:丑卯 庚:午 辛:巳 壬:辰",
    ),
    (
        TianGuan,
        Position::Hour,
        "甲:未 乙:辰 丙:巳 丁:酉 戊:戌 己:卯 庚:丑 辛:申 壬:寅 癸:午",
    ),
    (
        HongYan,
        Position::Hour,
        "甲:午 乙癸:申 丙:寅 丁:未 戊己:辰 庚:戌 辛:酉 壬:子",
    ),
    (
        LiuXia,
        Position::Hour,
        "甲:酉 乙:戌 丙:未 丁:申 戊:巳 己:午 庚:辰 辛:卯 壬:亥 癸:寅",
    ),
    (
        CaiShen,
        Position::Month,
        "甲:子寅 乙:卯 丙:辰 丁:巳 戊:午 己:未 庚:申 辛:酉 壬:戌",
    ),
    (
        TianDe,
        Position::Hour,
        "寅:丁 卯:申 辰:壬 巳:辛 午:亥 未:甲 申:癸 酉:寅 戌:丙 亥:乙 子:巳 丑:庚",
    ),
    (
        DeXiu,
        Position::Hour,
        "寅午戌:丙丁戊癸 申子辰:壬癸戊己丙辛甲 巳酉丑:庚辛乙 亥卯未:甲乙丁壬",
    ),
    (
        XueRen,
        Position::Hour,
        "寅:丑 卯:未 辰:寅 巳:申 午:卯 未:酉 申:辰 酉:戌 戌:巳 亥:亥 子:午 丑:子",
    ),
    (
        TongZi,
        Position::Hour,
        "寅卯辰申酉戌:寅子 巳午未亥子丑:卯未辰",
    ),
    (
        LiuQin,
        Position::Day,
        "寅卯辰:乙庚 巳午未:丙辛 申酉戌:丁壬 亥子丑:戊癸",
    ),
    (
        TianShe,
        Position::Day,
        "寅卯辰:戊寅 巳午未:甲午 申酉戌:戊申 亥子丑:甲子",
    ),
    (
        QiGai,
        Position::Day,
        "寅:甲午 卯:甲辰 辰:甲寅 巳:甲子 午:甲戌 未:甲申 申:乙丙丁 酉:辛壬癸 戌:甲戊庚 亥:庚辛 子:壬",
    ),
];

#[test]
fn by_the_verse() {
    for &(deity, position, verse) in VERSES {
        let lines: Vec<_> = verse
            .split(' ')
            .filter_map(|line| line.split_once(':'))
            .collect();
        for anchor in all() {
            for pillar in all() {
                let expected = lines.iter().any(|(signs, targets)| {
                    let named = |name| signs.contains::<&str>(name);
                    (named(anchor.stem().name()) || named(anchor.branch().name()))
                        && sees(targets, pillar)
                });
                let ours = seen_at(position, deity, anchor, pillar);
                assert_eq!(ours, expected, "{deity}: {anchor} sees {pillar}");
            }
        }
    }
}

/// A stem followed by a branch is one pillar, other signs are one each.
fn sees(signs: &str, pillar: Pillar) -> bool {
    if Pillar::from_name(signs).is_some() {
        return signs == pillar.to_string();
    }
    signs.contains(pillar.stem().name()) || signs.contains(pillar.branch().name())
}

/// Days which are simply listed, in the order of the books.
#[test]
fn by_the_list() {
    for (deity, days) in [
        (
            YinChaYangCuo,
            "丙子 丁丑 戊寅 辛卯 壬辰 癸巳 丙午 丁未 戊申 辛酉 壬戌 癸亥",
        ),
        (GuLuan, "乙巳 丁巳 辛亥 戊申 甲寅 丙午 戊午 壬子"),
        (JinShen, "乙丑 己巳 癸酉"),
        (LiuXiu, "戊子 己丑 丙午 丁未 戊午 己未"),
        (BaZhuan, "甲寅 乙卯 己未 丁未 庚申 辛酉 戊戌 癸丑"),
        (JiuChou, "壬子 壬午 戊子 戊午 己酉 己卯 辛酉 辛卯 丁酉"),
        (ShiLing, "甲辰 乙亥 丙辰 丁酉 戊午 庚戌 庚寅 辛亥 壬寅 癸未"),
        (KuiGang, "壬辰 庚戌 庚辰 戊戌"),
    ] {
        for day in all() {
            // No other pillar of this chart is in any of the lists.
            let other = Pillar::cycle(0);
            let listed = days.contains(&day.to_string());
            assert_eq!(
                seen_at(Position::Day, deity, other, day),
                listed,
                "{deity}: {day}"
            );
        }
    }
}
