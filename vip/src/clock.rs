//! What time it is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::time::{ClockId, clock_gettime};
use vrrp::Moment;

/// The time since the machine was started, also that which it has slept through.
pub(crate) fn now() -> Moment {
    let since = clock_gettime(ClockId::CLOCK_BOOTTIME).map(Duration::from);
    Moment::after_start(since.unwrap_or_default())
}

/// The time since the Unix epoch, which may step.
pub(crate) fn wall() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}
