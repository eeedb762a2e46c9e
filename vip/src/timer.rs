//! Waking up on time.
//!
//! A timer of the kernel on the very clock that routers live by: it is exact to microseconds, and wakes the
//! daemon once, where a timer of the runtime, which is made for many, wakes it twice.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};

use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use tokio::io::unix::AsyncFd;
use vrrp::Moment;

use crate::net::registered;

/// One alarm.
#[derive(Debug)]
pub(crate) struct Timer {
    kernel: TimerFd,
    ready: AsyncFd<OwnedFd>,
    /// What it is set to.
    due: Option<Moment>,
}

impl Timer {
    pub(crate) fn new() -> io::Result<Self> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let kernel = TimerFd::new(ClockId::CLOCK_BOOTTIME, flags)?;
        let ready = registered(kernel.as_fd().try_clone_to_owned()?)?;
        Ok(Self {
            kernel,
            ready,
            due: None,
        })
    }

    /// Waits until `due`, or for ever.
    pub(crate) async fn wait(&mut self, due: Option<Moment>) {
        let Some(due) = due else {
            return std::future::pending().await;
        };
        if self.due != Some(due) {
            let at = TimeSpec::from_duration(due.since_start());
            let flags = TimerSetTimeFlags::TFD_TIMER_ABSTIME;
            if let Err(error) = self.kernel.set(Expiration::OneShot(at), flags) {
                tracing::error!(%error, "the timer cannot be set");
            }
            self.due = Some(due);
        }
        if let Ok(mut ready) = self.ready.readable().await {
            // What it counts does not matter; it may have been set anew in the meantime.
            if self.kernel.wait().is_ok() {
                self.due = None;
            }
            ready.clear_ready();
        }
    }
}
