//! `/api/v1/upstreams`: the servers, and what operators say about them.

use std::num::NonZeroU32;
use std::time::Instant;

use daemon::admin::{Body, failure, json};
use edge_core::address::Address;
use edge_core::balance::{Command, Standing};
use hyper::{Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Control;
use crate::upstream::{Override, Upstream};

/// All upstreams with their servers.
pub(super) fn list(control: &Control) -> Response<Body> {
    let now = Instant::now();
    let snapshot = control.edge.live.load();
    let upstreams: Vec<Value> = snapshot
        .upstreams
        .iter()
        .map(|upstream| show(upstream, now))
        .collect();
    json(StatusCode::OK, &upstreams)
}

fn show(upstream: &Upstream, now: Instant) -> Value {
    let servers: Vec<Value> = upstream
        .servers
        .rows(now)
        .into_iter()
        .map(|row| {
            let state = match row.standing {
                Standing::Up => "up",
                Standing::Draining => "drain",
                Standing::Unhealthy => "unhealthy",
                Standing::Ejected => "ejected",
                Standing::Down => "down",
            };
            json!({
                "address": row.server.label,
                "state": state,
                "weight": row.settings.weight,
                "backup": row.settings.backup,
                "max_conns": row.settings.max_conns,
                "active": row.active,
            })
        })
        .collect();
    json!({ "name": upstream.name(), "servers": servers })
}

/// What may be said about a server.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    state: Option<State>,
    weight: Option<NonZeroU32>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Up,
    Drain,
    Down,
}

/// Changes one server, named as `UPSTREAM/servers/ADDRESS`, until it is changed again or the edge
/// is restarted; a reload keeps it.
pub(super) fn change(control: &Control, server: &str, body: &[u8]) -> Response<Body> {
    let Some((name, address)) = server.split_once("/servers/") else {
        return failure(
            StatusCode::NOT_FOUND,
            "name the server: UPSTREAM/servers/ADDRESS",
        );
    };
    let address = address
        .replace("%5B", "[")
        .replace("%5D", "]")
        .replace("%3A", ":")
        .replace("%2F", "/");
    let Ok(address) = address.parse::<Address>() else {
        return failure(
            StatusCode::BAD_REQUEST,
            "the server's address is neither IP:PORT nor unix:PATH",
        );
    };
    let change: Change = match serde_json::from_slice(body) {
        Ok(change) => change,
        Err(error) => return failure(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let snapshot = control.edge.live.load();
    let found = snapshot.upstreams.iter().find(|found| found.name() == name);
    let Some(upstream) = found else {
        return failure(StatusCode::NOT_FOUND, "there is no upstream of this name");
    };
    let said = Override {
        command: change.state.map(|state| match state {
            State::Up => Command::Up,
            State::Drain => Command::Drain,
            State::Down => Command::Down,
        }),
        weight: change.weight,
    };
    if !upstream
        .servers
        .command(address.clone(), said, &control.edge.metrics)
    {
        return failure(
            StatusCode::NOT_FOUND,
            "the upstream has no server at this address",
        );
    }
    tracing::info!(upstream.name = name, server.addr = %address, ?said, "changed by an operator");
    json(StatusCode::OK, &show(upstream, Instant::now()))
}
