//! Asking a running edge through its admin port.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::str::FromStr;
use std::time::Duration;

use daemon::log::Level;
use edge_core::config::is_module;
use serde_json::Value;

/// Longer than any reload takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Longer than any upgrade takes: `server.upgrade_timeout` has its end much earlier.
const PATIENCE_OF_UPGRADE: Duration = Duration::from_hours(1);

/// Has the edge reload its configuration.
pub(super) fn reload(admin: SocketAddr) -> Result<String, String> {
    let answer = ask(admin, &Asked::new("POST", "/api/v1/reload"), PATIENCE)?;
    match answer.get("error").and_then(Value::as_str) {
        Some(reason) => Err(format!(
            "refused, the old configuration stays in use\n{reason}"
        )),
        None => Ok(format!("reloaded; generation {}", answer["generation"])),
    }
}

/// What is logged, after changing it: `changes` are a level, or a module with its level.
pub(super) fn log(admin: SocketAddr, changes: &[LogChange], reset: bool) -> Result<String, String> {
    let mut levels = serde_json::Map::new();
    let mut change = serde_json::Map::new();
    for LogChange { module, level } in changes {
        let level = Value::from(level.word());
        match module {
            Some(module) => levels.insert(module.clone(), level),
            None => change.insert("level".to_owned(), level),
        };
    }
    change.insert("levels".to_owned(), levels.into());
    let (method, body) = match (changes, reset) {
        ([], true) => ("DELETE", String::new()),
        ([], false) => ("GET", String::new()),
        _ => ("PATCH", Value::from(change).to_string()),
    };
    let asked = Asked {
        body: &body,
        ..Asked::new(method, "/api/v1/log")
    };
    let answer = ask(admin, &asked, PATIENCE)?;
    if let Some(reason) = answer.get("error").and_then(Value::as_str) {
        return Err(reason.to_owned());
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut said = text(&answer["level"]);
    for (module, level) in answer["levels"].as_object().into_iter().flatten() {
        write!(said, " {module}={}", text(level)).map_err(|error| error.to_string())?;
    }
    Ok(format!("{said} (set by: {})", text(&answer["set_by"])))
}

/// A level, of everything or of a module.
#[derive(Debug, Clone)]
pub(super) struct LogChange {
    module: Option<String>,
    level: Level,
}

impl FromStr for LogChange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (module, level) = match text.split_once('=') {
            Some((module, level)) if is_module(module) => (Some(module.to_owned()), level),
            Some((module, _)) => return Err(format!("`{module}` is no module's path")),
            None => (None, text),
        };
        let failed = |error| format!("`{level}` {error}");
        let level = level.parse::<Level>().map_err(failed)?;
        Ok(Self { module, level })
    }
}

/// Has another process take the edge's place.
pub(super) fn upgrade(admin: SocketAddr) -> Result<String, String> {
    let answer = ask(
        admin,
        &Asked::new("POST", "/api/v1/upgrade"),
        PATIENCE_OF_UPGRADE,
    )?;
    match answer.get("error").and_then(Value::as_str) {
        Some(reason) => Err(format!("no upgrade, the running process goes on\n{reason}")),
        None => Ok(format!("process {} has taken over", answer["process"])),
    }
}

/// The upstream servers, as a table or as JSON.
pub(super) fn status(admin: SocketAddr, json: bool) -> Result<String, String> {
    let upstreams = ask(admin, &Asked::new("GET", "/api/v1/upstreams"), PATIENCE)?;
    if json {
        return serde_json::to_string_pretty(&upstreams).map_err(|error| error.to_string());
    }
    let mut table = format!(
        "{:<20} {:<24} {:<10} {:>6} {:<7} {:>6}",
        "UPSTREAM", "SERVER", "STATE", "WEIGHT", "TIER", "ACTIVE"
    );
    for upstream in upstreams.as_array().into_iter().flatten() {
        for server in upstream["servers"].as_array().into_iter().flatten() {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let tier = if server["backup"] == true {
                "backup"
            } else {
                "primary"
            };
            let row = write!(
                table,
                "\n{:<20} {:<24} {:<10} {:>6} {tier:<7} {:>6}",
                text(&upstream["name"]),
                text(&server["address"]),
                text(&server["state"]),
                server["weight"].to_string(),
                server["active"].to_string(),
            );
            row.map_err(|error| error.to_string())?;
        }
    }
    Ok(table)
}

/// A request.
struct Asked<'a> {
    method: &'a str,
    path: &'a str,
    body: &'a str,
}

impl<'a> Asked<'a> {
    fn new(method: &'a str, path: &'a str) -> Self {
        Self {
            method,
            path,
            body: "",
        }
    }
}

fn ask(admin: SocketAddr, asked: &Asked<'_>, patience: Duration) -> Result<Value, String> {
    let answer = exchange(admin, asked, patience)
        .map_err(|error| format!("no edge answers at {admin}: {error}"))?;
    let (_, body) = answer
        .split_once("\r\n\r\n")
        .ok_or_else(|| format!("what answers at {admin} is not an edge's admin port"))?;
    serde_json::from_str(body)
        .map_err(|_| format!("what answers at {admin} is not an edge's admin port"))
}

fn exchange(
    admin: SocketAddr,
    Asked { method, path, body }: &Asked<'_>,
    patience: Duration,
) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&admin, PATIENCE)?;
    stream.set_read_timeout(Some(patience))?;
    // HTTP/1.0: the answer ends with the connection.
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: {admin}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
