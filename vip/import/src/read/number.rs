//! Numbers and times, as keepalived writes them.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use super::Said;
use crate::finding::{Findings, Severity};
use crate::syntax::Statement;

/// A whole number within bounds, or a finding that says which they are.
pub(super) fn whole<T: FromStr + PartialOrd + Display>(
    statement: &Statement,
    bounds: RangeInclusive<T>,
    findings: &mut Findings,
) -> Option<Said<T>> {
    let number = statement.word().parse().ok();
    let number = number.filter(|number| bounds.contains(number));
    if number.is_none() {
        let (low, high) = (bounds.start(), bounds.end());
        invalid(
            statement,
            &format!("a number from {low} to {high}"),
            findings,
        );
    }
    Some(Said::new(number?, statement))
}

/// A time in seconds, of which there may be parts (`0.92`).
pub(super) fn seconds(statement: &Statement, findings: &mut Findings) -> Option<Said<Duration>> {
    let time = parse_seconds(statement.word());
    if time.is_none() {
        invalid(statement, "a number of seconds", findings);
    }
    Some(Said::new(time?, statement))
}

/// Decimal seconds, to the millisecond.
pub(crate) fn parse_seconds(text: &str) -> Option<Duration> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(part) || (whole.is_empty() && part.is_empty()) {
        return None;
    }
    let whole: u64 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let mut milliseconds = 0;
    for (digit, unit) in part.bytes().zip([100, 10, 1]) {
        milliseconds += u64::from(digit - b'0') * unit;
    }
    // A year is more than anybody means, and keeps what is made of it from overflowing.
    (whole <= 31_536_000).then(|| Duration::from_millis(whole * 1000 + milliseconds))
}

fn invalid(statement: &Statement, expected: &str, findings: &mut Findings) {
    let (keyword, word) = (&statement.keyword, statement.word());
    let message = format!("`{keyword} {word}` is not {expected}; keepalived takes its default");
    findings.add(("invalid", Severity::Problem), &statement.at, message, "");
}
