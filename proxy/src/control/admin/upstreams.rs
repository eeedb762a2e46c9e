//! `/api/v1/upstreams`: the servers, and what operators say about them.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Instant;

use daemon::admin::{Body, failure, json};
use edge_core::address::Address;
use hyper::{Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Control;
use super::state::{Asked, Settings, State};
use crate::events::unix;
use crate::upstream::{Row, Unchanged, Upstream};

/// All upstreams with their servers.
pub(super) fn list(control: &Control) -> Response<Body> {
    json(StatusCode::OK, &all(control))
}

/// The same as a value.
pub(super) fn all(control: &Control) -> Vec<Value> {
    let now = Instant::now();
    let snapshot = control.edge.live.load();
    let upstreams = snapshot.upstreams.iter();
    upstreams.map(|upstream| show(upstream, now)).collect()
}

fn show(upstream: &Upstream, now: Instant) -> Value {
    let rows = upstream.servers.rows(now);
    let servers: Vec<Value> = rows.iter().map(show_server).collect();
    json!({ "name": upstream.name(), "servers": servers })
}

fn show_server(row: &Row) -> Value {
    json!({
        "address": row.server.label,
        "state": row.state(),
        "why": row.why(),
        "since": row.server.since().map(unix),
        "weight": row.settings.weight,
        "backup": row.settings.backup,
        "max_conns": row.settings.max_conns,
        "active": row.active,
        "added": row.added,
    })
}

/// What may be said about a server.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    state: Option<State>,
    weight: Option<NonZeroU32>,
    #[serde(default)]
    persist: bool,
}

/// `PATCH`: changes one server.
pub(super) async fn change(
    control: &Control,
    upstream: &str,
    address: &str,
    body: &[u8],
) -> Response<Body> {
    let said: Said = match parse(body) {
        Ok(said) => said,
        Err(refusal) => return *refusal,
    };
    let address = match parse_address(address) {
        Ok(address) => address,
        Err(refusal) => return *refusal,
    };
    let asked = Asked::Say {
        state: said.state,
        weight: said.weight,
    };
    carry_out(control, upstream, address, asked, said.persist).await
}

/// `POST`: adds a server.
pub(super) async fn add(control: &Control, upstream: &str, body: &[u8]) -> Response<Body> {
    // Its settings have names of their own; what is left is about where it is.
    let mut settings: serde_json::Map<String, Value> = match parse(body) {
        Ok(settings) => settings,
        Err(refusal) => return *refusal,
    };
    let persist = match settings.remove("persist") {
        None => false,
        Some(Value::Bool(persist)) => persist,
        Some(_) => return invalid("persist", "it is neither true nor false"),
    };
    let address = match settings.remove("address") {
        Some(Value::String(address)) => address,
        Some(_) => return invalid("address", "it is not a text"),
        None => return invalid("address", "it is missing"),
    };
    let address = match parse_address(&address) {
        Ok(address) => address,
        Err(refusal) => return *refusal,
    };
    let settings: Settings = match serde_path_to_error::deserialize(Value::Object(settings)) {
        Ok(settings) => settings,
        Err(error) => return invalid(&error.path().to_string(), &error.inner().to_string()),
    };
    carry_out(control, upstream, address, Asked::Add(settings), persist).await
}

/// `DELETE`: removes a server, by default once its last request has ended.
pub(super) async fn remove(
    control: &Control,
    upstream: &str,
    address: &str,
    query: Option<&str>,
) -> Response<Body> {
    let (mut now, mut persist) = (false, false);
    for pair in query
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty())
    {
        let (name, value) = pair.split_once('=').unwrap_or((pair, "true"));
        let value = match value {
            "true" | "1" => true,
            "false" | "0" => false,
            _ => return invalid(name, "it is neither true nor false"),
        };
        match name {
            "now" => now = value,
            "persist" => persist = value,
            _ => {
                return invalid(
                    name,
                    "there is no such parameter; there are now and persist",
                );
            }
        }
    }
    let address = match parse_address(address) {
        Ok(address) => address,
        Err(refusal) => return *refusal,
    };
    let asked = Asked::Remove {
        now,
        configured: true,
    };
    carry_out(control, upstream, address, asked, persist).await
}

