//! Reads lines `YYYY-MM-DDTHH:MM:SS MODE` and answers each with the four
//! pillars and the lunar date, so that other programs can be compared with
//! this crate (`tests/oracle/compare.py`).
//!
//! ```text
//! $ echo '1990-06-15T12:30:00 next_day' | cargo run -p bazi --example pillars
//! 庚午 壬午 辛亥 甲午 1990-05-23
//! ```
//!
//! A leap month is marked: `2023-02+03` is the third of the second month's
//! repetition.

use std::io::{self, BufRead, BufWriter, Write};

use bazi::{CivilTime, Error, LunarDate, Pillars};

fn main() -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        match answer(&line?) {
            Ok(answer) => writeln!(out, "{answer}")?,
            Err(error) => writeln!(out, "error: {error}")?,
        }
    }
    out.flush()
}

fn answer(line: &str) -> Result<String, Error> {
    let (instant, mode) = line.split_once(' ').unwrap_or((line, "next_day"));
    let (date, time) = instant.split_once('T').unwrap_or((instant, ""));
    let time = CivilTime::parse(date, time)?;
    let pillars = Pillars::of(time, mode.parse()?)?;
    let LunarDate {
        year,
        month,
        leap,
        day,
    } = LunarDate::of(time.date())?;
    let mark = if leap { '+' } else { '-' };
    Ok(format!("{pillars} {year}-{month:02}{mark}{day:02}"))
}
