//! Changing the servers of a running edge.

use std::num::NonZeroU32;
use std::thread::sleep;
use std::time::{Duration, Instant};

use edge_core::address::Address;
use serde_json::{Value, json};

use super::Running;
use super::ask::Edge;

/// A server of a running edge.
#[derive(Debug, clap::Args)]
pub(super) struct Target {
    /// The upstream's name.
    upstream: String,
    /// The server's address, as `hifate-edge status` shows it.
    server: Address,
    /// Keep the change when the edge is restarted (in `admin.state_file`).
    #[arg(long)]
    persist: bool,
    #[command(flatten)]
    running: Running,
}

/// How often a server that is waited for is looked at.
const PAUSE: Duration = Duration::from_millis(100);

impl Target {
    /// Gives it no new clients; with `patience`, waits for the requests under way.
    pub(super) fn drain(&self, patience: Option<Duration>) -> Result<String, String> {
        self.change(json!({ "state": "drain" }))?;
        let Some(patience) = patience else {
            return Ok(format!("{self} is being drained"));
        };
        let edge = self.running.admin()?;
        let end = Instant::now() + patience;
        loop {
            match self.active(&edge)? {
                0 => return Ok(format!("{self} is drained")),
                active if Instant::now() >= end => {
                    return Err(format!("{self} still has {active} requests under way"));
                }
                _ => sleep(PAUSE),
            }
        }
    }

    /// Gives it clients again.
    pub(super) fn undrain(&self) -> Result<String, String> {
        self.change(json!({ "state": "up" }))?;
        Ok(format!("{self} takes clients again"))
    }

    /// Changes its weight.
    pub(super) fn weigh(&self, weight: NonZeroU32) -> Result<String, String> {
        self.change(json!({ "weight": weight }))?;
        Ok(format!("{self} has weight {weight}"))
    }

    /// Adds it.
    pub(super) fn add(&self, weight: Option<NonZeroU32>, backup: bool) -> Result<String, String> {
        let body = json!({
            "address": self.server.to_string(),
            "weight": weight.unwrap_or(NonZeroU32::MIN),
            "backup": backup,
            "persist": self.persist,
        });
        let path = format!("/api/v1/upstreams/{}/servers", encoded(&self.upstream));
        self.ask("POST", &path, Some(&body))?;
        Ok(format!("{self} is added"))
    }

    /// Removes it.
    pub(super) fn remove(&self, now: bool) -> Result<String, String> {
        let path = format!("{}?now={now}&persist={}", self.path(), self.persist);
        let answer = self.ask("DELETE", &path, None)?;
        Ok(match answer.get("active") {
            Some(active) => {
                format!("{self} goes when its last request has ended; {active} are under way")
            }
            None => format!("{self} is removed"),
        })
    }

    fn change(&self, mut body: Value) -> Result<(), String> {
        if let Some(fields) = body.as_object_mut() {
            fields.insert("persist".to_owned(), json!(self.persist));
        }
        self.ask("PATCH", &self.path(), Some(&body)).map(drop)
    }

    /// Requests that it is answering.
    fn active(&self, edge: &Edge) -> Result<u64, String> {
        let upstreams = edge
            .ask("GET", "/api/v1/upstreams", None)
            .map_err(|error| error.to_string())?;
        let upstreams = upstreams.as_array().into_iter().flatten();
        let ours = upstreams.filter(|upstream| upstream["name"] == *self.upstream);
        let mut servers = ours.flat_map(|one| one["servers"].as_array().into_iter().flatten());
        let label = self.server.to_string();
        let server = servers.find(|server| server["address"] == *label);
        // One that is gone meanwhile answers nothing.
        Ok(server
            .and_then(|server| server["active"].as_u64())
            .unwrap_or(0))
    }

    fn path(&self) -> String {
        let server = encoded(&self.server.to_string());
        format!(
            "/api/v1/upstreams/{}/servers/{server}",
            encoded(&self.upstream)
        )
    }

    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let edge = self.running.admin()?;
        edge.ask(method, path, body)
            .map_err(|error| format!("{self}: {error}"))
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}", self.server, self.upstream)
    }
}

/// A text as part of a path (RFC 3986 §2.1).
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |text, byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => {
            text + &String::from(char::from(byte))
        }
        _ => text + &format!("%{byte:02X}"),
    })
}