/// Changes one server of an upstream, until it is changed again or the edge is restarted, and with
/// `persist` beyond that; a reload keeps it.
async fn carry_out(
    control: &Control,
    name: &str,
    address: Address,
    mut asked: Asked,
    persist: bool,
) -> Response<Body> {
    // One after the other, so that the file and the servers have the same changes.
    let _turn = control.operators.turn.lock().await;
    if let Err(reason) = control.refusal() {
        return failure(StatusCode::CONFLICT, &reason);
    }
    let snapshot = control.edge.live.load_full();
    let Some(upstream) = snapshot.upstreams.iter().find(|found| found.name() == name) else {
        return failure(StatusCode::NOT_FOUND, "there is no upstream of this name");
    };
    if let Err(why) = upstream.servers.allows(&(&asked).into(), &address) {
        return unchanged(why);
    }
    if let Asked::Remove { configured, .. } = &mut asked {
        let rows = upstream.servers.rows(Instant::now());
        let added = rows
            .iter()
            .any(|row| row.server.address == address && row.added);
        *configured = !added;
    }
    if persist && let Err(refusal) = save(control, name, &address, &asked).await {
        return *refusal;
    }
    let metrics = &control.edge.metrics;
    if let Err(why) = upstream.servers.change(&address, (&asked).into(), metrics) {
        return unchanged(why);
    }
    tell(control, name, &address, &asked, persist);
    let rows = upstream.servers.rows(Instant::now());
    let row = rows.iter().find(|row| row.server.address == address);
    let server = row.map(show_server);
    match (&asked, server) {
        (Asked::Add(_), server) => json(StatusCode::CREATED, &server),
        (Asked::Remove { .. }, Some(server)) => json(StatusCode::ACCEPTED, &server),
        (Asked::Remove { .. }, None) => json(StatusCode::OK, &json!({ "success": true })),
        (Asked::Say { .. }, _) => json(StatusCode::OK, &show(upstream, Instant::now())),
    }
}

async fn save(
    control: &Control,
    name: &str,
    address: &Address,
    asked: &Asked,
) -> Result<(), Box<Response<Body>>> {
    let Some(file) = &control.operators.state else {
        return Err(Box::new(invalid(
            "persist",
            "the configuration names no admin.state_file to keep changes in",
        )));
    };
    let (file, name) = (Arc::clone(file), name.to_owned());
    let (address, asked) = (address.clone(), asked.clone());
    // A disk may take its time, and probes and other operators are not to wait for it.
    let saved = tokio::task::spawn_blocking(move || file.save(&name, &address, &asked)).await;
    let error = match saved {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    tracing::error!("{error}");
    Err(Box::new(failure(StatusCode::INTERNAL_SERVER_ERROR, &error)))
}

fn tell(control: &Control, name: &str, address: &Address, asked: &Asked, persist: bool) {
    tracing::info!(upstream.name = name, server.addr = %address, ?asked, persist, "changed by an operator");
    let what = match asked {
        Asked::Add(_) => "added".to_owned(),
        Asked::Remove { now: true, .. } => "removed".to_owned(),
        Asked::Remove { now: false, .. } => "removed, once its last request has ended".to_owned(),
        Asked::Say { state, weight } => {
            let state = state.map(|state| format!("{state:?}").to_lowercase());
            let weight = weight.map(|weight| format!("weight {weight}"));
            let parts: Vec<String> = state.into_iter().chain(weight).collect();
            format!("set to {}", parts.join(", "))
        }
    };
    let message = format!("{address} of {name}: {what} by an operator");
    control.edge.metrics.events.push(
        "operator",
        &message,
        json!({ "upstream": name, "server": address.to_string(), "persist": persist }),
    );
}

fn unchanged(why: Unchanged) -> Response<Body> {
    let status = match why {
        Unchanged::Unknown => StatusCode::NOT_FOUND,
        Unchanged::Known | Unchanged::Last => StatusCode::CONFLICT,
    };
    failure(status, &why.to_string())
}

fn parse_address(text: &str) -> Result<Address, Box<Response<Body>>> {
    text.parse().map_err(|_| {
        let message = format!("`{text}` is neither IP:PORT nor unix:PATH");
        Box::new(invalid("address", &message))
    })
}

/// Reads a body, or says which field is wrong.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Box<Response<Body>>> {
    let mut text = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut text);
    value
        .map_err(|error| {
            let field = error.path().to_string();
            Box::new(invalid(&field, &error.inner().to_string()))
        })
        .and_then(|value| match text.end() {
            Ok(()) => Ok(value),
            Err(error) => Err(Box::new(invalid(".", &error.to_string()))),
        })
}

/// The refusal of a body or a parameter: which field, and what is wrong with it.
fn invalid(field: &str, error: &str) -> Response<Body> {
    // serde_path_to_error's word for a text in which there is no place yet.
    let field = if field == "?" { "." } else { field };
    let error = if field == "." {
        error.to_owned()
    } else {
        format!("{field}: {error}")
    };
    let answer = json!({ "success": false, "field": field, "error": error });
    json(StatusCode::BAD_REQUEST, &answer)
}
