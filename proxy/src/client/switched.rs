//! A connection on which another protocol than HTTP is spoken, or may be soon.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use super::Client;
use crate::buffer::{Buffer, Buffers};
use crate::stream::Stream;

impl Client {
    /// Reads what it has sent by now without waiting for it: see [`Client::has_sent_ahead`].
    pub(crate) async fn look_ahead(&mut self, buffers: &Buffers) {
        poll_fn(|cx| {
            // That it has left is noticed by whoever writes to it.
            let _gone = self.poll_gone(cx, buffers);
            Poll::Ready(())
        })
        .await;
    }

    /// What it has sent in advance.
    pub(crate) fn take_ahead(&mut self) -> Option<Buffer> {
        self.ahead.take()
    }

    /// Its bytes, from where [`Client::take_ahead`] ends.
    pub(crate) fn stream(&mut self) -> &mut Stream {
        &mut self.stream
    }

    /// How long it may take nothing of what is written to it.
    pub(crate) fn send_timeout(&self) -> Duration {
        self.terms.send_timeout
    }
}
