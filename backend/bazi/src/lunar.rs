//! The date in the lunar calendar 农历.

use serde::Serialize;

use crate::calendar::LunarYear;
use crate::civil::{Date, days_in_year};
use crate::error::Error;

/// A date in the lunar calendar 农历.
///
/// It is that of the civil day: it changes at midnight in both conventions for
/// the zi hour, which concern the pillars only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct LunarDate {
    /// The year, named after the Gregorian year in which it begins.
    pub year: u16,
    /// The month, 1 to 12.
    pub month: u8,
    /// Whether the month is the leap month 闰月 which follows that month.
    pub leap: bool,
    /// The day of the month, 1 to 30.
    pub day: u8,
}

impl LunarDate {
    /// The lunar date of this day. The tables reach every year a [`Date`] can have.
    pub fn of(date: Date) -> Result<Self, Error> {
        Self::find(date).ok_or(Error::Year { year: date.year() })
    }

    fn find(date: Date) -> Option<Self> {
        let (year, day) = (date.year(), date.day_of_year());
        let begun = LunarYear::of(year)?;
        if let Some(days) = day.checked_sub(begun.offset()) {
            return Self::within(year, begun, days);
        }
        let year = year - 1;
        let begun = LunarYear::of(year)?;
        Self::within(year, begun, days_in_year(year) - begun.offset() + day)
    }

    /// The date so many days after the first of this lunar year.
    fn within(year: u16, shape: LunarYear, mut days: usize) -> Option<Self> {
        let leap = shape.leap();
        for (index, length) in shape.lengths().enumerate() {
            if days < length {
                let after_leap = leap != 0 && index >= leap;
                let month = index + 1 - usize::from(after_leap);
                return Some(Self {
                    year,
                    month: u8::try_from(month).ok()?,
                    leap: leap != 0 && index == leap,
                    day: u8::try_from(days + 1).ok()?,
                });
            }
            days -= length;
        }
        None
    }
}
