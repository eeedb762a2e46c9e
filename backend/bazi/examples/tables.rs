//! Prints `src/calendar/tables.rs`: the instants of the solar terms and the
//! shapes of the lunar years, computed by tyme4rs 1.4.2.
//!
//! ```text
//! cargo run -p bazi --release --example tables > backend/bazi/src/calendar/tables.rs
//! ```
//!
//! `tests/tables.rs` runs the same generator and compares byte for byte.

#![expect(clippy::print_stdout, reason = "printing the tables is its purpose")]

#[path = "tables/generator.rs"]
mod generator;

fn main() -> Result<(), std::fmt::Error> {
    print!("{}", generator::source()?);
    Ok(())
}
