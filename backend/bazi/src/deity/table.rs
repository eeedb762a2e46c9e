//! The rules of all spirits but 三奇贵人, in the order of [`Deity`], whose
//! documentation gives each rule in words.

use super::Deity;
use super::rule::Falls::{Elsewhere, On};
use super::rule::Rule;
use super::text::{Signs, by_frame, by_season, pillar_rows, pillars_by_season, rows};
use crate::position::Position::{Day, Hour, Month, Year};
use crate::position::Positions;

const YEAR_OR_DAY: Positions = Positions::of(&[Year, Day]);
const YEAR: Positions = Positions::of(&[Year]);
const MONTH: Positions = Positions::of(&[Month]);
const DAY: Positions = Positions::of(&[Day]);
const DAY_AND_HOUR: Positions = Positions::of(&[Day, Hour]);
const ANYWHERE: Positions = Positions::ALL;

/// One rule for each spirit.
pub(super) static RULES: [(Deity, Rule); 57] = [
    // By the frame of three of the year or day branch.
    (
        Deity::JiangXing,
        Rule::branch(YEAR_OR_DAY, Elsewhere, by_frame("子 酉 午 卯")),
    ),
    (
        Deity::YiMa,
        Rule::branch(YEAR_OR_DAY, Elsewhere, by_frame("寅 亥 申 巳")),
    ),
    (
        Deity::HuaGai,
        Rule::branch(YEAR_OR_DAY, Elsewhere, by_frame("辰 丑 戌 未")),
    ),
    (
        Deity::JieSha,
        Rule::branch(YEAR_OR_DAY, Elsewhere, by_frame("巳 寅 亥 申")),
    ),
    (
        Deity::WangShen,
        Rule::branch(YEAR_OR_DAY, Elsewhere, by_frame("亥 申 巳 寅")),
    ),
    (
        Deity::TaoHua,
        Rule::branch(YEAR_OR_DAY, Elsewhere, by_frame("酉 午 卯 子")),
    ),
    (
        Deity::TianLuo,
        Rule::branch(YEAR_OR_DAY, Elsewhere, rows("- - - - - - - - - - 亥 戌")),
    ),
    (
        Deity::DiWang,
        Rule::branch(YEAR_OR_DAY, Elsewhere, rows("- - - - 巳 辰")),
    ),
    // By the year branch.
    (
        Deity::JinKui,
        Rule::branch(YEAR, Elsewhere, by_frame("子 酉 午 卯")),
    ),
    (
        Deity::ZaiSha,
        Rule::branch(YEAR, Elsewhere, by_frame("午 卯 子 酉")),
    ),
    (
        Deity::GuChen,
        Rule::branch(YEAR, Elsewhere, rows("寅 寅 巳 巳 巳 申 申 申 亥 亥 亥 寅")),
    ),
    (
        Deity::GuaSu,
        Rule::branch(YEAR, Elsewhere, rows("戌 戌 丑 丑 丑 辰 辰 辰 未 未 未 戌")),
    ),
    (
        Deity::HongLuan,
        Rule::branch(YEAR, Elsewhere, rows("卯 寅 丑 子 亥 戌 酉 申 未 午 巳 辰")),
    ),
    (
        Deity::TianXi,
        Rule::branch(YEAR, Elsewhere, rows("酉 申 未 午 巳 辰 卯 寅 丑 子 亥 戌")),
    ),
    (
        Deity::SangMen,
        Rule::branch(YEAR, Elsewhere, rows("寅 卯 辰 巳 午 未 申 酉 戌 亥 子 丑")),
    ),
    (
        Deity::DiaoKe,
        Rule::branch(YEAR, Elsewhere, rows("戌 亥 子 丑 寅 卯 辰 巳 午 未 申 酉")),
    ),
    (
        Deity::PiMa,
        Rule::branch(YEAR, Elsewhere, rows("酉 戌 亥 子 丑 寅 卯 辰 巳 午 未 申")),
    ),
    // By the year or day stem.
    (
        Deity::TianYiGuiRen,
        year_or_day_stem("丑未 子申 亥酉 亥酉 丑未 子申 丑未 寅午 卯巳 卯巳"),
    ),
    (
        Deity::TaiJi,
        year_or_day_stem("子午 子午 卯酉 卯酉 辰戌丑未 辰戌丑未 寅亥 寅亥 巳申 巳申"),
    ),
    (
        Deity::WenChang,
        year_or_day_stem("巳 午 申 酉 申 酉 亥 子 寅 卯"),
    ),
    (
        Deity::TianChu,
        year_or_day_stem("巳 午 巳 午 申 酉 亥 子 寅 卯"),
    ),
    (
        Deity::FuXing,
        year_or_day_stem("子寅 丑卯 子寅 亥 申 未 午 巳 辰 丑卯"),
    ),
    (
        Deity::TianGuan,
        year_or_day_stem("未 辰 巳 酉 戌 卯 丑 申 寅 午"),
    ),
    (Deity::GuoYin, year_or_day_stem(STATE_SEAL)),
    (Deity::GuanYin, year_or_day_stem(STATE_SEAL)),
    (
        Deity::JinYu,
        year_or_day_stem("辰 巳 未 申 未 申 戌 亥 丑 寅"),
    ),
    // By the day stem.
    (Deity::LuShen, day_stem("寅 卯 巳 午 巳 午 申 酉 亥 子")),
    (Deity::YangRen, day_stem("卯 寅 午 巳 午 巳 酉 申 子 亥")),
    (Deity::HongYan, day_stem("午 申 寅 未 辰 辰 戌 酉 子 申")),
    (Deity::LiuXia, day_stem("酉 戌 未 申 巳 午 辰 卯 亥 寅")),
    (
        Deity::CaiShen,
        Rule::stem(DAY, On(MONTH), rows("子寅 卯 辰 巳 午 未 申 酉 戌 -")),
    ),
    (
        Deity::TianFu,
        Rule::stem_to_pillar(
            DAY,
            On(ANYWHERE),
            pillar_rows(&["辛酉", "庚申", "", "", "乙卯", "甲寅", "", "", "", ""]),
        ),
    ),
    // By the month branch, on stems.
    (
        Deity::TianDe,
        month(rows("巳 庚 丁 申 壬 辛 亥 甲 癸 寅 丙 乙")),
    ),
    (
        Deity::TianDeHe,
        month(rows("申 乙 壬 巳 丁 丙 寅 己 戊 亥 辛 庚")),
    ),
    (Deity::YueDe, month(by_frame("壬 庚 丙 甲"))),
    (Deity::YueDeHe, month(by_frame("丁 乙 辛 己"))),
    (
        Deity::DeXiu,
        month(by_frame("壬癸戊己丙辛甲 庚辛乙 丙丁戊癸 甲乙丁壬")),
    ),
    // By the month branch, on branches.
    (
        Deity::TianYi,
        Rule::branch(
            MONTH,
            Elsewhere,
            rows("亥 子 丑 寅 卯 辰 巳 午 未 申 酉 戌"),
        ),
    ),
    (
        Deity::XueRen,
        Rule::branch(
            MONTH,
            Elsewhere,
            rows("午 子 丑 未 寅 申 卯 酉 辰 戌 巳 亥"),
        ),
    ),
    (
        Deity::TongZi,
        Rule::branch(
            MONTH,
            On(DAY_AND_HOUR),
            by_season("寅子 卯未辰 寅子 卯未辰"),
        ),
    ),
    // By the season, on the day.
    (Deity::TianShe, season("戊寅", "甲午", "戊申", "甲子")),
    (
        Deity::SiFei,
        season("庚申辛酉", "壬子癸亥", "甲寅乙卯", "丙午丁巳"),
    ),
    (Deity::TianZhuan, season("乙卯", "丙午", "辛酉", "壬子")),
    (Deity::DiZhuan, season("辛卯", "戊午", "癸酉", "丙子")),
    (
        Deity::QiGai,
        Rule::month_to_day(pillar_rows(&[
            "壬*",
            "",
            "甲午",
            "甲辰",
            "甲寅",
            "甲子",
            "甲戌",
            "甲申",
            "乙*丙*丁*",
            "辛*壬*癸*",
            "甲*戊*庚*",
            "庚*辛*",
        ])),
    ),
    (
        Deity::LiuQin,
        Rule::branch(MONTH, On(YEAR_OR_DAY), by_season("乙庚 丙辛 丁壬 戊癸")),
    ),
    // By the sound of the year.
    (
        Deity::XueTang,
        Rule::nayin(YEAR, Elsewhere, rows("亥 寅 申 巳 申")),
    ),
    // By the day pillar itself.
    (
        Deity::YinChaYangCuo,
        day("丙子丙午丁丑丁未戊寅戊申辛卯辛酉壬辰壬戌癸巳癸亥"),
    ),
    (Deity::GuLuan, day("甲寅乙巳丙午丁巳戊午戊申辛亥壬子")),
    (
        Deity::ShiEDaBai,
        day("甲辰乙巳丙申丁亥戊戌己丑庚辰辛巳壬申癸亥"),
    ),
    (Deity::JinShen, Rule::list(&[Day, Hour], "乙丑己巳癸酉")),
    (Deity::LiuXiu, day("丙午丁未戊子戊午己丑己未")),
    (Deity::BaZhuan, day("甲寅乙卯丁未戊戌己未庚申辛酉癸丑")),
    (Deity::JiuChou, day("丁酉戊子戊午己卯己酉辛卯辛酉壬子壬午")),
    (
        Deity::ShiLing,
        day("甲辰乙亥丙辰丁酉戊午庚寅庚戌辛亥壬寅癸未"),
    ),
    (Deity::KuiGang, day("庚辰庚戌壬辰戊戌")),
    // The rest.
    (
        Deity::KongWang,
        Rule::decade(DAY, Elsewhere, rows("戌亥 申酉 午未 辰巳 寅卯 子丑")),
    ),
];

const STATE_SEAL: &str = "戌 亥 丑 寅 丑 寅 辰 巳 未 申";

const fn year_or_day_stem(text: &str) -> Rule {
    Rule::stem(YEAR_OR_DAY, On(ANYWHERE), rows(text))
}

const fn day_stem(text: &str) -> Rule {
    Rule::stem(DAY, On(ANYWHERE), rows(text))
}

const fn month(rows: [Signs; 12]) -> Rule {
    Rule::branch(MONTH, On(ANYWHERE), rows)
}

const fn season(spring: &str, summer: &str, autumn: &str, winter: &str) -> Rule {
    Rule::month_to_day(pillars_by_season([spring, summer, autumn, winter]))
}

const fn day(pillars: &str) -> Rule {
    Rule::list(&[Day], pillars)
}
