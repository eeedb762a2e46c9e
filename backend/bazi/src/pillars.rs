//! The four pillars 四柱 of an instant.

use std::fmt;
use std::str::FromStr;

use crate::calendar;
use crate::civil::CivilTime;
use crate::error::Error;
use crate::named::named;
use crate::pillar::Pillar;
use crate::position::ByPosition;

named! {
    /// To which day the late zi hour 晚子时, 23:00 to 24:00, belongs.
    ///
    /// The hour pillar is that of the next day in both conventions.
    #[derive(Default)]
    pub enum ZiMode {
        /// The day pillar changes at 23:00, when the zi hour begins ("sect 1").
        #[default]
        NextDay = "next_day",
        /// The day pillar changes at midnight ("sect 2").
        Late = "late",
    }
}

/// Reads `next_day` or `late`.
impl FromStr for ZiMode {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::from_name(text).ok_or_else(|| Error::zi_mode(text))
    }
}

/// The four pillars 四柱: year, month, day and hour.
pub type Pillars = ByPosition<Pillar>;

impl Pillars {
    /// The pillars of this instant.
    ///
    /// The year changes at the exact instant of 立春 and the month at that of
    /// its jie 节, whatever the zi mode; only the day pillar depends on it. The
    /// tables reach every year a [`Date`](crate::Date) can have.
    pub fn of(time: CivilTime, zi: ZiMode) -> Result<Self, Error> {
        let solar = calendar::solar_month(time).ok_or(Error::Year {
            year: time.date().year(),
        })?;
        let hour = usize::from(time.time().hour());
        // Julian day 11 was a 甲子.
        let civil_day = time.date().julian_day() + 49;
        let zi_day = civil_day + usize::from(hour == 23);
        Ok(Self {
            // The year 4 was a 甲子.
            year: Pillar::cycle(solar.year + 56),
            // The 寅 month of a 甲 year is 丙寅 (五虎遁), and months are counted on.
            month: Pillar::cycle(solar.number + 13),
            day: Pillar::cycle(match zi {
                ZiMode::NextDay => zi_day,
                ZiMode::Late => civil_day,
            }),
            // The 子 hour of a 甲 day is 甲子 (五鼠遁), and hours are counted on.
            hour: Pillar::cycle(zi_day * 12 + hour.div_ceil(2) % 12),
        })
    }

    /// The pillars with these names, separated by spaces, as they are displayed.
    pub fn from_names(names: &str) -> Option<Self> {
        let mut names = names.split(' ').map(Pillar::from_name);
        let mut next = || names.next().flatten();
        let pillars = Self {
            year: next()?,
            month: next()?,
            day: next()?,
            hour: next()?,
        };
        if names.next().is_some() {
            None
        } else {
            Some(pillars)
        }
    }
}

/// The four names, separated by spaces.
impl fmt::Display for Pillars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.year, self.month, self.day, self.hour)
    }
}
