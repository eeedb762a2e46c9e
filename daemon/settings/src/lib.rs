//! What every configuration file of this product is written with.
//!
//! A pure crate below all others, so that `edge-core` and the programs' shells agree on how a
//! duration or a size is spelled ([`Period`], [`Size`]), where in a file something stands
//! ([`Place`]) and how a mistake is reported ([`Problem`]): all at once, each with its place and,
//! where there is a likely intention, a suggestion ([`closest`]).

mod level;
mod place;
mod problem;
mod quantity;
mod suggest;

pub use level::{Level, NoLevel};
pub use place::{Place, Step};
pub use problem::{Problem, Problems};
pub use quantity::{Period, QuantityError, Size};
pub use suggest::closest;
