//! Prints the chart of a birth as JSON.
//!
//! ```text
//! cargo run -p bazi --example chart 1990-06-15 12:30 male
//! ```

#![expect(clippy::print_stdout, reason = "printing the chart is its purpose")]

use std::error::Error;

use bazi::{Chart, CivilTime, Options};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |what| arguments.next().ok_or(format!("{what} is missing"));
    let time = CivilTime::parse(&next("the date")?, &next("the time")?)?;
    let chart = Chart::new(time, next("the gender")?.parse()?, Options::default())?;
    println!("{}", serde_json::to_string_pretty(&chart)?);
    Ok(())
}
