//! Durations and sizes as nginx writes them: `"30s"`, `"250ms"`, `"1h30m"`, `"10M"`, `"4k"`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A length of time. Units `ms`, `s`, `m`, `h`, `d`; several may follow one another (`1m30s`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Period(pub Duration);

/// A number of bytes. Units `k`, `M`, `G` (1024-based, either case); none means bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Size(pub u64);

/// A quantity that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuantityError {
    found: String,
    expected: &'static str,
}

impl fmt::Display for QuantityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not {}", self.found, self.expected)
    }
}

impl std::error::Error for QuantityError {}

impl Period {
    /// How durations are described to whoever wrote something else.
    pub const FORM: &'static str = PERIOD;

    /// What somebody who wrote `text` for a duration most likely meant: `"10s"` for `"10"`,
    /// `"1500ms"` for `"1.5 seconds"`.
    pub fn meant(text: &str) -> Option<String> {
        let (number, unit) = decimal(text)?;
        let millis = match unit.to_ascii_lowercase().as_str() {
            "" | "s" | "sec" | "secs" | "second" | "seconds" => 1000.0,
            "ms" | "msec" | "msecs" | "millisecond" | "milliseconds" => 1.0,
            "m" | "min" | "mins" | "minute" | "minutes" => 60_000.0,
            "h" | "hr" | "hrs" | "hour" | "hours" => 3_600_000.0,
            "d" | "day" | "days" => 86_400_000.0,
            _ => return None,
        };
        let millis = whole(number * millis)?;
        Some(Self(Duration::from_millis(millis)).to_string())
    }
}

impl Size {
    /// How sizes are described to whoever wrote something else.
    pub const FORM: &'static str = SIZE;

    /// What somebody who wrote `text` for a size most likely meant: `"10M"` for `"10 MB"`.
    pub fn meant(text: &str) -> Option<String> {
        let (number, unit) = decimal(text)?;
        let bytes = match unit.to_ascii_lowercase().as_str() {
            "" | "b" | "byte" | "bytes" => 1.0,
            "k" | "kb" | "kib" => 1024.0,
            "m" | "mb" | "mib" => 1_048_576.0,
            "g" | "gb" | "gib" => 1_073_741_824.0,
            _ => return None,
        };
        whole(number * bytes).map(|bytes| Self(bytes).to_string())
    }
}

/// A number with a decimal point, and the word behind it.
fn decimal(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit.trim()))
}

fn whole(number: f64) -> Option<u64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range is checked first"
    )]
    let whole = (1.0..1e15).contains(&number).then(|| number.round() as u64);
    whole
}

const PERIOD: &str = "a duration such as \"30s\", \"250ms\" or \"1h30m\"";
const SIZE: &str = "a size such as \"10M\", \"4k\" or \"512\"";

impl FromStr for Period {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let wrong = || QuantityError {
            found: text.to_owned(),
            expected: PERIOD,
        };
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(wrong());
        }
        let mut total = Duration::ZERO;
        while !rest.is_empty() {
            let (number, unit, after) = split_quantity(rest).ok_or_else(wrong)?;
            let unit = match unit {
                "ms" => Duration::from_millis(1),
                "s" => Duration::from_secs(1),
                "m" => Duration::from_mins(1),
                "h" => Duration::from_hours(1),
                "d" => Duration::from_hours(24),
                _ => return Err(wrong()),
            };
            let number = u32::try_from(number).map_err(|_| wrong())?;
            let part = unit.checked_mul(number).ok_or_else(wrong)?;
            total = total.checked_add(part).ok_or_else(wrong)?;
            rest = after.trim_start();
        }
        Ok(Self(total))
    }
}

impl FromStr for Size {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let wrong = || QuantityError {
            found: text.to_owned(),
            expected: SIZE,
        };
        let (number, unit, rest) = split_quantity(text.trim()).ok_or_else(wrong)?;
        let unit: u64 = match unit {
            "" => 1,
            "k" | "K" => 1 << 10,
            "m" | "M" => 1 << 20,
            "g" | "G" => 1 << 30,
            _ => return Err(wrong()),
        };
        if !rest.is_empty() {
            return Err(wrong());
        }
        number.checked_mul(unit).map(Self).ok_or_else(wrong)
    }
}

