//! The four pillars.

mod branch;
mod calendar;
mod civil;
mod element;
mod error;
mod gender;
mod lunar;
mod named;
mod nayin;
mod pillar;
mod pillars;
mod position;
mod stage;
mod stem;
mod ten_god;

pub use branch::Branch;
pub use civil::CivilTime;
pub use element::{Element, Polarity};
pub use error::{Error, Field, YEARS};
pub use gender::Gender;
pub use lunar::LunarDate;
pub use nayin::Nayin;
pub use pillar::Pillar;
pub use pillars::{Pillars, ZiMode};
pub use position::{ByPosition, Position, Positions};
pub use stage::Stage;
pub use stem::Stem;
pub use ten_god::TenGod;
