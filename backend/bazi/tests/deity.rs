//! Every spirit falls where its rule says, and nowhere near it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use bazi::Deity::{self, *};
use bazi::{Deities, Pillar, Pillars, Position};

/// A spirit, the pillars of a chart, and where it falls in that chart.
const CASES: &[(Deity, &str, &str)] = &[
    (JiangXing, "甲子 丙子 甲寅 甲戌", "month"),
    (JiangXing, "甲子 丙寅 甲寅 甲戌", ""),
    (YiMa, "甲子 丙寅 丁丑 乙巳", "month"),
    (YiMa, "甲子 丁卯 丁丑 乙巳", ""),
    (HuaGai, "甲午 丙子 丁丑 甲戌", "hour"),
    (HuaGai, "甲午 丙子 丁丑 甲辰", ""),
    (JieSha, "庚午 壬午 辛亥 甲午", "day"),
    (JieSha, "庚午 壬午 辛酉 甲午", ""),
    (WangShen, "甲寅 己巳 丁丑 甲辰", "month"),
    (WangShen, "甲寅 庚午 丁丑 甲辰", ""),
    (TaoHua, "乙卯 丙子 丁卯 甲辰", "month"),
    (TaoHua, "乙卯 丁丑 丁卯 甲辰", ""),
    (TianLuo, "甲戌 乙亥 甲子 甲子", "month"),
    (TianLuo, "甲戌 丙子 甲子 甲子", ""),
    (DiWang, "甲辰 己巳 甲子 甲子", "month"),
    (DiWang, "甲辰 庚午 甲子 甲子", ""),
    (JinKui, "庚午 壬午 辛亥 甲午", "month hour"),
    (JinKui, "庚辰 壬午 甲寅 甲戌", ""),
    (ZaiSha, "甲子 庚午 甲寅 甲戌", "month"),
    (ZaiSha, "甲寅 庚午 甲辰 甲戌", ""),
    (GuChen, "甲子 丙寅 甲午 甲戌", "month"),
    (GuChen, "甲子 丁卯 甲午 甲戌", ""),
    (GuaSu, "甲子 甲戌 甲午 庚午", "month"),
    (GuaSu, "甲子 乙亥 甲午 庚午", ""),
    (HongLuan, "甲子 丁卯 甲午 庚午", "month"),
    (HongLuan, "甲子 丙寅 甲午 庚午", ""),
    (TianXi, "甲午 丁卯 甲子 庚午", "month"),
    (TianXi, "甲午 丙寅 甲子 庚午", ""),
    (SangMen, "甲午 壬申 甲子 庚午", "month"),
    (SangMen, "甲午 癸酉 甲子 庚午", ""),
    (DiaoKe, "甲午 戊辰 甲子 庚午", "month"),
    (DiaoKe, "甲午 己巳 甲子 庚午", ""),
    (PiMa, "甲午 丁卯 甲子 庚午", "month"),
    (PiMa, "甲午 丙寅 甲子 庚午", ""),
    (TianYiGuiRen, "丙寅 庚子 己卯 壬申", "month hour"),
    (TianYiGuiRen, "丙寅 乙未 己卯 庚午", ""),
    (TaiJi, "庚辰 庚午 甲申 甲子", "month hour"),
    (TaiJi, "庚辰 己卯 甲申 丁酉", ""),
    (WenChang, "庚辰 己巳 甲申 甲子", "month"),
    (WenChang, "庚辰 庚午 甲申 甲子", ""),
    (TianChu, "庚辰 己巳 丙申 甲子", "month"),
    (TianChu, "庚辰 庚午 丙申 甲子", ""),
    (FuXing, "庚寅 戊辰 壬申 甲子", "month"),
    (FuXing, "庚寅 己巳 壬申 甲子", ""),
    (TianGuan, "庚寅 己巳 丙申 甲子", "month"),
    (TianGuan, "庚寅 戊辰 丙申 甲子", ""),
    (GuoYin, "辛卯 甲戌 甲申 甲子", "month"),
    (GuoYin, "辛卯 乙亥 甲申 甲子", ""),
    (GuanYin, "辛卯 甲戌 甲申 甲子", "month"),
    (GuanYin, "辛卯 乙亥 甲申 甲子", ""),
    (JinYu, "辛卯 戊辰 甲申 甲子", "month"),
    (JinYu, "辛卯 己巳 甲申 甲子", ""),
    (LuShen, "辛卯 丙寅 甲申 甲子", "month"),
    (LuShen, "甲寅 丁卯 辛丑 己亥", ""),
    (YangRen, "辛卯 丙寅 乙酉 己亥", "month"),
    (YangRen, "辛卯 戊辰 乙酉 己亥", ""),
    (HongYan, "辛卯 丙申 乙酉 己亥", "month"),
    (HongYan, "辛卯 甲午 乙酉 己亥", ""),
    (LiuXia, "辛卯 丙申 丁酉 己亥", "month"),
    (LiuXia, "辛卯 乙未 丁酉 己亥", ""),
    (CaiShen, "辛丑 丁卯 乙酉 己亥", "month"),
    (CaiShen, "辛丑 丙寅 乙酉 己卯", ""),
    (TianFu, "辛丑 丁卯 甲子 辛酉", "hour"),
    (TianFu, "辛丑 丁卯 甲子 癸酉", ""),
    (TianDe, "辛丑 丁卯 甲申 己亥", "day"),
    (TianDe, "辛丑 丁卯 甲子 己亥", ""),
    (TianDeHe, "壬子 丙寅 甲子 己亥", "year"),
    (TianDeHe, "癸丑 丙寅 甲子 己亥", ""),
    (YueDe, "壬子 庚寅 丙子 己亥", "day"),
    (YueDe, "壬子 庚寅 丁丑 己亥", ""),
    (YueDeHe, "庚午 壬午 辛亥 甲午", "day"),
    (YueDeHe, "庚午 壬午 壬子 甲午", ""),
    (DeXiu, "壬子 庚寅 丁丑 己亥", "day"),
    (DeXiu, "乙卯 庚子 乙酉 庚辰", ""),
    (TianYi, "壬子 庚寅 丁丑 己亥", "day"),
    (TianYi, "壬子 庚寅 丙子 己亥", ""),
    (XueRen, "壬子 庚寅 丁丑 己亥", "day"),
    (XueRen, "壬子 辛亥 丙子 甲午", ""),
    (TongZi, "壬子 庚寅 丙子 甲午", "day"),
    (TongZi, "壬子 壬午 丙子 甲午", ""),
    (TianShe, "壬子 壬午 甲午 甲子", "day"),
    (TianShe, "壬子 庚寅 甲午 甲子", ""),
    (SiFei, "壬子 壬子 丙午 甲子", "day"),
    (SiFei, "壬子 壬子 丙寅 甲子", ""),
    (TianZhuan, "壬子 庚寅 乙卯 甲子", "day"),
    (TianZhuan, "壬子 壬午 乙卯 甲子", ""),
    (DiZhuan, "壬子 壬午 戊午 甲子", "day"),
    (DiZhuan, "壬子 壬午 丙午 甲子", ""),
    (QiGai, "壬子 壬午 甲戌 甲子", "day"),
    (QiGai, "壬子 癸未 甲戌 甲子", ""),
    (QiGai, "壬子 戊申 丁卯 甲子", "day"),
    (LiuQin, "庚午 壬午 辛亥 甲午", "day"),
    (LiuQin, "甲子 庚午 甲子 辛未", ""),
    (XueTang, "甲子 己巳 甲午 甲戌", "month"),
    (XueTang, "甲子 庚午 甲午 甲戌", ""),
    (YinChaYangCuo, "壬子 庚寅 丙子 甲午", "day"),
    (YinChaYangCuo, "壬子 丙子 甲子 甲戌", ""),
    (GuLuan, "庚午 壬午 辛亥 甲午", "day"),
    (GuLuan, "壬子 庚寅 辛酉 甲午", ""),
    (ShiEDaBai, "壬子 庚寅 甲辰 甲午", "day"),
    (ShiEDaBai, "壬子 庚寅 甲戌 甲午", ""),
    (JinShen, "壬子 庚寅 甲辰 癸酉", "hour"),
    (JinShen, "壬子 癸酉 甲辰 甲子", ""),
    (LiuXiu, "壬子 庚寅 丙午 甲午", "day"),
    (LiuXiu, "壬子 庚寅 丙子 甲午", ""),
    (BaZhuan, "壬子 庚寅 甲寅 甲午", "day"),
    (BaZhuan, "壬子 庚寅 丁巳 甲午", ""),
    (JiuChou, "壬子 庚寅 壬午 甲午", "day"),
    (JiuChou, "壬子 庚寅 壬申 甲午", ""),
    (ShiLing, "庚午 壬午 辛亥 甲午", "day"),
    (ShiLing, "庚午 壬午 辛酉 甲午", ""),
    (KuiGang, "壬子 庚寅 庚辰 甲午", "day"),
    (KuiGang, "壬子 庚寅 戊辰 甲午", ""),
    (KongWang, "甲戌 丙寅 甲子 乙亥", "year hour"),
    (KongWang, "甲子 甲戌 甲戌 丙寅", ""),
    (SanQi, "乙丑 丙子 丁卯 庚子", "year month day"),
    (SanQi, "辛丑 甲午 戊子 庚申", "month day hour"),
    (SanQi, "丁丑 丙子 乙卯 庚子", ""),
];

