//! `hifate status`: how the node on this machine is.

use std::io::{self, Write};
use std::net::SocketAddr;

use daemon::lifecycle::Exit;
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;

use crate::cli::Status;
use crate::node::Part;
use crate::probe;

/// How a node is.
#[derive(Debug, Serialize)]
struct State {
    edge: Edge,
    backend: Backend,
    /// What the VIP daemon says, if there is one.
    vip: Option<Value>,
}

#[derive(Debug, Serialize)]
struct Edge {
    /// It runs.
    alive: bool,
    /// It accepts requests and has somewhere to send them.
    ready: bool,
}

#[derive(Debug, Serialize)]
struct Backend {
    /// It runs.
    alive: bool,
    /// It can do its work.
    ready: bool,
    /// What it says about itself.
    health: Option<Value>,
}

/// Prints how the node is; bad when a part of it is not ready.
pub(crate) async fn run(asked: &Status) -> io::Result<Exit> {
    let node = asked.ports.node();
    let (admin, web) = (node.address(Part::EdgeAdmin), node.address(Part::Web));
    let is_ok = async |address, path| {
        probe::get(address, path)
            .await
            .is_ok_and(|(status, _)| status == StatusCode::OK)
    };
    let health = probe::get(web, "/health").await.ok();
    let state = State {
        edge: Edge {
            alive: is_ok(admin, "/health").await,
            ready: is_ok(admin, "/ready").await,
        },
        vip: vip(asked.vip).await,
        backend: Backend {
            alive: health.is_some(),
            ready: is_ok(web, "/api/v1/health/ready").await,
            health: health.and_then(|(_, body)| serde_json::from_slice(&body).ok()),
        },
    };
    let mut out = io::stdout().lock();
    if asked.json {
        serde_json::to_writer_pretty(&mut out, &state)?;
        writeln!(out)?;
    } else {
        let State { edge, backend, vip } = &state;
        writeln!(out, "edge                {}", word(edge.alive, edge.ready))?;
        writeln!(
            out,
            "backend             {}",
            word(backend.alive, backend.ready)
        )?;
        let services = backend
            .health
            .as_ref()
            .and_then(|health| health["services"].as_object());
        for (name, standing) in services.into_iter().flatten() {
            writeln!(out, "  {name:<18}{}", standing.as_str().unwrap_or("?"))?;
        }
        for instance in instances(vip.as_ref()) {
            let text = |key: &str| instance[key].as_str().unwrap_or("?");
            let addresses: Vec<_> = (instance["addresses"].as_array().into_iter().flatten())
                .filter_map(Value::as_str)
                .collect();
            let name = format!("vip {}", text("name"));
            writeln!(
                out,
                "{name:<20}{} ({})",
                text("state"),
                addresses.join(", ")
            )?;
        }
    }
    let fit = instances(state.vip.as_ref()).all(|instance| instance["cause"].is_null());
    let good = state.edge.ready && state.backend.ready && fit;
    Ok(if good { Exit::Good } else { Exit::Bad })
}

/// What the VIP daemon of this machine says; many have none.
async fn vip(address: SocketAddr) -> Option<Value> {
    let (status, body) = probe::get(address, "/api/v1/status").await.ok()?;
    let said = serde_json::from_slice(&body).ok()?;
    (status == StatusCode::OK).then_some(said)
}

fn instances(vip: Option<&Value>) -> impl Iterator<Item = &Value> {
    let instances = vip.and_then(|vip| vip["instances"].as_array());
    instances.into_iter().flatten()
}

fn word(alive: bool, ready: bool) -> &'static str {
    match (alive, ready) {
        (_, true) => "ready",
        (true, false) => "not ready",
        (false, false) => "down",
    }
}
