//! The port for operators.

use bytes::Bytes;
use daemon::admin::{Body, failure, json, not_allowed, not_found};
use http::{Method, Request as HttpRequest, Response, StatusCode};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use crate::node::Request;

/// What [`Request::Release`] and [`Request::Resume`] are told.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Chosen {
    /// One instance; all of them if absent.
    instance: Option<String>,
}

/// Answers a request.
pub(crate) async fn answer(
    request: HttpRequest<Bytes>,
    node: mpsc::Sender<Request>,
) -> Response<Body> {
    let get = request.method() == Method::GET || request.method() == Method::HEAD;
    let post = request.method() == Method::POST;
    match request.uri().path() {
        "/health" if get => health(&node).await,
        "/api/v1/status" if get => status(&node).await,
        "/health" | "/api/v1/status" => not_allowed("GET, HEAD"),
        "/api/v1/release" if post => order(&request, &node, Request::Release).await,
        "/api/v1/resume" if post => order(&request, &node, Request::Resume).await,
        "/api/v1/release" | "/api/v1/resume" => not_allowed("POST"),
        _ => not_found(),
    }
}

/// Whether the daemon gets on: it answers only if its loop does.
async fn health(node: &mpsc::Sender<Request>) -> Response<Body> {
    match ask(node, Request::Status).await {
        Some(_) => json(StatusCode::OK, &json!({ "status": "healthy" })),
        None => gone(),
    }
}

async fn status(node: &mpsc::Sender<Request>) -> Response<Body> {
    match ask(node, Request::Status).await {
        Some(status) => json(StatusCode::OK, &status),
        None => gone(),
    }
}

async fn order(
    request: &HttpRequest<Bytes>,
    node: &mpsc::Sender<Request>,
    order: impl FnOnce(Option<String>, oneshot::Sender<Result<(), String>>) -> Request,
) -> Response<Body> {
    // A page from anywhere could have a browser send this; it cannot have it say so.
    let origin = request.headers().contains_key(http::header::ORIGIN);
    if origin {
        return failure(StatusCode::FORBIDDEN, "not for pages");
    }
    let chosen = match request.body().as_ref() {
        [] => Ok(Chosen::default()),
        body => serde_json::from_slice(body),
    };
    let chosen: Chosen = match chosen {
        Ok(chosen) => chosen,
        Err(error) => return failure(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    match ask(node, |sender| order(chosen.instance, sender)).await {
        Some(Ok(())) => json(StatusCode::OK, &json!({ "success": true })),
        Some(Err(why)) => failure(StatusCode::CONFLICT, &why),
        None => gone(),
    }
}

async fn ask<T>(
    node: &mpsc::Sender<Request>,
    request: impl FnOnce(oneshot::Sender<T>) -> Request,
) -> Option<T> {
    let (sender, answer) = oneshot::channel();
    node.send(request(sender)).await.ok()?;
    answer.await.ok()
}

fn gone() -> Response<Body> {
    failure(
        StatusCode::SERVICE_UNAVAILABLE,
        "the daemon is about to end",
    )
}
