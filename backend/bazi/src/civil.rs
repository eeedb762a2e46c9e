//! A date and time of day on a clock at UTC+8, in the Gregorian calendar.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::error::{Error, YEARS};

/// A date and time of day, UTC+8, to the second, within the supported years.
///
/// Constructed only through validation, so every value is a moment the tables
/// cover. Ordered in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilTime {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
}

impl CivilTime {
    /// The moment with these parts.
    pub fn new(
        (year, month, day): (u16, u8, u8),
        (hour, minute, second): (u8, u8, u8),
    ) -> Result<Self, Error> {
        if !YEARS.contains(&year) {
            return Err(Error::Year { year });
        }
        if !(1..=12).contains(&month) {
            return Err(Error::Month { year, month });
        }
        let days = days_in_month(year, month);
        if !(1..=days).contains(&day) {
            return Err(Error::Day {
                year,
                month,
                day,
                days,
            });
        }
        if hour > 23 || minute > 59 || second > 59 {
            return Err(Error::Time {
                hour,
                minute,
                second,
            });
        }
        Ok(Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
        })
    }

    /// Reads a date `YYYY-MM-DD` and a time `HH:MM` or `HH:MM:SS`.
    pub fn parse(date: &str, time: &str) -> Result<Self, Error> {
        let date_error = || Error::date(date);
        let mut parts = date.split('-');
        let year = digits(parts.next(), 4).ok_or_else(date_error)?;
        let month = two_digits(parts.next()).ok_or_else(date_error)?;
        let day = two_digits(parts.next()).ok_or_else(date_error)?;
        if parts.next().is_some() {
            return Err(date_error());
        }

        let time_error = || Error::time(time);
        let mut parts = time.split(':');
        let hour = two_digits(parts.next()).ok_or_else(time_error)?;
        let minute = two_digits(parts.next()).ok_or_else(time_error)?;
        let second = match parts.next() {
            None => 0,
            seconds => two_digits(seconds).ok_or_else(time_error)?,
        };
        if parts.next().is_some() {
            return Err(time_error());
        }
        Self::new((year, month, day), (hour, minute, second))
    }

    /// The year.
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The month, from 1.
    pub const fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, from 1.
    pub const fn day(self) -> u8 {
        self.day
    }

    /// The hour, 0 to 23.
    pub const fn hour(self) -> u8 {
        self.hour
    }

    /// The minute, 0 to 59.
    pub const fn minute(self) -> u8 {
        self.minute
    }

    /// The second, 0 to 59.
    pub const fn second(self) -> u8 {
        self.second
    }

    /// The date alone, written `YYYY-MM-DD`.
    pub fn date(self) -> impl fmt::Display {
        fmt::from_fn(move |f| write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day))
    }

    /// The time alone, written `HH:MM`, or `HH:MM:SS` unless the second is 0.
    pub fn time(self) -> impl fmt::Display {
        fmt::from_fn(move |f| {
            write!(f, "{:02}:{:02}", self.hour, self.minute)?;
            if self.second == 0 {
                Ok(())
            } else {
                write!(f, ":{:02}", self.second)
            }
        })
    }

    /// Days since 1 January of the year.
    pub(crate) fn day_of_year(self) -> usize {
        let before: u8 = 1;
        let months = (before..self.month).map(|month| usize::from(days_in_month(self.year, month)));
        months.sum::<usize>() + usize::from(self.day) - 1
    }

    /// Seconds since 1 January 00:00 of the year.
    pub(crate) fn second_of_year(self) -> u32 {
        let [hour, minute, second] = [self.hour, self.minute, self.second].map(usize::from);
        let seconds = ((self.day_of_year() * 24 + hour) * 60 + minute) * 60 + second;
        u32::try_from(seconds).unwrap_or(u32::MAX)
    }

    /// The Julian day number: whole days since noon of 1 January 4713 BC.
    pub(crate) fn julian_day(self) -> usize {
        let before = usize::from(self.year) - 1;
        let leap_days = before / 4 - before / 100 + before / 400;
        // 1721426 is 1 January of the year 1.
        1_721_426 + before * 365 + leap_days + self.day_of_year()
    }
}

/// Written `YYYY-MM-DD HH:MM`, with seconds unless they are 0.
impl fmt::Display for CivilTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.date(), self.time())
    }
}

/// `{"solar_date": "1990-06-15", "solar_time": "12:30"}`
impl Serialize for CivilTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let parts = [
            ("solar_date", self.date().to_string()),
            ("solar_time", self.time().to_string()),
        ];
        serializer.collect_map(parts)
    }
}

fn days_in_month(year: u16, month: u8) -> u8 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn two_digits(text: Option<&str>) -> Option<u8> {
    digits(text, 2).and_then(|number| u8::try_from(number).ok())
}

/// The number written with exactly this many ASCII digits.
fn digits(text: Option<&str>, count: usize) -> Option<u16> {
    let text =
        text.filter(|text| text.len() == count && text.bytes().all(|b| b.is_ascii_digit()))?;
    text.parse().ok()
}
