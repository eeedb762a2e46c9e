//! A chart as the Web App sends it, made of what came over the wire.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

mod read;

pub use read::Error;

/// What a chart is answered with.
#[derive(Debug, Serialize, ToSchema)]
pub struct Data {
    /// The chart.
    pub bazi: Bazi,
    /// The day pillar 日柱.
    #[schema(example = "辛亥")]
    pub rizhu: String,
}

/// A chart 命盘.
#[derive(Debug, Serialize, ToSchema)]
pub struct Bazi {
    /// The birth.
    pub basic_info: BasicInfo,
    /// The four pillars 四柱.
    pub bazi_pillars: ByPillar<Pillar>,
    /// What each pillar carries.
    pub details: ByPillar<Detail>,
    /// How often each ten god 十神 occurs.
    pub ten_gods_stats: TenGods,
    /// The elements of the eight characters.
    pub elements: ByPillar<SignElements>,
    /// How often each element occurs among them.
    pub element_counts: ElementCounts,
    /// How the pillars act on each other.
    pub relationships: Relationships,
}

/// A birth in both calendars.
#[derive(Debug, Serialize, ToSchema)]
pub struct BasicInfo {
    /// The Gregorian date.
    #[schema(example = "1990-06-15")]
    pub solar_date: String,
    /// The time of day, UTC+8.
    #[schema(example = "12:30")]
    pub solar_time: String,
    /// The date in the lunar calendar.
    pub lunar_date: LunarDate,
    /// `male` or `female`.
    #[schema(example = "male")]
    pub gender: String,
    /// The convention for the late zi hour that was applied.
    #[schema(example = "next_day")]
    pub zi_mode: String,
}

/// A date in the lunar calendar 农历.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LunarDate {
    /// The year.
    pub year: u16,
    /// The month, 1 to 12.
    pub month: u8,
    /// Whether it is a leap month 闰月.
    pub leap: bool,
    /// The day, 1 to 30.
    pub day: u8,
}

/// One value for each pillar.
#[derive(Debug, Serialize, ToSchema)]
pub struct ByPillar<T> {
    /// That of the year 年柱.
    pub year: T,
    /// That of the month 月柱.
    pub month: T,
    /// That of the day 日柱.
    pub day: T,
    /// That of the hour 时柱.
    pub hour: T,
}

/// A stem over a branch.
#[derive(Debug, Serialize, ToSchema)]
pub struct Pillar {
    /// The stem 天干.
    pub stem: String,
    /// The branch 地支.
    pub branch: String,
}

/// What one pillar carries.
#[derive(Debug, Serialize, ToSchema)]
pub struct Detail {
    /// The ten god of the stem 主星; 元男 or 元女 on the day.
    pub main_star: String,
    /// The hidden stems 藏干 with their elements, such as 丁火, the main one first.
    pub hidden_stems: Vec<String>,
    /// The ten god of each hidden stem.
    pub hidden_stars: Vec<String>,
    /// Both as structures.
    pub hidden: Vec<HiddenStem>,
    /// The stage of the day stem over the branch 星运.
    pub star_fortune: String,
    /// The stage of the pillar's own stem over its branch 自坐.
    pub self_sitting: String,
    /// The two void branches 空亡.
    pub kongwang: String,
    /// The sound element 纳音.
    pub nayin: String,
    /// The spirits 神煞.
    pub deities: Vec<String>,
}

/// A stem in a branch 藏干.
#[derive(Debug, Serialize, ToSchema)]
pub struct HiddenStem {
    /// The stem.
    pub stem: String,
    /// Its element.
    pub element: String,
    /// Its polarity, 阳 or 阴.
    pub polarity: String,
    /// Its rank, 本气, 中气 or 余气.
    pub rank: String,
    /// What it is to the day stem.
    pub ten_god: String,
}

/// How often each ten god occurs: on the stems, among the hidden stems, and in all.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenGods {
    /// On the four stems, the day's own included.
    pub main: BTreeMap<String, Occurrences>,
    /// Among the hidden stems.
    pub sub: BTreeMap<String, Occurrences>,
    /// Both together.
    pub totals: BTreeMap<String, Occurrences>,
}

/// How often one ten god occurs.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Occurrences {
    /// In all.
    pub count: u8,
    /// By pillar, where it does.
    pub pillars: BTreeMap<String, u8>,
}

/// The two signs of a pillar with their elements.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SignElements {
    /// The stem.
    pub stem: String,
    /// Its element.
    pub stem_element: String,
    /// The branch.
    pub branch: String,
    /// Its element.
    pub branch_element: String,
}

/// How often each element occurs among the eight characters.
#[derive(Debug, Serialize, ToSchema)]
pub struct ElementCounts {
    /// Wood.
    #[serde(rename = "木")]
    pub wood: i32,
    /// Fire.
    #[serde(rename = "火")]
    pub fire: i32,
    /// Earth.
    #[serde(rename = "土")]
    pub earth: i32,
    /// Metal.
    #[serde(rename = "金")]
    pub metal: i32,
    /// Water.
    #[serde(rename = "水")]
    pub water: i32,
}

/// How the pillars act on each other.
#[derive(Debug, Serialize, ToSchema)]
pub struct Relationships {
    /// Between stems.
    pub stem_relations: StemRelations,
    /// Between branches.
    pub branch_relations: BranchRelations,
}

/// Relations between stems.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct StemRelations {
    /// Combinations 五合.
    pub he: Vec<Relation>,
    /// Clashes 相冲.
    pub chong: Vec<Relation>,
}

/// Relations between branches.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct BranchRelations {
    /// Combinations 六合.
    pub liuhe: Vec<Relation>,
    /// Clashes 六冲.
    pub chong: Vec<Relation>,
    /// Punishments 刑.
    pub xing: Vec<Relation>,
    /// Harms 六害.
    pub hai: Vec<Relation>,
    /// Breaks 破.
    pub po: Vec<Relation>,
    /// Whole frames of three 三合.
    pub sanhe: Vec<Relation>,
    /// Two of a frame, the middle one among them 半合.
    pub banhe: Vec<Relation>,
    /// The outer two of a frame 拱合.
    pub gonghe: Vec<Relation>,
    /// The three of a season 三会.
    pub sanhui: Vec<Relation>,
}

/// One relation.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Relation {
    /// The pillars that take part.
    pub pillars: Vec<String>,
    /// Their stems, for a relation between stems.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stems: Option<Vec<String>>,
    /// Their branches, for a relation between branches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branches: Option<Vec<String>>,
    /// The element that a combination leads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub element: Option<String>,
}
