//! The admin port's answers.

mod access;
mod events;
mod log;
mod operators;
mod page;
mod show;
mod state;
mod upstreams;
mod vip;

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use daemon::admin::{Body, failure, json, not_allowed, not_found, text, whole};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::json;

pub(crate) use self::access::read_token;
pub(crate) use self::operators::{Error, Operators};
use super::Control;

/// Answers one request of an operator.
pub(super) async fn answer(control: Arc<Control>, request: Request<Bytes>) -> Response<Body> {
    // Load balancers and monitors ask for these by whatever name they have for us.
    let open = match request.uri().path() {
        "/health" => Some(text(StatusCode::OK, "ok\n")),
        "/ready" => Some(ready(&control)),
        _ => None,
    };
    match (open, request.method()) {
        (Some(answer), &(Method::GET | Method::HEAD)) => return answer,
        (Some(_), _) => return not_allowed("GET, HEAD"),
        (None, _) => {}
    }
    if let Err(refusal) = control.operators.access.check(&request) {
        return *refusal;
    }
    match request.uri().path().strip_prefix("/api/v1/upstreams/") {
        Some(server) => of_upstream(&control, &request, server).await,
        None => of_edge(&control, &request).await,
    }
}

/// What has a path of its own.
async fn of_edge(control: &Arc<Control>, request: &Request<Bytes>) -> Response<Body> {
    let path = request.uri().path();
    let post = request.method() == Method::POST;
    match (path, post) {
        ("/api/v1/reload", true) => return reload(control).await,
        ("/api/v1/upgrade", true) => return upgrade(control).await,
        ("/api/v1/reload" | "/api/v1/upgrade", false) => return not_allowed("POST"),
        ("/api/v1/log", _) => return of_log(control, request),
        _ => {}
    }
    let get = matches!(*request.method(), Method::GET | Method::HEAD);
    let value = match path {
        "/" | "/page.css" | "/page.js" if get => return page::answer(path),
        "/api/v1/openapi.json" if get => {
            return whole(StatusCode::OK, "application/json", page::OPENAPI);
        }
        "/api/v1/events" if *request.method() == Method::GET => {
            return events::answer(control, request);
        }
        "/api/v1/vip" if get => return vip::answer(control).await,
        "/api/v1/upstreams" if get => return upstreams::list(control),
        "/api/v1/config" if get => show::config(control),
        "/api/v1/status" if get => show::status(control),
        "/api/v1/connections" if get => show::connections(control),
        "/api/v1/certificates" if get => show::certificates(control),
        "/api/v1/stats" if get => show::stats(control),
        "/"
        | "/page.css"
        | "/page.js"
        | "/api/v1/openapi.json"
        | "/api/v1/vip"
        | "/api/v1/upstreams"
        | "/api/v1/config"
        | "/api/v1/status"
        | "/api/v1/connections"
        | "/api/v1/certificates"
        | "/api/v1/stats" => return not_allowed("GET, HEAD"),
        "/api/v1/events" => return not_allowed("GET"),
        _ => return not_found(),
    };
    json(StatusCode::OK, &value)
}

/// How much is logged.
fn of_log(control: &Control, request: &Request<Bytes>) -> Response<Body> {
    let handle = &control.log.handle;
    match *request.method() {
        Method::GET | Method::HEAD => log::show(handle),
        Method::PATCH => log::change(handle, request.body()),
        Method::DELETE => log::reset(handle),
        _ => not_allowed("GET, HEAD, PATCH, DELETE"),
    }
}

/// `UPSTREAM/servers` and `UPSTREAM/servers/ADDRESS`.
async fn of_upstream(control: &Control, request: &Request<Bytes>, server: &str) -> Response<Body> {
    let (method, body) = (request.method(), request.body());
    let Some((name, address)) = server.split_once("/servers") else {
        return failure(
            StatusCode::NOT_FOUND,
            "name the server: UPSTREAM/servers/ADDRESS",
        );
    };
    let (Some(name), Some(address)) = (decoded(name), decoded(address)) else {
        return failure(
            StatusCode::BAD_REQUEST,
            "the path is not percent-encoded UTF-8",
        );
    };
    match (
        address
            .strip_prefix('/')
            .filter(|address| !address.is_empty()),
        method,
    ) {
        (None, &Method::POST) => upstreams::add(control, &name, body).await,
        (None, _) => not_allowed("POST"),
        (Some(address), &Method::PATCH) => upstreams::change(control, &name, address, body).await,
        (Some(address), &Method::DELETE) => {
            upstreams::remove(control, &name, address, request.uri().query()).await
        }
        (Some(_), _) => not_allowed("PATCH, DELETE"),
    }
}

/// A part of a path without its percent-encoding (RFC 3986 §2.1).
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

/// Whether requests are accepted and at least one route has a live upstream.
fn ready(control: &Control) -> Response<Body> {
    match show::unready(control, Instant::now()) {
        None => text(StatusCode::OK, "ready\n"),
        Some(why) => text(StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
    }
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

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn paths_are_decoded_or_refused() {
        assert_eq!(decoded("%5B::1%5d%3A80").as_deref(), Some("[::1]:80"));
        for bad in ["%", "%4", "%zz", "%ff"] {
            assert_eq!(decoded(bad), None, "{bad}");
        }
    }
}
