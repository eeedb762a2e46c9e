//! The operators' port: who may ask it for what, what has happened, how requests fare.

mod events;
mod guard;
mod stats;

pub use events::{Recent, Ring};
pub use guard::{Foreign, Guard};
pub use stats::{Point, Sample, Samples, Summary};
