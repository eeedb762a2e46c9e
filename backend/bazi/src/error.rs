//! What can be wrong with an input, in words meant for its author.

use std::ops::RangeInclusive;

/// The years for which the tables are complete, from 1 January to 31 December.
pub const YEARS: RangeInclusive<u16> = 1900..=2100;

/// Why an input is not a birth. The text names the value and the rule it breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not of the form `YYYY-MM-DD`.
    #[error("{text:?} is not a date: write it YYYY-MM-DD, as in 1990-06-15")]
    DateSyntax {
        /// The beginning of the input.
        text: String,
    },
    /// Before or after the tables.
    #[error("{year} is outside the years 1900 to 2100")]
    Year {
        /// The year given.
        year: u16,
    },
    /// No such month.
    #[error("{year:04}-{month:02}: a year has the months 01 to 12")]
    Month {
        /// The year given.
        year: u16,
        /// The month given.
        month: u8,
    },
    /// No such day in this month.
    #[error("{year:04}-{month:02}-{day:02}: {} {year} has {days} days", month_name(*month))]
    Day {
        /// The year given.
        year: u16,
        /// The month given.
        month: u8,
        /// The day given.
        day: u8,
        /// The days which the month has.
        days: u8,
    },
    /// Not of the form `HH:MM` or `HH:MM:SS`.
    #[error("{text:?} is not a time: write it HH:MM or HH:MM:SS, as in 12:30")]
    TimeSyntax {
        /// The beginning of the input.
        text: String,
    },
    /// No such time of day.
    #[error("{hour:02}:{minute:02}:{second:02}: a time lies between 00:00:00 and 23:59:59")]
    Time {
        /// The hour given.
        hour: u8,
        /// The minute given.
        minute: u8,
        /// The second given.
        second: u8,
    },
    /// Neither male nor female.
    #[error("{text:?} is not a gender: write male or female")]
    Gender {
        /// The beginning of the input.
        text: String,
    },
    /// Not a convention for the late zi hour.
    #[error("{text:?} is not a zi mode: write next_day or late")]
    ZiMode {
        /// The beginning of the input.
        text: String,
    },
}

/// The part of an input an [`Error`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// The date.
    Date,
    /// The time of day.
    Time,
    /// The gender.
    Gender,
    /// The convention for the late zi hour.
    ZiMode,
}

impl Error {
    /// The part of the input to correct.
    pub const fn field(&self) -> Field {
        match self {
            Self::DateSyntax { .. } | Self::Year { .. } | Self::Month { .. } | Self::Day { .. } => {
                Field::Date
            }
            Self::TimeSyntax { .. } | Self::Time { .. } => Field::Time,
            Self::Gender { .. } => Field::Gender,
            Self::ZiMode { .. } => Field::ZiMode,
        }
    }

    pub(crate) fn date(text: &str) -> Self {
        Self::DateSyntax {
            text: beginning(text),
        }
    }

    pub(crate) fn time(text: &str) -> Self {
        Self::TimeSyntax {
            text: beginning(text),
        }
    }

    pub(crate) fn gender(text: &str) -> Self {
        Self::Gender {
            text: beginning(text),
        }
    }

    pub(crate) fn zi_mode(text: &str) -> Self {
        Self::ZiMode {
            text: beginning(text),
        }
    }
}

/// Enough of an input to recognise it, however long it is.
fn beginning(text: &str) -> String {
    text.chars().take(32).collect()
}

fn month_name(month: u8) -> &'static str {
    const NAMES: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    NAMES
        .get(usize::from(month).wrapping_sub(1))
        .copied()
        .unwrap_or("the month")
}