fn pillars(names: &str) -> Pillars {
    Pillars::from_names(names).unwrap()
}

fn where_it_falls(deity: Deity, pillars: Pillars) -> String {
    let falling = Position::ALL
        .iter()
        .filter(|&&at| Deities::of(at, pillars).contains(deity));
    falling
        .copied()
        .map(Position::name)
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn each_falls_where_its_rule_says() {
    for &(deity, chart, expected) in CASES {
        assert_eq!(
            where_it_falls(deity, pillars(chart)),
            expected,
            "{deity} in {chart}"
        );
    }
}

#[test]
fn each_has_a_chart_with_it_and_one_without() {
    for &deity in Deity::ALL {
        let cases = || CASES.iter().filter(|case| case.0 == deity);
        assert!(
            cases().any(|case| !case.2.is_empty()),
            "{deity} never falls"
        );
        assert!(
            cases().any(|case| case.2.is_empty()),
            "{deity} always falls"
        );
    }
}

#[test]
fn they_are_fifty_eight_with_different_names() {
    let mut names: Vec<_> = Deity::ALL.iter().map(|deity| deity.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 58);
}

/// The ten great failures are defined by their office 禄 being void; the list
/// must be exactly the days for which that holds.
#[test]
fn ten_great_failures_are_the_days_whose_office_is_void() {
    for index in 0..Pillar::COUNT {
        let day = Pillar::cycle(index);
        let chart = Pillars {
            day,
            ..pillars("甲子 甲子 甲子 甲子")
        };
        let office = ["寅", "卯", "巳", "午", "巳", "午", "申", "酉", "亥", "子"];
        let void = day
            .void()
            .iter()
            .any(|branch| branch.name() == office[day.stem().index()]);
        assert_eq!(where_it_falls(ShiEDaBai, chart) == "day", void, "{day}");
    }
}
