//! Waiting for a server or something else, with an eye on the client.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use edge_core::failure::Failure;

use super::body::Streamed;
use crate::buffer::{Buffer, Buffers};
use crate::client::Client;
use crate::pool::Connection;
use crate::timer::Patience;

/// What happened while a server was being waited for.
pub(super) enum Waited {
    /// It sent something, ended the connection (0), or time ran out.
    Read(io::Result<usize>),
    /// The client has left.
    Gone,
}

/// Waits until the server sends something, the client leaves, or `patience` is over; meanwhile it
/// passes on the rest of a request that is streamed.
///
/// Without a `client` nobody minds that it leaves.
pub(super) async fn wait(
    connection: &mut Connection,
    buffer: &mut Buffer,
    mut client: Option<&mut Client>,
    buffers: &Buffers,
    patience: Duration,
    mut rest: Option<&mut Streamed>,
) -> Waited {
    let mut patience = Patience::new(patience);
    poll_fn(|cx| {
        if let Poll::Ready(result) = buffer.poll_fill(&mut connection.stream, cx) {
            connection.traffic.1 += *result.as_ref().unwrap_or(&0) as u64;
            return Poll::Ready(Waited::Read(result));
        }
        let gone = match (&mut client, &mut rest) {
            (Some(client), Some(rest)) if !rest.is_sent() => rest
                .poll_pass_on(cx, client, connection, buffers)
                .is_ready(),
            (Some(client), _) => client.poll_gone(cx, buffers).is_ready(),
            (None, _) => false,
        };
        if gone {
            return Poll::Ready(Waited::Gone);
        }
        patience
            .poll_over(&mut connection.timer, cx)
            .map(|error| Waited::Read(Err(error)))
    })
    .await
}

/// What comes of `future`, unless the client leaves first. What it sends meanwhile is kept.
pub(super) async fn unless_gone<T>(
    client: &mut Client,
    buffers: &Buffers,
    future: impl Future<Output = T>,
) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        if let Poll::Ready(result) = future.as_mut().poll(cx) {
            return Poll::Ready(Some(result));
        }
        client.poll_gone(cx, buffers).map(|()| None)
    })
    .await
}

/// Which failure it is that reading ended with this error.
pub(super) fn of_reading(error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::TimedOut {
        Failure::ReadTimeout
    } else {
        Failure::ReadError
    }
}
