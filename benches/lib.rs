//! What the measurements share: what the edge is asked and answered, and what is known of that in the
//! end. The times are measured by the benchmarks in `micro/`, the instructions of `steps/` are counted by
//! `tests/instructions`; whole programs are in `load/`.

mod adverts;
mod sample;

pub use adverts::{Adverts, Election};
pub use sample::{DRAWN, REQUEST, RESPONSE, answered, log_values, outgoing, server};
