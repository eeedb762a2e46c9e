//! Deadlines that cost nothing while they are kept.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

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
