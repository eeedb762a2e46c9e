//! The edge of this machine: asked over a connection that is held, so that its end is seen when it happens.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::FutureExt as _;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1::{Connection, SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};

use super::{AGAIN, Look};
use crate::config::Track;

type Line = (
    SendRequest<Empty<Bytes>>,
    Connection<TokioIo<TcpStream>, Empty<Bytes>>,
);

/// Looks at the edge until nobody listens any more.
pub(super) async fn watch(address: SocketAddr, track: &Track, tell: impl AsyncFn(Look) -> bool) {
    loop {
        let begun = Instant::now();
        let look = match timeout(track.timeout, connect(address)).await {
            Ok(Ok(line)) => match hold(line, address, track, &tell).await {
                // It has ended: whether another process goes on is seen at once.
                Some(()) => continue,
                None => return,
            },
            // Nobody listens where it did.
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => Look::Gone,
            Ok(Err(_)) | Err(_) => Look::Bad,
        };
        if !tell(look).await {
            return;
        }
        sleep_until(begun + track.interval.max(AGAIN)).await;
    }
}

async fn connect(address: SocketAddr) -> io::Result<Line> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)
}

/// Asks over one connection until that ends, or nobody listens any more.
async fn hold(
    (mut sender, connection): Line,
    address: SocketAddr,
    track: &Track,
    tell: &impl AsyncFn(Look) -> bool,
) -> Option<()> {
    tokio::pin!(connection);
    let mut answered = false;
    loop {
        let begun = Instant::now();
        let asked = timeout(track.timeout, ready(&mut sender, address));
        tokio::pin!(asked);
        let mut ended = false;
        let asked = tokio::select! {
            biased;
            asked = &mut asked => Some(asked),
            _ = &mut connection => {
                ended = true;
                // An answer that came with the end of the connection counts.
                asked.now_or_never()
            }
        };
        let look = match asked {
            Some(Ok(Ok(status))) => Look::from(status.is_success()),
            Some(Ok(Err(_))) | None if answered => return Some(()),
            Some(Ok(Err(_)) | Err(_)) | None => Look::Bad,
        };
        if !tell(look).await {
            return None;
        }
        if look == Look::Bad || ended {
            // Whatever is late on this connection is not waited for. Of one that has ended before it was of any
            // use the other end may be about to go: that is seen at the next attempt.
            let again = if ended && !answered {
                AGAIN
            } else {
                pause(track)
            };
            sleep_until(begun + again).await;
            return Some(());
        }
        answered = true;
        tokio::select! {
            _ = &mut connection => return Some(()),
            () = sleep_until(begun + pause(track)) => {}
        }
    }
}

fn pause(track: &Track) -> Duration {
    track.interval.max(AGAIN)
}

async fn ready(
    sender: &mut SendRequest<Empty<Bytes>>,
    address: SocketAddr,
) -> Result<StatusCode, hyper::Error> {
    sender.ready().await?;
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = http::Uri::from_static("/ready");
    if let Ok(host) = address.to_string().parse() {
        request.headers_mut().insert(http::header::HOST, host);
    }
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    answer.into_body().collect().await?;
    Ok(status)
}
