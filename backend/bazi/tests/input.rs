//! What is accepted, and what is said about the rest.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use bazi::{Chart, CivilTime, Date, Error, Field, Gender, Options, TimeOfDay, ZiMode};
use proptest::prelude::*;

fn refused(date: &str, time: &str) -> (Field, String) {
    let error = CivilTime::parse(date, time).unwrap_err();
    (error.field(), error.to_string())
}

#[test]
fn dates_and_times_are_read() {
    for (date, time, written) in [
        ("1990-06-15", "12:30", "1990-06-15 12:30"),
        ("2000-02-29", "00:00:00", "2000-02-29 00:00"),
        ("1900-01-01", "00:00:01", "1900-01-01 00:00:01"),
        ("2100-12-31", "23:59:59", "2100-12-31 23:59:59"),
    ] {
        assert_eq!(CivilTime::parse(date, time).unwrap().to_string(), written);
    }
}

#[test]
fn what_is_wrong_with_a_date_is_said() {
    for (date, message) in [
        ("1990-02-30", "1990-02-30: February 1990 has 28 days"),
        ("1900-02-29", "1900-02-29: February 1900 has 28 days"),
        ("2000-02-30", "2000-02-30: February 2000 has 29 days"),
        ("1990-06-00", "1990-06-00: June 1990 has 30 days"),
        ("1990-13-01", "1990-13: a year has the months 01 to 12"),
        ("1990-00-01", "1990-00: a year has the months 01 to 12"),
        ("1899-12-31", "1899 is outside the years 1900 to 2100"),
        ("2101-01-01", "2101 is outside the years 1900 to 2100"),
        (
            "1990/06/15",
            "\"1990/06/15\" is not a date: write it YYYY-MM-DD, as in 1990-06-15",
        ),
        (
            "1990-6-15",
            "\"1990-6-15\" is not a date: write it YYYY-MM-DD, as in 1990-06-15",
        ),
        (
            "+990-06-15",
            "\"+990-06-15\" is not a date: write it YYYY-MM-DD, as in 1990-06-15",
        ),
        (
            "1990-06-15-",
            "\"1990-06-15-\" is not a date: write it YYYY-MM-DD, as in 1990-06-15",
        ),
        (
            "一九九〇",
            "\"一九九〇\" is not a date: write it YYYY-MM-DD, as in 1990-06-15",
        ),
        (
            "",
            "\"\" is not a date: write it YYYY-MM-DD, as in 1990-06-15",
        ),
    ] {
        assert_eq!(refused(date, "12:30"), (Field::Date, message.to_owned()));
    }
}

#[test]
fn what_is_wrong_with_a_time_is_said() {
    for (time, message) in [
        (
            "24:00",
            "24:00:00: a time lies between 00:00:00 and 23:59:59",
        ),
        (
            "12:60",
            "12:60:00: a time lies between 00:00:00 and 23:59:59",
        ),
        (
            "12:30:60",
            "12:30:60: a time lies between 00:00:00 and 23:59:59",
        ),
        (
            "1230",
            "\"1230\" is not a time: write it HH:MM or HH:MM:SS, as in 12:30",
        ),
        (
            "9:30",
            "\"9:30\" is not a time: write it HH:MM or HH:MM:SS, as in 12:30",
        ),
        (
            "12:30:",
            "\"12:30:\" is not a time: write it HH:MM or HH:MM:SS, as in 12:30",
        ),
        (
            "12:30:00:00",
            "\"12:30:00:00\" is not a time: write it HH:MM or HH:MM:SS, as in 12:30",
        ),
    ] {
        assert_eq!(
            refused("1990-06-15", time),
            (Field::Time, message.to_owned())
        );
    }
}

#[test]
fn genders_and_modes_are_read() {
    for (text, gender) in [
        ("male", Gender::Male),
        ("男", Gender::Male),
        ("female", Gender::Female),
        ("女", Gender::Female),
    ] {
        assert_eq!(text.parse::<Gender>().unwrap(), gender);
    }
    let error = "Male".parse::<Gender>().unwrap_err();
    assert_eq!(error.field(), Field::Gender);
    assert_eq!(
        error.to_string(),
        "\"Male\" is not a gender: write male or female"
    );
    assert_eq!("late".parse::<ZiMode>().unwrap(), ZiMode::Late);
    assert_eq!("next_day".parse::<ZiMode>().unwrap(), ZiMode::default());
    let error = "early".parse::<ZiMode>().unwrap_err();
    assert_eq!(error.field(), Field::ZiMode);
}

#[test]
fn a_long_input_is_quoted_in_part() {
    let long = "子".repeat(10_000);
    assert_eq!(
        CivilTime::parse(&long, ""),
        Err(Error::DateSyntax {
            text: "子".repeat(32)
        })
    );
}

proptest! {
    #[test]
    fn arbitrary_text_is_refused(date in any::<String>(), time in any::<String>()) {
        prop_assert!(CivilTime::parse(&date, &time).is_err());
        prop_assert!(CivilTime::parse("1990-06-15", &time).is_err());
    }

    #[test]
    fn what_is_almost_a_date_is_read_back_or_refused(date in "[0-9]{3,5}-?[0-9]{1,3}-?[0-9]{1,3}", time in "[0-9]{1,3}:[0-9]{1,3}(:[0-9]{1,3})?") {
        match CivilTime::parse(&date, &time) {
            Ok(parsed) => prop_assert!(parsed.date().to_string() == date),
            Err(error) => prop_assert!(matches!(error.field(), Field::Date | Field::Time)),
        }
    }

    /// Whatever numbers are accepted have a chart, and it is written back as read.
    #[test]
    fn every_accepted_time_has_a_chart(date in any::<(u16, u8, u8)>(), year in 1850..2150_u16, time in any::<(u8, u8, u8)>()) {
        for (year, month, day) in [date, (year, date.1 % 14, date.2 % 33)] {
            let Ok(date) = Date::new(year, month, day) else { continue };
            let (hour, minute, second) = time;
            let Ok(time) = TimeOfDay::new(hour % 26, minute % 62, second % 62) else { continue };
            let time = CivilTime::new(date, time);
            for zi_mode in [ZiMode::NextDay, ZiMode::Late] {
                let chart = Chart::new(time, Gender::Female, Options { zi_mode }).unwrap();
                prop_assert_eq!(chart.basic.time, time);
            }
            let again = CivilTime::parse(&time.date().to_string(), &time.time().to_string());
            prop_assert_eq!(again, Ok(time));
        }
    }
}