/// Splits `"30s rest"` into the number, its unit (letters) and what follows.
fn split_quantity(text: &str) -> Option<(u64, &str, &str)> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, rest) = text.split_at(digits);
    let letters = rest
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(rest.len());
    let (unit, after) = rest.split_at(letters);
    Some((number.parse().ok()?, unit, after))
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        match millis {
            0 => f.write_str("0s"),
            _ if millis.is_multiple_of(3_600_000) => write!(f, "{}h", millis / 3_600_000),
            _ if millis.is_multiple_of(60_000) => write!(f, "{}m", millis / 60_000),
            _ if millis.is_multiple_of(1000) => write!(f, "{}s", millis / 1000),
            _ => write!(f, "{millis}ms"),
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("0"),
            n if n.is_multiple_of(1 << 30) => write!(f, "{}G", n >> 30),
            n if n.is_multiple_of(1 << 20) => write!(f, "{}M", n >> 20),
            n if n.is_multiple_of(1 << 10) => write!(f, "{}k", n >> 10),
            n => write!(f, "{n}"),
        }
    }
}

/// Reads a quantity from a string, or from a whole number where a bare one has a clear meaning.
struct Quantity<T>(&'static str, fn(u64) -> Option<T>);

impl<T: FromStr<Err = QuantityError>> Visitor<'_> for Quantity<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        let bare = u64::try_from(number).ok().and_then(self.1);
        bare.ok_or_else(|| E::invalid_value(de::Unexpected::Signed(number), &self))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        (self.1)(number).ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(number), &self))
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A bare 0 is a duration in any unit; any other bare number is not.
        let bare = |number| (number == 0).then(Self::default);
        deserializer.deserialize_any(Quantity(PERIOD, bare))
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Quantity(SIZE, |bytes| Some(Self(bytes))))
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Period {
    fn schema_name() -> Cow<'static, str> {
        "Period".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": PERIOD,
            "type": ["string", "integer"],
            "pattern": r"^\s*([0-9]+(ms|s|m|h|d)\s*)+$",
            "maximum": 0,
            "minimum": 0,
        })
    }
}

impl JsonSchema for Size {
    fn schema_name() -> Cow<'static, str> {
        "Size".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": SIZE,
            "type": ["string", "integer"],
            "pattern": "^[0-9]+[kKmMgG]?$",
            "minimum": 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_nginx_writes() {
        let period = |text: &str| text.parse::<Period>().map(|period| period.0.as_millis());
        assert_eq!(period("250ms"), Ok(250));
        assert_eq!(period("1m 30s"), Ok(90_000));
        assert_eq!(period("1h30m"), Ok(5_400_000));
        let size = |text: &str| text.parse::<Size>().map(|size| size.0);
        assert_eq!(size("10M"), Ok(10 << 20));
        assert_eq!(size("4k"), Ok(4096));
        assert_eq!(size("512"), Ok(512));
    }

    #[test]
    fn guesses_what_was_meant() {
        let period = |text| Period::meant(text).unwrap_or_default();
        for (text, meant) in [
            ("10", "10s"),
            ("1.5 seconds", "1500ms"),
            ("5 Min", "5m"),
            ("0", ""),
            ("soon", ""),
        ] {
            assert_eq!(period(text), meant, "{text}");
        }
        let size = |text| Size::meant(text).unwrap_or_default();
        for (text, meant) in [
            ("10MB", "10M"),
            ("1.5 MiB", "1536k"),
            ("4 kb", "4k"),
            ("-1", ""),
        ] {
            assert_eq!(size(text), meant, "{text}");
        }
    }

    #[test]
    fn refuses_what_has_no_one_meaning() {
        for text in ["", "30", "s", "-1s", "1.5s", "1y", "99999999999d", "5 s x"] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
        for text in ["", "M", "-1", "1.5M", "10MB", "99999999999G"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
        let error = serde_json::from_str::<Period>("30")
            .unwrap_err()
            .to_string();
        assert!(error.contains("expected a duration such as"), "{error}");
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(millis in 0u64..1_000_000_000, bytes in 0u64..(1 << 40)) {
            let period = Period(Duration::from_millis(millis));
            prop_assert_eq!(period.to_string().parse(), Ok(period));
            prop_assert_eq!(Size(bytes).to_string().parse(), Ok(Size(bytes)));
        }
    }
}
