//! What surrounds every request: its id, the time it took, the access log, the metrics, and the
//! end of a panic.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use uuid::Uuid;

use super::{Failure, Web};

/// Answers a request, and notes that it did.
pub(super) async fn observe(
    State(web): State<Arc<Web>>,
    mut request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let id = given_id(request.headers()).unwrap_or_else(new_id);
    let method = known(request.method());
    let path = request.uri().path().to_owned();
    // Patterns, not paths: their number is bounded.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    request.headers_mut().insert(REQUEST_ID, id.clone());

    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let mut response = answered.unwrap_or_else(|_| {
        // The panic hook has printed where and why.
        tracing::error!(http.method = method, url.path = %path, request.id = ?id, "panicked");
        Failure::internal().into_response()
    });

    let took = began.elapsed();
    let code = response.status().as_u16();
    let headers = response.headers_mut();
    if headers
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind == "application/json")
    {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
    if let Ok(seconds) = HeaderValue::try_from(format!("{:.6}", took.as_secs_f64())) {
        headers.insert(PROCESS_TIME, seconds);
    }
    log(method, &path, route, code, took, &id);
    headers.insert(REQUEST_ID, id);
    web.metrics.http(method, route, code, took);
    response
}

/// Writes a line of the access log. Probes and scrapers come every few seconds, and say little.
fn log(method: &str, path: &str, route: &str, code: u16, took: Duration, id: &HeaderValue) {
    let duration_us = took.as_micros();
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                target: "access",
                {
                    http.method = method,
                    url.path = path,
                    http.route = route,
                    http.code = code,
                    duration_us,
                    request.id = ?id,
                },
                "request"
            )
        };
    }
    if PROBES.contains(&route) {
        line!(debug)
    } else {
        line!(info)
    }
}

/// The id that the client or the edge gave, if it is fit for a log.
fn given_id(headers: &HeaderMap) -> Option<HeaderValue> {
    let id = headers.get(REQUEST_ID)?;
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let fit = (1..=128).contains(&id.len()) && id.as_bytes().iter().all(word);
    fit.then(|| id.clone())
}

fn new_id() -> HeaderValue {
    HeaderValue::try_from(Uuid::now_v7().to_string())
        .unwrap_or_else(|_| HeaderValue::from_static("-"))
}

/// The methods that are counted under their own names.
fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];
    KNOWN
        .into_iter()
        .find(|known| *known == method.as_str())
        .unwrap_or("other")
}

const PROBES: [&str; 5] = [
    "/health",
    "/api/v1/health",
    "/api/v1/health/live",
    "/api/v1/health/ready",
    "/metrics",
];
const PROCESS_TIME: HeaderName = HeaderName::from_static("x-process-time");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
