//! The port for operators: who may ask, what they may change, what they are shown.

mod commands;
mod events;
mod openapi;
mod page;
mod servers;
mod shown;
mod state;
mod token;
mod webdriver;

use serde_json::Value;

use crate::http::{Reply, request};
use crate::process::Edge;

/// A word that is long enough.
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// Sends a request with header lines and a body to the admin port.
fn ask(edge: &Edge, line: &str, headers: &str, body: &str) -> Reply {
    let length = body.len();
    let head =
        format!("{line} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n{headers}\r\n");
    request(edge.admin, &(head + body))
}

/// The answer as JSON.
fn value(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap_or_else(|error| panic!("{error}: {reply:?}"))
}

/// GETs a path of the admin port as JSON.
fn read(edge: &Edge, path: &str) -> Value {
    let reply = ask(edge, &format!("GET {path}"), "", "");
    assert_eq!(reply.status, 200, "{reply:?}");
    value(&reply)
}

/// The servers of upstream `web`: address and state.
fn states(edge: &Edge) -> Vec<(String, String)> {
    let upstreams = read(edge, "/api/v1/upstreams");
    let servers = upstreams[0]["servers"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    servers
        .iter()
        .map(|server| (text(&server["address"]), text(&server["state"])))
        .collect()
}
