//! The four pillars.

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
pub use civil::CivilTime;
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
