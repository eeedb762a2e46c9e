//! A date and time of day on a clock at UTC+8, in the Gregorian calendar.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::error::{Error, YEARS};

/// A date in the Gregorian calendar, within the supported years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// A time of day, to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay {
    hour: u8,
    minute: u8,
    second: u8,
}

/// A date and time of day, UTC+8. Every value is a moment the tables cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilTime {
    date: Date,
    time: TimeOfDay,
}

impl Date {
    /// The date with these parts, if there is one.
    pub fn new(year: u16, month: u8, day: u8) -> Result<Self, Error> {
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
        Ok(Self { year, month, day })
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

    /// Days since 1 January of the year.
    pub(crate) fn day_of_year(self) -> usize {
        let months = (1..self.month).map(|month| usize::from(days_in_month(self.year, month)));
        months.sum::<usize>() + usize::from(self.day) - 1
    }

    /// The Julian day number: whole days since noon of 1 January 4713 BC.
    pub(crate) fn julian_day(self) -> usize {
        let before = usize::from(self.year) - 1;
        let leap_days = before / 4 - before / 100 + before / 400;
        // 1721426 is 1 January of the year 1.
        1_721_426 + before * 365 + leap_days + self.day_of_year()
    }
}

impl TimeOfDay {
    /// The time with these parts, if there is one.
    pub const fn new(hour: u8, minute: u8, second: u8) -> Result<Self, Error> {
        if hour > 23 || minute > 59 || second > 59 {
            return Err(Error::Time {
                hour,
                minute,
                second,
            });
        }
        Ok(Self {
            hour,
            minute,
            second,
        })
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
}

impl CivilTime {
    /// This time on this date.
    pub const fn new(date: Date, time: TimeOfDay) -> Self {
        Self { date, time }
    }

    /// Reads a date and a time. Read them one by one to hear of both errors.
    pub fn parse(date: &str, time: &str) -> Result<Self, Error> {
        Ok(Self {
            date: date.parse()?,
            time: time.parse()?,
        })
    }

    /// The date.
    pub const fn date(self) -> Date {
        self.date
    }

    /// The time of day.
    pub const fn time(self) -> TimeOfDay {
        self.time
    }

    /// Seconds since 1 January 00:00 of the year.
    pub(crate) fn second_of_year(self) -> usize {
        let TimeOfDay {
            hour,
            minute,
            second,
        } = self.time;
        let [hour, minute, second] = [hour, minute, second].map(usize::from);
        ((self.date.day_of_year() * 24 + hour) * 60 + minute) * 60 + second
    }
}

/// Reads `YYYY-MM-DD`.
impl FromStr for Date {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut parts = text.split('-');
        let mut number = |width| digits(parts.next()?, width);
        let (year, month, day) = (number(4), number(2), number(2));
        match (year, month, day, parts.next()) {
            (Some(year), Some(month), Some(day), None) => Self::new(year, small(month), small(day)),
            _ => Err(Error::date(text)),
        }
    }
}

/// Reads `HH:MM` or `HH:MM:SS`.
impl FromStr for TimeOfDay {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut parts = text.split(':');
        let mut number = || digits(parts.next()?, 2);
        let (hour, minute) = (number(), number());
        let second = parts.next().map_or(Some(0), |second| digits(second, 2));
        match (hour, minute, second, parts.next()) {
            (Some(hour), Some(minute), Some(second), None) => {
                Self::new(small(hour), small(minute), small(second))
            }
            _ => Err(Error::time(text)),
        }
    }
}

/// Written `YYYY-MM-DD`.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// Written `HH:MM`, with seconds unless they are 0.
impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.hour, self.minute)?;
        if self.second == 0 {
            Ok(())
        } else {
            write!(f, ":{:02}", self.second)
        }
    }
}

/// Written `YYYY-MM-DD HH:MM`, with seconds unless they are 0.
impl fmt::Display for CivilTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.date, self.time)
    }
}

/// `{"solar_date": "1990-06-15", "solar_time": "12:30"}`
impl Serialize for CivilTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let parts = [
            ("solar_date", self.date.to_string()),
            ("solar_time", self.time.to_string()),
        ];
        serializer.collect_map(parts)
    }
}

/// The days of a year.
pub(crate) fn days_in_year(year: u16) -> usize {
    if is_leap(year) { 366 } else { 365 }
}

fn days_in_month(year: u16, month: u8) -> u8 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// The number written with exactly this many ASCII digits.
fn digits(text: &str, width: usize) -> Option<u16> {
    let written = text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit());
    if written { text.parse().ok() } else { None }
}

/// A number of two digits.
fn small(number: u16) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}
