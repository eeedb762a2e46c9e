//! Rate limits: how often something may happen (nginx's `limit_req`).
//!
//! The generic cell rate algorithm (ITU-T I.371): all that is remembered of a key is the moment at
//! which its next request would be exactly on time. A request that comes before it has come too
//! early by so much; the `burst` says how much of that is borne, and what is borne is waited out
//! unless it is within the part that is served at once. That is nginx's leaky bucket with an exact
//! clock: nginx counts in thousandths of a request and milliseconds.
//!
//! In any window of length t at most `1 + burst + rate · t` requests pass.

mod table;

use std::str::FromStr;
use std::time::Duration;

pub use self::table::Table;

/// How often something may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// From one to the next, in nanoseconds.
    interval: u64,
}

/// Text that is no rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadRate {
    /// It is not a number and a unit of time.
    #[error("is not a rate such as 10/s, 30/m or 100/h")]
    Syntax,
    /// Nothing would ever happen.
    #[error("never lets anything pass")]
    Zero,
    /// So often that it is no limit.
    #[error("is more than a million in a second")]
    TooOften,
}

impl FromStr for Rate {
    type Err = BadRate;

    /// `10/s`, and as nginx writes it, `10r/s`.
    fn from_str(text: &str) -> Result<Self, BadRate> {
        let (number, unit) = text.split_once('/').ok_or(BadRate::Syntax)?;
        let unit = match unit {
            "s" => Duration::from_secs(1),
            "m" => Duration::from_mins(1),
            "h" => Duration::from_hours(1),
            "d" => Duration::from_hours(24),
            _ => return Err(BadRate::Syntax),
        };
        let number = number.strip_suffix('r').unwrap_or(number);
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(BadRate::Syntax);
        }
        let number: u64 = number.parse().map_err(|_| BadRate::Syntax)?;
        if number == 0 {
            return Err(BadRate::Zero);
        }
        // Rounded up, so that never more pass than it says.
        let interval = nanos(unit).div_ceil(number);
        if interval < 1000 {
            return Err(BadRate::TooOften);
        }
        Ok(Self { interval })
    }
}

/// How much of what comes too early is borne, in requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Burst {
    /// How many may come early.
    pub size: u32,
    /// How many of these are served at once; the others wait for their time (nginx's `delay`).
    pub at_once: u32,
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on.
    Pass,
    /// It goes on after so long.
    Delay(Duration),
    /// It is refused; one that comes after so long is not.
    Refuse(Duration),
}

/// What is remembered of one key: when the next request would be on time, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Meter {
    due: u64,
}

impl Meter {
    /// What would become of a request at `now`, of which nothing is remembered yet.
    fn judge(self, rate: Rate, burst: Burst, now: u64) -> Verdict {
        let early = self.due.saturating_sub(now);
        let of = |requests: u32| rate.interval.saturating_mul(u64::from(requests));
        let borne = of(burst.size);
        if early > borne {
            return Verdict::Refuse(Duration::from_nanos(early - borne));
        }
        match early.saturating_sub(of(burst.at_once)) {
            0 => Verdict::Pass,
            delay => Verdict::Delay(Duration::from_nanos(delay)),
        }
    }

    /// With a request more.
    fn with_one(self, rate: Rate, now: u64) -> Self {
        Self {
            due: self.due.max(now).saturating_add(rate.interval),
        }
    }

    /// The same number of requests at another rate.
    fn retuned(self, (old, new): (Rate, Rate), now: u64) -> Self {
        let early = u128::from(self.due.saturating_sub(now));
        let early = early * u128::from(new.interval) / u128::from(old.interval);
        let early = u64::try_from(early).unwrap_or(u64::MAX);
        Self {
            due: now.saturating_add(early),
        }
    }

    /// Whether it says as much as none.
    fn is_over(self, now: u64) -> bool {
        self.due <= now
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
