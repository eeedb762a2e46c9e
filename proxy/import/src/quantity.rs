//! Durations and sizes as nginx reads them, in the words of the edge.

use std::time::Duration;

use settings::Period;

/// A duration: a number alone is of seconds, and there are weeks, months and years.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let letters = after
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let number: u32 = number.parse().ok()?;
        let unit = match unit {
            "ms" => Duration::from_millis(1),
            "" | "s" => Duration::from_secs(1),
            "m" => Duration::from_mins(1),
            "h" => Duration::from_hours(1),
            "d" => Duration::from_hours(24),
            "w" => Duration::from_hours(7 * 24),
            "M" => Duration::from_hours(30 * 24),
            "y" => Duration::from_hours(365 * 24),
            _ => return None,
        };
        total = total.checked_add(unit.checked_mul(number)?)?;
        rest = after.trim_start();
    }
    Some(total)
}

/// The same as it is written for the edge: as it stands if that means the same there.
pub(crate) fn period(text: &str) -> Option<String> {
    let meant = duration(text)?;
    let text = text.trim();
    if text.parse::<Period>().is_ok_and(|same| same.0 == meant) {
        return Some(text.to_owned());
    }
    Some(written(meant))
}

/// A duration in the largest unit that it is whole in; up to two minutes are seconds, as people write
/// them.
pub(crate) fn written(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if duration.subsec_millis() == 0 && seconds > 0 {
        if seconds.is_multiple_of(86_400) {
            return format!("{}d", seconds / 86_400);
        }
        if seconds <= 120 || !seconds.is_multiple_of(3600) {
            return format!("{seconds}s");
        }
    }
    Period(duration).to_string()
}

/// A size in bytes.
pub(crate) fn bytes(text: &str) -> Option<u64> {
    text.trim()
        .parse::<settings::Size>()
        .ok()
        .map(|size| size.0)
}

#[cfg(test)]
mod tests {
    use super::{bytes, period};

    #[test]
    fn quantities_keep_their_form_where_it_means_the_same() {
        for (text, expected) in [
            ("60", Some("60s")),
            ("60s", Some("60s")),
            ("1h30m", Some("1h30m")),
            ("1m 30", Some("90s")),
            ("2w", Some("14d")),
            ("1y", Some("365d")),
            ("500ms", Some("500ms")),
            ("300", Some("300s")),
            ("0", Some("0s")),
            ("", None),
            ("x", None),
            ("-1", None),
        ] {
            assert_eq!(period(text).as_deref(), expected, "{text}");
        }
        assert_eq!(bytes("10m"), Some(10 << 20));
        assert_eq!(bytes("x"), None);
    }
}
