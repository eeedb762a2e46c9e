//! The time of day as text, made once a second and not once a request.

use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use jiff::{Timestamp, tz::TimeZone};
use nix::time::{ClockId, clock_gettime};

use crate::buffer::lock;

/// One second, in the forms that headers and logs want.
#[derive(Debug, Default)]
pub(crate) struct Second {
    /// Unix time.
    unix: u64,
    /// As in the Date header (RFC 9110 §5.6.7).
    pub(crate) http: String,
    /// As nginx's `$time_local`.
    pub(crate) local: String,
    /// As nginx's `$time_iso8601`.
    pub(crate) iso: String,
}

/// A worker's clock.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    second: Mutex<Arc<Second>>,
}

impl Clock {
    /// The current second, and Unix time in milliseconds; exact to the kernel's tick, as nginx's.
    pub(crate) fn now(&self) -> (Arc<Second>, u64) {
        let now = clock_gettime(ClockId::CLOCK_REALTIME_COARSE).map_or(Duration::ZERO, Into::into);
        let mut second = lock(&self.second);
        if second.unix != now.as_secs() {
            *second = Arc::new(Second::at(now.as_secs()));
        }
        let millis = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        (Arc::clone(&second), millis)
    }
}

impl Second {
    fn at(unix: u64) -> Self {
        let time = Timestamp::from_second(i64::try_from(unix).unwrap_or_default());
        let local = time.unwrap_or_default().to_zoned(TimeZone::system());
        Self {
            unix,
            http: httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(unix)),
            local: local.strftime("%d/%b/%Y:%H:%M:%S %z").to_string(),
            iso: local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        }
    }
}
