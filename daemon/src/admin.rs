//! The small HTTP/1 server behind an admin port.
//!
//! `GET /metrics` is built in; every other request goes to one handler, with its body read (up to
//! [`BODY_LIMIT`]) and within [`PATIENCE`]. A client that is slow, sends too much or leaves costs its
//! own connection only, and so does a handler that panics.

mod stream;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

pub use self::stream::stream;
use crate::metrics::{self, Metrics};

/// The body of a response: a whole one from [`json`] or [`text`], or a [`stream`].
pub type Body = UnsyncBoxBody<Bytes, Infallible>;

/// An admin port that is bound but does not answer yet.
#[derive(Debug)]
pub struct AdminServer {
    listener: TcpListener,
}

impl AdminServer {
    /// Binds the port, so that a port in use is noticed before anything else starts.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        Ok(Self {
            listener: TcpListener::bind(address).await?,
        })
    }

    /// Takes over a listener that was bound elsewhere; it must be non-blocking.
    pub fn from_std(listener: std::net::TcpListener) -> io::Result<Self> {
        Ok(Self {
            listener: TcpListener::from_std(listener)?,
        })
    }

    /// The address that was bound, with its port when port 0 was asked for.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers requests until `stop` is done, and after that those under way; open connections end when
    /// this future is dropped.
    pub async fn serve<H, F>(self, metrics: Metrics, handler: H, stop: impl Future<Output = ()>)
    where
        H: Fn(Request<Bytes>) -> F + Send + Sync + 'static,
        F: Future<Output = Response<Body>> + Send,
    {
        let mut stop = pin!(stop);
        let shared = Arc::new((metrics, handler));
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let mut connections = JoinSet::new();
        let (stopping, stopped) = watch::channel(());
        loop {
            let accepted = tokio::select! {
                () = &mut stop => break,
                accepted = self.listener.accept() => accepted,
            };
            while connections.try_join_next().is_some() {}
            let Ok((stream, _)) = accepted else {
                // Out of descriptors, most likely: accepting again at once would only spin.
                sleep(Duration::from_millis(100)).await;
                continue;
            };
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                continue;
            };
            let shared = Arc::clone(&shared);
            let mut stopped = stopped.clone();
            connections.spawn(async move {
                let (metrics, handler) = &*shared;
                let stopped = async move { drop(stopped.changed().await) };
                converse(stream, metrics, handler, stopped).await;
                drop(place);
            });
        }
        drop(self);
        drop(stopping);
        while connections.join_next().await.is_some() {}
    }
}

/// Serves one connection until either side ends it; after `stopped` there are no further requests.
async fn converse<H, F>(
    stream: TcpStream,
    metrics: &Metrics,
    handler: &H,
    stopped: impl Future<Output = ()>,
) where
    H: Fn(Request<Bytes>) -> F,
    F: Future<Output = Response<Body>>,
{
    let service =
        service_fn(async |request| Ok::<_, Infallible>(respond(request, metrics, handler).await));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // A script that has sent all it has to say may close its side and still wait for the answer.
        .half_close(true)
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = stopped => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "an admin connection ended early");
    }
}

async fn respond<H, F>(request: Request<Incoming>, metrics: &Metrics, handler: &H) -> Response<Body>
where
    H: Fn(Request<Bytes>) -> F,
    F: Future<Output = Response<Body>>,
{
    if request.uri().path() == "/metrics" {
        return match *request.method() {
            Method::GET | Method::HEAD => exposition(metrics),
            _ => not_allowed("GET, HEAD"),
        };
    }
    let (parts, body) = request.into_parts();
    match timeout(PATIENCE, Limited::new(body, BODY_LIMIT).collect()).await {
        Ok(Ok(body)) => handler(Request::from_parts(parts, body.to_bytes())).await,
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let message = format!("the body is longer than {BODY_LIMIT} bytes");
            failure(StatusCode::PAYLOAD_TOO_LARGE, &message)
        }
        Ok(Err(_)) => failure(StatusCode::BAD_REQUEST, "the body cannot be read"),
        Err(_) => failure(StatusCode::REQUEST_TIMEOUT, "the body took too long"),
    }
}

fn exposition(metrics: &Metrics) -> Response<Body> {
    match metrics.encode() {
        Ok(text) => whole(StatusCode::OK, metrics::CONTENT_TYPE, text),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written");
            failure(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the metrics cannot be written",
            )
        }
    }
}

/// A response with `value` as JSON.
pub fn json(status: StatusCode, value: &impl Serialize) -> Response<Body> {
    match serde_json::to_string(value) {
        Ok(text) => whole(status, "application/json", text),
        Err(error) => {
            tracing::error!(%error, "an answer cannot be written as JSON");
            text(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the answer cannot be written as JSON\n",
            )
        }
    }
}

/// A response of plain text.
pub fn text(status: StatusCode, text: impl Into<Bytes>) -> Response<Body> {
    whole(status, "text/plain; charset=utf-8", text)
}

/// A refusal: `{"success": false, "error": message}`.
pub fn failure(status: StatusCode, message: &str) -> Response<Body> {
    json(
        status,
        &serde_json::json!({ "success": false, "error": message }),
    )
}

/// The refusal of a path that leads nowhere.
pub fn not_found() -> Response<Body> {
    failure(StatusCode::NOT_FOUND, "there is nothing at this path")
}

/// The refusal of a method; `allowed` goes into the `Allow` header.
pub fn not_allowed(allowed: &'static str) -> Response<Body> {
    let message = format!("this path answers {allowed} only");
    let mut response = failure(StatusCode::METHOD_NOT_ALLOWED, &message);
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

/// A response whose body is known.
pub fn whole(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Full::new(body.into()).boxed_unsync());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// The longest body a handler is given: a command, not an upload.
pub const BODY_LIMIT: usize = 64 * 1024;

/// How long a client may take to send a header or a body, or keep an idle connection.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Most connections at once; more are closed at once. Dashboards and scrapers need a handful.
const CONNECTIONS: usize = 256;

#[cfg(test)]
mod tests;
