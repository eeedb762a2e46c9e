//! The tables: solar terms 节气 to the second and lunar months, 1899 to 2101.
//!
//! Both are generated (`examples/tables.rs`) and checked in. A Gregorian month
//! contains exactly one jie 节, the term that begins a solar month, so finding
//! the solar month of an instant is one comparison.

mod tables;

use crate::civil::CivilTime;
use tables::{FIRST_LUNAR_YEAR, FIRST_TERM_YEAR, LUNAR_YEARS, TERMS};

/// The place of 立春, the beginning of the solar year, in a row of the terms.
const LICHUN: usize = 2;

/// The solar year and the solar month in which an instant lies.
pub(crate) struct SolarMonth {
    /// The year, which changes at the instant of 立春.
    pub(crate) year: usize,
    /// The number of the month since the year 0; 寅 of a year `y` is `12 y + 1`.
    pub(crate) number: usize,
}

/// The solar year and month, or `None` outside the table.
pub(crate) fn solar_month(time: CivilTime) -> Option<SolarMonth> {
    let date = time.date();
    let terms = TERMS.get(usize::from(date.year().checked_sub(FIRST_TERM_YEAR)?))?;
    let second = time.second_of_year();
    let before = |term: usize| Some(second < *terms.get(term)? as usize);
    let year = usize::from(date.year());
    let month = usize::from(date.month() - 1);
    let before_jie = before(2 * month)?;
    Some(SolarMonth {
        year: year - usize::from(before(LICHUN)?),
        number: year * 12 + month - usize::from(before_jie),
    })
}

/// A lunar year as the table describes it.
#[derive(Clone, Copy)]
pub(crate) struct LunarYear(u32);

impl LunarYear {
    /// The lunar year which begins in this Gregorian year.
    pub(crate) fn of(year: u16) -> Option<Self> {
        LUNAR_YEARS
            .get(usize::from(year.checked_sub(FIRST_LUNAR_YEAR)?))
            .copied()
            .map(Self)
    }

    /// Days from 1 January to its first day.
    pub(crate) fn offset(self) -> usize {
        self.bits(17, 6)
    }

    /// The month after which a leap month follows; 0 if there is none.
    pub(crate) fn leap(self) -> usize {
        self.bits(13, 4)
    }

    /// The lengths of its twelve or thirteen months, in order.
    pub(crate) fn lengths(self) -> impl Iterator<Item = usize> {
        let months = if self.leap() == 0 { 12 } else { 13 };
        (0..months).map(move |month| 29 + self.bits(month, 1))
    }

    const fn bits(self, from: u32, count: u32) -> usize {
        (self.0 >> from & ((1 << count) - 1)) as usize
    }
}
