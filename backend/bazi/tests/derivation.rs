//! Spirits whose places follow from something else must follow from it for every
//! pillar: their tables are lists, and this finds a slip in any row.

use bazi::Deity::{self, *};
use bazi::{Branch, Deities, Element, Pillar, Pillars, Position, Stage, Stem, TenGod};

fn all() -> impl Iterator<Item = Pillar> {
    (0..Pillar::COUNT).map(Pillar::cycle)
}

/// Whether the spirit falls on this hour when all other pillars are the anchor.
fn seen(deity: Deity, anchor: Pillar, hour: Pillar) -> bool {
    let pillars = Pillars {
        year: anchor,
        month: anchor,
        day: anchor,
        hour,
    };
    Deities::of(Position::Hour, pillars).contains(deity)
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
