//! `[server]` and `[admin]`: the process and the port for operators.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use settings::{Level, Period};

/// The process.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Worker threads; 0: one per core.
    pub threads: usize,
    /// How long requests may go on after a graceful stop was asked for.
    pub graceful_timeout: Period,
    /// How long a new process may take until it is ready, when the binary is upgraded while it runs; if it
    /// is not, the old one goes on.
    pub upgrade_timeout: Period,
    /// Where to write the process id.
    pub pid_file: Option<String>,
    /// Where the edge writes what it has to say; standard error if absent.
    pub error_log: Option<ErrorLog>,
}

impl Default for Server {
    fn default() -> Self {
        // 30 s: what systemd and container runtimes grant before they kill, less a margin.
        let graceful_timeout = Period(std::time::Duration::from_secs(30));
        Self {
            threads: 0,
            graceful_timeout,
            // Reading the largest configurations takes a second.
            upgrade_timeout: Period(std::time::Duration::from_secs(30)),
            pid_file: None,
            error_log: None,
        }
    }
}

/// The edge's own log.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErrorLog {
    /// The file; standard error if absent.
    pub path: Option<String>,
    /// The least important messages to write.
    #[serde(default)]
    pub level: Level,
    /// The same for single modules and what is below them: `{ h2 = "debug", "hifate_edge::probe" = "trace" }`.
    #[serde(default)]
    pub levels: BTreeMap<String, Level>,
    /// How a line looks.
    #[serde(default)]
    pub format: ErrorLogFormat,
}

/// How a line of the edge's own log looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ErrorLogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object on each line.
    Json,
}

/// The port for operators: metrics, health, control.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Admin {
    /// Address and port. Elsewhere than on loopback it needs a `token_file`.
    pub listen: String,
    /// Names by which browsers and programs may ask for it, besides addresses and `localhost`:
    /// requests for other names are refused, since a page from anywhere could have made them up.
    pub names: Vec<String>,
    /// A file that holds the token (`Authorization: Bearer`) without which nothing is changed; where
    /// the port is not on loopback, nothing but health and metrics is answered either. It is read
    /// again when it changes.
    pub token_file: Option<String>,
    /// Where changes of servers are kept that are to outlive a restart (`persist`).
    pub state_file: Option<String>,
    /// Where the VIP daemon of this machine answers, for `/api/v1/vip`.
    pub vip: String,
}

impl Default for Admin {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:9180".to_owned(),
            names: Vec::new(),
            token_file: None,
            state_file: None,
            vip: "127.0.0.1:9181".to_owned(),
        }
    }
}
