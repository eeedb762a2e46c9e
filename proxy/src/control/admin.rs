//! The admin port's answers.

mod log;
mod upstreams;

use std::sync::Arc;
use std::time::{Instant, UNIX_EPOCH};

use bytes::Bytes;
use daemon::admin::{Body, failure, json, not_allowed, not_found, text};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::json;

use super::Control;

/// Answers one request of an operator.
pub(super) async fn answer(control: Arc<Control>, request: Request<Bytes>) -> Response<Body> {
    let get = matches!(*request.method(), Method::GET | Method::HEAD);
    match (request.uri().path(), get) {
        ("/health", true) => text(StatusCode::OK, "ok\n"),
        ("/ready", true) => ready(&control),
        ("/api/v1/config", true) => config(&control),
        ("/api/v1/upstreams", true) => upstreams::list(&control),
        ("/api/v1/log", true) => log::show(&control.log.handle),
        ("/api/v1/log", false) if *request.method() == Method::PATCH => {
            log::change(&control.log.handle, request.body())
        }
        ("/api/v1/log", false) if *request.method() == Method::DELETE => {
            log::reset(&control.log.handle)
        }
        ("/api/v1/log", false) => not_allowed("GET, HEAD, PATCH, DELETE"),
        (path, false) if *request.method() == Method::PATCH => {
            match path.strip_prefix("/api/v1/upstreams/") {
                Some(server) => match control.refusal() {
                    Ok(()) => upstreams::change(&control, server, request.body()),
                    Err(reason) => failure(StatusCode::CONFLICT, &reason),
                },
                None => not_found(),
            }
        }
        ("/api/v1/reload", false) if *request.method() == Method::POST => reload(&control).await,
        ("/api/v1/upgrade", false) if *request.method() == Method::POST => upgrade(&control).await,
        ("/api/v1/reload" | "/api/v1/upgrade", _) => not_allowed("POST"),
        ("/health" | "/ready" | "/api/v1/config" | "/api/v1/upstreams", false) => {
            not_allowed("GET, HEAD")
        }
        _ => not_found(),
    }
}

/// Whether requests are accepted and at least one route has a live upstream.
fn ready(control: &Control) -> Response<Body> {
    let now = Instant::now();
    let snapshot = control.edge.live.load();
    if control.edge.is_draining() {
        text(StatusCode::SERVICE_UNAVAILABLE, "draining\n")
    } else if snapshot
        .upstreams
        .iter()
        .any(|upstream| upstream.servers.is_up(now))
    {
        text(StatusCode::OK, "ready\n")
    } else {
        text(
            StatusCode::SERVICE_UNAVAILABLE,
            "no upstream has a live server\n",
        )
    }
}

fn config(control: &Control) -> Response<Body> {
    let state = control.edge.live.state();
    let unix = |time: std::time::SystemTime| {
        time.duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs_f64()
    };
    let config = json!({
        "path": control.edge.path,
        "generation": state.generation,
        "since": unix(state.since),
        "last_reload": {
            "at": unix(state.tried),
            "refused": state.refusal,
        },
    });
    json(StatusCode::OK, &config)
}

async fn upgrade(control: &Arc<Control>) -> Response<Body> {
    match control.upgrade().await {
        Ok(process) => json(
            StatusCode::OK,
            &json!({ "success": true, "process": process }),
        ),
        Err(reason) => failure(StatusCode::UNPROCESSABLE_ENTITY, &reason),
    }
}

async fn reload(control: &Control) -> Response<Body> {
    match control.reload().await {
        Ok(generation) => json(
            StatusCode::OK,
            &json!({ "success": true, "generation": generation }),
        ),
        Err(reason) => {
            let answer = json!({ "success": false, "error": reason });
            json(StatusCode::UNPROCESSABLE_ENTITY, &answer)
        }
    }
}
