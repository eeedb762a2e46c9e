//! The arithmetic of VRRP's timers.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How many adverts in a row may be missing before somebody else takes over (RFC 9568 §6.1).
pub const DOWN: u32 = 3;

/// What a version of VRRP measures the skew with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Skew {
    /// VRRPv2: a second, whatever the interval is (RFC 3768 §6.1).
    Second,
    /// VRRPv3: the interval of the master (RFC 9568 §6.1).
    Interval,
}

impl Skew {
    /// `Skew_Time`: by how much longer a router waits for its priority, so that the highest one is the
    /// first to take over.
    pub fn of(self, priority: u8, interval: Duration) -> Duration {
        let whole = match self {
            Self::Second => Duration::from_secs(1),
            Self::Interval => interval,
        };
        whole * (256 - u32::from(priority)) / 256
    }

    /// `Active_Down_Interval`: how long the master may be silent.
    pub fn down(self, priority: u8, interval: Duration) -> Duration {
        interval * DOWN + self.of(priority, interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_are_those_of_the_standards() {
        let second = Duration::from_secs(1);
        let tenth = Duration::from_millis(100);
        assert_eq!(Skew::Interval.of(90, second).as_millis(), 648);
        assert_eq!(Skew::Interval.down(90, second).as_millis(), 3648);
        assert_eq!(Skew::Interval.of(90, tenth).as_micros(), 64_843);
        assert_eq!(Skew::Interval.of(255, tenth).as_micros(), 390);
        assert_eq!(Skew::Second.of(90, second * 3).as_millis(), 648);
        assert_eq!(Skew::Second.down(90, second * 3).as_millis(), 9648);
    }
}
