//! Deadlines that cost nothing while they are kept.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use nix::sys::time::TimeSpec;
use nix::time::ClockId;
use tokio::time::Sleep;

/// The timer of one side of a connection.
///
/// A deadline moves with every read and write, and is nearly always kept. So the timer is armed
/// once and left alone as deadlines move away from it; when it rings it is armed for the deadline
/// of that moment. Only a deadline that is nearer than the armed one touches the runtime's wheel.
#[derive(Debug, Default)]
pub(crate) struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timer {
    /// Ready with an error when `deadline` has passed; call it whenever IO is pending.
    pub(crate) fn poll_expired(
        &mut self,
        cx: &mut Context<'_>,
        deadline: Instant,
    ) -> Poll<io::Error> {
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline.into())));
        if sleep.deadline() > deadline.into() {
            sleep.as_mut().reset(deadline.into());
        }
        while sleep.as_mut().poll(cx).is_ready() {
            if sleep.deadline() >= deadline.into() {
                // The next deadline is later than this one.
                self.sleep = None;
                return Poll::Ready(io::ErrorKind::TimedOut.into());
            }
            sleep.as_mut().reset(deadline.into());
        }
        Poll::Pending
    }
}

/// How long one step may take, from the moment at which it first has to wait: a step that need not
/// wait asks for no time at all.
#[derive(Debug)]
pub(crate) struct Patience {
    length: Duration,
    deadline: Option<Instant>,
}

impl Patience {
    /// Patience for a step that begins now.
    pub(crate) fn new(length: Duration) -> Self {
        Self {
            length,
            deadline: None,
        }
    }

    /// Patience for a step that has begun.
    pub(crate) fn since(start: Instant, length: Duration) -> Self {
        Self {
            length,
            deadline: start.checked_add(length),
        }
    }

    /// Patience that never ends.
    pub(crate) fn endless() -> Self {
        Self::new(Duration::MAX)
    }

    /// Ready with an error when it is over; call it whenever IO is pending.
    pub(crate) fn poll_over(&mut self, timer: &mut Timer, cx: &mut Context<'_>) -> Poll<io::Error> {
        let deadline = match self.deadline {
            Some(deadline) => deadline,
            None => match recent().checked_add(self.length) {
                Some(deadline) => *self.deadline.insert(deadline),
                None => return Poll::Pending,
            },
        };
        timer.poll_expired(cx, deadline)
    }
}

/// The time, up to two of the kernel's ticks late and never early: enough for a deadline, and read at
/// a tenth of what the exact time costs.
fn recent() -> Instant {
    const COARSE: ClockId = ClockId::CLOCK_MONOTONIC_COARSE;
    static START: LazyLock<Option<(Instant, TimeSpec)>> = LazyLock::new(|| {
        let (now, coarse) = (Instant::now(), COARSE.now().ok()?);
        Some((now + Duration::from(COARSE.res().ok()?), coarse))
    });
    let passed = |start: TimeSpec| Some(Duration::from(COARSE.now().ok()? - start));
    let recent = START.and_then(|(now, start)| now.checked_add(passed(start)?));
    recent.unwrap_or_else(Instant::now)
}
