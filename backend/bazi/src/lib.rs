//! The four pillars 四柱八字: calendar, chart, spirits and relations.
//!
//! A birth becomes a [`Chart`] and nothing else happens: this crate reads no
//! clock, no file and no environment, keeps no state, and does not panic.
//!
//! ```
//! use bazi::{Chart, CivilTime, Gender, Options};
//!
//! let time = CivilTime::parse("1990-06-15", "12:30")?;
//! let chart = Chart::new(time, Gender::Male, Options::default())?;
//! assert_eq!(chart.pillars.to_string(), "庚午 壬午 辛亥 甲午");
//! assert_eq!(chart.details.year.main_star.name(), "劫财");
//! # Ok::<(), bazi::Error>(())
//! ```
//!
//! # Calendar
//!
//! Times are UTC+8 in the Gregorian calendar, from 1900 to 2100. The instants
//! of the 24 solar terms are a table, to the second, and so are the lunar
//! months; both are generated from tyme4rs 1.4.2 by `examples/tables.rs`. From
//! there on everything is arithmetic on small integers: the pillars of an
//! instant take well under a microsecond and allocate nothing.
//!
//! Invariants, tested on random instants and on every boundary:
//!
//! - the year changes at the instant of 立春 and the month at that of its jie
//!   节, to the second, whatever the hour;
//! - the day is (Julian day number + 49) mod 60 in the cycle of sixty;
//! - months follow from the year by 五虎遁 and hours from the day by 五鼠遁;
//! - pillars equal those of two Python packages, `bazi`, which has astronomy of
//!   its own, and `lunar_python`, a relation of tyme4rs; so do lunar dates those
//!   of the latter (`tests/oracle`).
//!
//! # Conventions
//!
//! Where schools differ one reading is fixed, or, once, left to the caller:
//!
//! - The late zi hour 晚子时, 23:00 to 24:00, belongs to the next day; with
//!   [`ZiMode::Late`] the day pillar keeps to midnight. The hour pillar is that
//!   of the next day in both, and the lunar date always changes at midnight.
//! - Stages 十二长生: yin stems run backward, and earth goes with fire.
//! - 羊刃 is where the day stem is at its prime 帝旺, for yin stems too.
//! - 午未 combine to earth. Self-punishment 自刑 is 辰午酉亥.
//! - Each pillar is void 空亡 by its own decade 旬; the spirit 空亡 goes by that
//!   of the day.
//! - Sounds 纳音 have one spelling each: 沙中金, 城头土.
//! - Spirits 神煞: see [`Deity`], which states each rule and the reading taken.
//!
//! # JSON
//!
//! [`Chart`] serializes to the keys of the system being replaced. Positions are
//! `year`, `month`, `day` and `hour`; every key is always present.
//!
//! | key | value |
//! |---|---|
//! | `basic_info` | `solar_date`, `solar_time`, `lunar_date` {`year`, `month`, `leap`, `day`}, `gender`, `zi_mode` |
//! | `bazi_pillars` | by position: `stem`, `branch` |
//! | `details` | by position: `main_star`, `hidden_stems` ["丁火", ..], `hidden_stars`, `hidden` [{`stem`, `element`, `polarity`, `rank`, `ten_god`}], `star_fortune`, `self_sitting`, `kongwang`, `nayin`, `deities` |
//! | `ten_gods_stats` | `main`, `sub`, `totals`: by name, `count` and `pillars` {position: count}; what does not occur is absent |
//! | `elements` | by position: `stem`, `stem_element`, `branch`, `branch_element` |
//! | `element_counts` | 木, 火, 土, 金, 水: how many of the eight signs |
//! | `relationships` | `stem_relations` {`he`, `chong`}, `branch_relations` {`liuhe`, `chong`, `xing`, `hai`, `po`, `sanhe`, `banhe`, `gonghe`, `sanhui`}: lists of `pillars`, their `stems` or `branches`, and the `element` of a combination |

mod branch;
mod calendar;
mod chart;
mod civil;
mod deity;
mod element;
mod error;
mod gender;
mod lunar;
mod named;
mod nayin;
mod pillar;
mod pillars;
mod position;
mod relation;
mod stage;
mod stem;
mod ten_god;

pub use branch::Branch;
pub use chart::{
    Basic, Chart, Detail, ElementCounts, HiddenStem, MainStar, Options, Rank, SignElements, Tally,
    TenGodStats,
};
pub use civil::{CivilTime, Date, TimeOfDay};
pub use deity::{Deities, Deity};
pub use element::{Element, Polarity};
pub use error::{Error, Field, YEARS};
pub use gender::Gender;
pub use lunar::LunarDate;
pub use nayin::Nayin;
pub use pillar::Pillar;
pub use pillars::{Pillars, ZiMode};
pub use position::{ByPosition, Position, Positions};
pub use relation::{Relation, RelationKind, Relations};
pub use stage::Stage;
pub use stem::Stem;
pub use ten_god::TenGod;
