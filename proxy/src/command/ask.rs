//! Asking a running edge through its admin port.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use daemon::ask::{self, Question};
use daemon::log::Level;
use edge_core::config::is_module;
use serde_json::Value;

use crate::control::admin::read_token;

/// Longer than any reload takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Longer than any upgrade takes: `server.upgrade_timeout` has its end much earlier.
const PATIENCE_OF_UPGRADE: Duration = Duration::from_hours(1);

/// A running edge.
#[derive(Debug)]
pub(super) struct Edge {
    admin: SocketAddr,
    token_file: Option<PathBuf>,
}

impl Edge {
    /// The one that answers at this address and wants the token in this file.
    pub(super) fn new(admin: SocketAddr, token_file: Option<PathBuf>) -> Self {
        Self { admin, token_file }
    }

    /// Has the edge reload its configuration.
    pub(super) fn reload(&self) -> Result<String, String> {
        let answer = self
            .ask("POST", "/api/v1/reload", None)
            .map_err(|error| match error {
                Refusal::ByEdge(reason) => {
                    format!("refused, the old configuration stays in use\n{reason}")
                }
                other @ (Refusal::NoAnswer(..) | Refusal::NoEdge(_) | Refusal::NoToken(_)) => {
                    other.to_string()
                }
            })?;
        Ok(format!("reloaded; generation {}", answer["generation"]))
    }

    /// Has another process take the edge's place.
    pub(super) fn upgrade(&self) -> Result<String, String> {
        let answer = self.ask_for("POST", "/api/v1/upgrade", None, PATIENCE_OF_UPGRADE);
        let answer =
            answer.map_err(|error| format!("no upgrade, the running process goes on\n{error}"))?;
        Ok(format!("process {} has taken over", answer["process"]))
    }

    /// What is logged, after changing it: `changes` are a level, or a module with its level.
    pub(super) fn log(&self, changes: &[LogChange], reset: bool) -> Result<String, String> {
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
            ([], true) => ("DELETE", None),
            ([], false) => ("GET", None),
            _ => ("PATCH", Some(Value::from(change))),
        };
        let answer = self.ask(method, "/api/v1/log", body.as_ref());
        let answer = answer.map_err(|error| error.to_string())?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut said = text(&answer["level"]);
        for (module, level) in answer["levels"].as_object().into_iter().flatten() {
            said.extend([" ", module, "=", &text(level)]);
        }
        Ok(format!("{said} (set by: {})", text(&answer["set_by"])))
    }

    /// Sends a request and reads its answer.
    pub(super) fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Refusal> {
        self.ask_for(method, path, body, PATIENCE)
    }

    fn ask_for(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        patience: Duration,
    ) -> Result<Value, Refusal> {
        let headers = self.authorization(method)?;
        let question = Question {
            admin: self.admin,
            method,
            path,
            headers: &headers,
            body,
            patience,
        };
        ask::ask(&question).map_err(|error| match error {
            ask::Refusal::NoAnswer(admin, error) => Refusal::NoAnswer(admin, error),
            ask::Refusal::Stranger(admin) => Refusal::NoEdge(admin),
            ask::Refusal::Refused(reason) => Refusal::ByEdge(reason),
        })
    }

    /// The header line that says the token, if there is one.
    fn authorization(&self, method: &str) -> Result<String, Refusal> {
        let token = self.token_file.as_deref().map(read_token).transpose();
        match token {
            Ok(Some(token)) => Ok(format!("Authorization: Bearer {token}\r\n")),
            Ok(None) => Ok(String::new()),
            // Looking may be open to those who cannot read the token; the edge knows.
            Err(_) if method == "GET" => Ok(String::new()),
            Err(error) => Err(Refusal::NoToken(error.to_string())),
        }
    }
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

/// Why there is no answer that helps.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// Nobody answers.
    #[error("no edge answers at {0}: {1}")]
    NoAnswer(SocketAddr, std::io::Error),
    /// Somebody else answers.
    #[error("what answers at {0} is not an edge's admin port")]
    NoEdge(SocketAddr),
    /// The token cannot be read.
    #[error("{0}")]
    NoToken(String),
    /// The edge says no, and why.
    #[error("{0}")]
    ByEdge(String),
}
