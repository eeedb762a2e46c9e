//! What the system being replaced got wrong, and must not come back.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use bazi::{
    Chart, CivilTime, Deities, Deity, Gender, MainStar, Options, Pillar, Pillars, Position,
    RelationKind, Relations, Stem, TenGod, ZiMode,
};

fn pillars(names: &str) -> Pillars {
    Pillars::from_names(names).unwrap()
}

fn at(date: &str, time: &str, zi_mode: ZiMode) -> String {
    Pillars::of(CivilTime::parse(date, time).unwrap(), zi_mode)
        .unwrap()
        .to_string()
}

fn day_has(deity: Deity, chart: &str) -> bool {
    Deities::of(Position::Day, pillars(chart)).contains(deity)
}

/// 立春 of 2009 is at 00:49:48 on 4 February. At 23:55 the evening before, the
/// day pillar is already that of the 4th, but year and month are the old ones.
#[test]
fn the_late_zi_hour_does_not_move_the_month() {
    assert_eq!(
        at("2009-02-03", "23:55", ZiMode::NextDay),
        "戊子 乙丑 庚辰 丙子"
    );
    assert_eq!(
        at("2009-02-03", "23:55", ZiMode::Late),
        "戊子 乙丑 己卯 丙子"
    );
    assert_eq!(
        at("2009-02-04", "00:49:47", ZiMode::NextDay),
        "戊子 乙丑 庚辰 丙子"
    );
    assert_eq!(
        at("2009-02-04", "00:49:48", ZiMode::NextDay),
        "己丑 丙寅 庚辰 丙子"
    );
}

/// 立春 of 1990 is at 10:14:00, to the second.
#[test]
fn seconds_count() {
    assert_eq!(
        at("1990-02-04", "10:13:59", ZiMode::NextDay),
        "己巳 丁丑 庚子 辛巳"
    );
    assert_eq!(
        at("1990-02-04", "10:14:00", ZiMode::NextDay),
        "庚午 戊寅 庚子 辛巳"
    );
}

#[test]
fn ji_has_its_nobles_in_zi_and_shen() {
    let chart = pillars("丙寅 甲子 己卯 辛未");
    let falls = |position| Deities::of(position, chart).contains(Deity::TianYiGuiRen);
    assert!(falls(Position::Month));
    assert!(!falls(Position::Hour));
}

#[test]
fn heaven_forgives_in_summer_on_jia_wu_and_not_in_spring() {
    assert!(day_has(Deity::TianShe, "甲子 庚午 甲午 甲子"));
    assert!(!day_has(Deity::TianShe, "甲子 丙寅 甲午 甲子"));
    assert!(day_has(Deity::TianShe, "甲子 丙寅 戊寅 甲子"));
}

#[test]
fn winter_defeats_bing_wu() {
    assert!(day_has(Deity::SiFei, "甲子 丙子 丙午 甲子"));
    assert!(day_has(Deity::SiFei, "甲子 丙子 丁巳 甲子"));
}

/// 辰午酉亥 punish themselves; 子 and 卯 punish each other, not themselves.
#[test]
fn four_branches_punish_themselves() {
    for index in 0..12 {
        let pillar = Pillar::cycle(index);
        let relations = Relations::of(Pillars {
            year: pillar,
            month: pillar,
            day: pillar,
            hour: pillar,
        });
        let punished = relations.of_kind(RelationKind::Punish).next().is_some();
        assert_eq!(
            punished,
            "辰午酉亥".contains(pillar.branch().name()),
            "{pillar}"
        );
    }
}

/// Counting stems from the day master is wrong for half the pairs of a yin one.
#[test]
fn ten_gods_of_a_yin_day_master() {
    assert_eq!(TenGod::of(Stem::Yi, Stem::Jia), TenGod::JieCai);
    assert_eq!(TenGod::of(Stem::Yi, Stem::Bing), TenGod::ShangGuan);
    assert_eq!(TenGod::of(Stem::Yi, Stem::Ding), TenGod::ShiShen);
    assert_eq!(TenGod::of(Stem::Gui, Stem::Jia), TenGod::ShangGuan);
}

/// 15 October 1985: 乙丑 丙戌 丁亥, the three wonders of earth in a row.
#[test]
fn three_wonders_fire() {
    let time = CivilTime::parse("1985-10-15", "12:00").unwrap();
    let chart = Chart::new(time, Gender::Male, Options::default()).unwrap();
    let wonderful = |position| chart.details.at(position).deities.contains(Deity::SanQi);
    assert_eq!(
        Position::ALL
            .iter()
            .copied()
            .map(wonderful)
            .collect::<Vec<_>>(),
        [true, true, true, false]
    );
}

/// Maps in the reply are JSON, not the notation of another language.
#[test]
fn a_chart_is_json() {
    let time = CivilTime::parse("1990-06-15", "12:30").unwrap();
    let chart = Chart::new(time, Gender::Female, Options::default()).unwrap();
    assert_eq!(
        chart.details.day.main_star,
        MainStar::DayMaster(Gender::Female)
    );
    let json: serde_json::Value =
        serde_json::from_str(&serde_json::to_string(&chart).unwrap()).unwrap();
    assert_eq!(json["details"]["day"]["main_star"], "元女");
    assert!(json["ten_gods_stats"]["main"].is_object() && json["relationships"].is_object());
}
