//! Drawing charts, for births spread over two centuries.

use std::hint::black_box;

use bazi::{Chart, CivilTime, Gender, Options, Pillars, ZiMode};

fn birth(number: usize) -> Option<CivilTime> {
    let (year, month) = (1900 + number % 200, 1 + number % 12);
    let (day, hour) = (1 + number * 37 % 28, number * 7 % 24);
    CivilTime::parse(
        &format!("{year}-{month:02}-{day:02}"),
        &format!("{hour:02}:30"),
    )
    .ok()
}

/// The four pillars.
pub(crate) fn pillars(times: usize) {
    for time in (0..times).filter_map(birth) {
        black_box(Pillars::of(time, ZiMode::NextDay).is_ok());
    }
}

/// The whole chart.
pub(crate) fn chart(times: usize) {
    for time in (0..times).filter_map(birth) {
        black_box(Chart::new(time, Gender::Male, Options::default()).is_ok());
    }
}
