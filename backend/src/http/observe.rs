//! What surrounds every request: its id, the time it took, the access log, the metrics, and the
//! end of a panic.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

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
    // Probes and scrapers come every few seconds and are counted: their good news is not logged.
    if code >= 400 || !PROBES.contains(&route) {
        tracing::info!(
            target: "access",
            {
                http.method = method,
                url.path = %path,
                http.route = route,
                http.code = code,
                duration_us = took.as_micros(),
                request.id = ?id,
            },
            "request"
        );
    }
    headers.insert(REQUEST_ID, id);
    web.metrics.http(method, route, code, took);
    response
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use store::{Cache, Database, Location};
    use tower::ServiceExt;

    use super::*;
    use crate::client::Client;
    use crate::metrics::Metrics;
    use crate::monitor::Monitor;
    use crate::service::ByService;

    #[tokio::test]
    async fn a_panic_is_an_internal_error_that_tells_nothing() {
        let database = Database::open(&Location::Memory).await.unwrap();
        let nowhere = ByService::from_fn(|_| "http://127.0.0.1:1".parse().unwrap());
        let client = Client::new(&nowhere);
        let web = Web {
            monitor: Monitor::new(database.clone(), client.clone()),
            client,
            cache: Cache::new(0, Duration::ZERO),
            database,
            metrics: Metrics::new().unwrap(),
            max_body: 0,
        };
        let router = Router::new()
            .route("/", get(async || -> () { panic!("a secret") }))
            .layer(from_fn_with_state(Arc::new(web), observe));
        let request = Request::get("/").body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), 500);
        assert!(response.headers().contains_key(REQUEST_ID));
        let body = to_bytes(response.into_body(), 1000).await.unwrap();
        let refusal = r#"{"success":false,"error":"internal error","error_type":"internal_error"}"#;
        assert_eq!(body, refusal);
    }
}
