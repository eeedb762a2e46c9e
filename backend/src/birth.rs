//! A birth as people write it, and everything that is wrong with it.

use bazi::{Chart, CivilTime, Gender, Options, ZiMode};

/// A field of a request and what is wrong with its value, in a sentence that names both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The name of the field.
    pub field: String,
    /// What is wrong.
    pub message: String,
}

impl Violation {
    /// `message` about `field`.
    pub fn new(field: &str, message: impl Into<String>) -> Self {
        Self {
            field: field.to_owned(),
            message: message.into(),
        }
    }
}

/// The fields of a request that describe a birth.
#[derive(Debug, Clone, Copy)]
pub struct Written<'r> {
    /// `YYYY-MM-DD`.
    pub solar_date: &'r str,
    /// `HH:MM` or `HH:MM:SS`.
    pub solar_time: &'r str,
    /// `male`, `female`, 男 or 女.
    pub gender: &'r str,
    /// `next_day` or `late`; empty for the default.
    pub zi_mode: &'r str,
}

/// A birth that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Birth {
    /// The moment, UTC+8.
    pub time: CivilTime,
    /// The gender.
    pub gender: Gender,
    /// The convention for the late zi hour.
    pub zi_mode: ZiMode,
}

impl Birth {
    /// Reads a birth; answers every field that is wrong, not only the first.
    pub fn read(written: Written<'_>) -> Result<Self, Vec<Violation>> {
        let Written {
            solar_date,
            solar_time,
            gender,
            zi_mode,
        } = written;
        let mut violations = Vec::new();
        let mut note = |field: &str, error: bazi::Error| {
            violations.push(Violation::new(field, error.to_string()));
        };
        let date = solar_date
            .parse()
            .map_err(|error| note("solar_date", error))
            .ok();
        let time = solar_time
            .parse()
            .map_err(|error| note("solar_time", error))
            .ok();
        let gender = gender.parse().map_err(|error| note("gender", error)).ok();
        let zi_mode = match zi_mode {
            "" => Some(ZiMode::default()),
            word => word.parse().map_err(|error| note("zi_mode", error)).ok(),
        };
        match (date, time, gender, zi_mode) {
            (Some(date), Some(time), Some(gender), Some(zi_mode)) => Ok(Self {
                time: CivilTime::new(date, time),
                gender,
                zi_mode,
            }),
            _ => Err(violations),
        }
    }

    /// The chart of this birth.
    pub fn chart(self) -> Result<Chart, bazi::Error> {
        let Self {
            time,
            gender,
            zi_mode,
        } = self;
        Chart::new(time, gender, Options { zi_mode })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_every_wrong_field_at_once() {
        let written = Written {
            solar_date: "1990-02-30",
            solar_time: "25:00",
            gender: "x",
            zi_mode: "y",
        };
        let violations = Birth::read(written).unwrap_err();
        let fields: Vec<_> = violations
            .iter()
            .map(|violation| &*violation.field)
            .collect();
        assert_eq!(fields, ["solar_date", "solar_time", "gender", "zi_mode"]);
        assert!(
            violations[0].message.contains("February 1990 has 28 days"),
            "{violations:?}"
        );
    }

    #[test]
    fn reads_what_the_replaced_system_read() {
        let written = Written {
            solar_date: "1990-06-15",
            solar_time: "12:30",
            gender: "男",
            zi_mode: "",
        };
        let birth = Birth::read(written).unwrap();
        assert_eq!(birth.gender, Gender::Male);
        assert_eq!(birth.zi_mode, ZiMode::NextDay);
        assert_eq!(birth.time.to_string(), "1990-06-15 12:30");
    }
}
