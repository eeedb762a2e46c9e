//! Asking a running edge through its admin port.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Longer than any reload takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Has the edge reload its configuration.
pub(super) fn reload(admin: SocketAddr) -> Result<String, String> {
    let answer = ask(admin, "POST", "/api/v1/reload")?;
    match answer.get("error").and_then(Value::as_str) {
        Some(reason) => Err(format!(
            "refused, the old configuration stays in use\n{reason}"
        )),
        None => Ok(format!("reloaded; generation {}", answer["generation"])),
    }
}

/// The upstream servers, as a table or as JSON.
pub(super) fn status(admin: SocketAddr, json: bool) -> Result<String, String> {
    let upstreams = ask(admin, "GET", "/api/v1/upstreams")?;
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

fn ask(admin: SocketAddr, method: &str, path: &str) -> Result<Value, String> {
    let answer = exchange(admin, method, path)
        .map_err(|error| format!("no edge answers at {admin}: {error}"))?;
    let (_, body) = answer
        .split_once("\r\n\r\n")
        .ok_or_else(|| format!("what answers at {admin} is not an edge's admin port"))?;
    serde_json::from_str(body)
        .map_err(|_| format!("what answers at {admin} is not an edge's admin port"))
}

fn exchange(admin: SocketAddr, method: &str, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&admin, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    // HTTP/1.0: the answer ends with the connection.
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: {admin}\r\nContent-Length: 0\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
