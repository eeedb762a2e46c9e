//! The edge's configuration as it is written (`conf/edge.toml`), without any logic.
//!
//! Every field's doc comment is its documentation in the JSON Schema that `hifate-edge schema`
//! prints; defaults are named here and their reasons stand beside them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use settings::{Level, Period, Size};

/// The edge's configuration file.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The process.
    #[serde(default)]
    pub server: Server,
    /// The port for operators.
    #[serde(default)]
    pub admin: Admin,
    /// Where clients connect.
    #[serde(default)]
    pub listener: Vec<Listener>,
    /// Groups of servers, by name.
    #[serde(default)]
    pub upstream: BTreeMap<String, Upstream>,
    /// Sites, chosen by host name.
    #[serde(default)]
    pub site: Vec<Site>,
}

/// The process.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Worker threads; 0: one per core.
    pub threads: usize,
    /// How long requests may go on after a graceful stop was asked for.
    pub graceful_timeout: Period,
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
}

/// The port for operators: metrics, health, control.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Admin {
    /// Address and port. It has no password: keep it on loopback.
    pub listen: String,
}

impl Default for Admin {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:9180".to_owned(),
        }
    }
}

/// Where clients connect.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// Address and port, such as `0.0.0.0:80` or `[::]:80`.
    pub address: String,
}

/// A group of servers that answer the same requests.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// How a server is chosen.
    #[serde(default)]
    pub balance: Balance,
    /// Idle connections kept open to this upstream by each worker.
    #[serde(default = "default_keepalive")]
    pub keepalive: usize,
    /// How long an idle connection is kept.
    #[serde(default = "default_keepalive_timeout")]
    pub keepalive_timeout: Period,
    /// The servers.
    #[serde(default)]
    pub server: Vec<UpstreamServer>,
    /// Probes; without them only requests tell whether a server works.
    pub health_check: Option<HealthCheck>,
    /// When a failed request goes to the next server.
    #[serde(default)]
    pub retry: Retry,
}

fn default_keepalive() -> usize {
    // nginx 1.29.7 keeps 32 per worker; more costs only file descriptors.
    64
}

fn default_keepalive_timeout() -> Period {
    // As nginx. Below the 75 s after which common application servers close.
    Period(std::time::Duration::from_mins(1))
}

/// How a server is chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Balance {
    /// In turn, smoothly by weight.
    #[default]
    RoundRobin,
}

/// A server of an upstream.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpstreamServer {
    /// IP address and port.
    pub address: String,
    /// Share of the requests within its tier.
    #[serde(default = "one")]
    pub weight: u32,
    /// Failures within `fail_timeout` that take it out; 0: never.
    #[serde(default = "one")]
    pub max_fails: u32,
    /// How long failures count, and how long the server is then out.
    #[serde(default = "default_fail_timeout")]
    pub fail_timeout: Period,
    /// Asked only when no other can be.
    #[serde(default)]
    pub backup: bool,
    /// Not asked at all.
    #[serde(default)]
    pub down: bool,
}

fn one() -> u32 {
    1
}

fn default_fail_timeout() -> Period {
    Period(std::time::Duration::from_secs(10))
}

/// Active probes of an upstream's servers.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HealthCheck {
    /// What is asked.
    #[serde(rename = "type", default)]
    pub kind: HealthCheckType,
    /// The path to GET; any status from 200 to 399 is good.
    #[serde(default = "default_health_path")]
    pub path: String,
    /// The time from one probe to the next.
    #[serde(default = "default_interval")]
    pub interval: Period,
    /// How long an answer may take.
    #[serde(default = "default_probe_timeout")]
    pub timeout: Period,
    /// Good answers in a row that bring a server back.
    #[serde(default = "default_rise")]
    pub rise: u32,
    /// Bad answers in a row that take a server out.
    #[serde(default = "default_fall")]
    pub fall: u32,
}

/// What a probe asks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HealthCheckType {
    /// A GET request.
    #[default]
    Http,
}

fn default_health_path() -> String {
    "/health".to_owned()
}

fn default_interval() -> Period {
    // 2 s: HAProxy's; a dead server is noticed within three of them.
    Period(std::time::Duration::from_secs(2))
}

fn default_probe_timeout() -> Period {
    Period(std::time::Duration::from_secs(1))
}

fn default_rise() -> u32 {
    2
}

fn default_fall() -> u32 {
    3
}

/// When a failed request goes to the next server (nginx's `proxy_next_upstream`).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Retry {
    /// `error`, `timeout`, `invalid_header`, `non_idempotent`, or a status such as `http_502`.
    pub on: Vec<String>,
    /// The most servers asked for one request; 0: each once.
    pub tries: u32,
    /// No further server is asked after this time; 0: no limit.
    pub timeout: Period,
}

impl Default for Retry {
    fn default() -> Self {
        let on = ["error", "timeout", "invalid_header"]
            .map(str::to_owned)
            .to_vec();
        Self {
            on,
            tries: 0,
            timeout: Period::default(),
        }
    }
}

/// A site, chosen by host name.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Host names: `example.com`, `*.example.com`, or `_` for what no other site takes.
    #[serde(default)]
    pub names: Vec<String>,
    /// Where requests are logged; `false`: nowhere.
    #[serde(default)]
    pub access_log: AccessLog,
    /// The largest request body; 0: any.
    #[serde(default = "default_max_body")]
    pub max_body: Size,
    /// Compression; none if absent.
    pub gzip: Option<Gzip>,
    /// Routes, chosen by path.
    #[serde(default)]
    pub route: Vec<Route>,
}

fn default_max_body() -> Size {
    // nginx's client_max_body_size.
    Size(1 << 20)
}

/// Where requests are logged.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum AccessLog {
    /// `false`: nowhere.
    Switch(bool),
    /// A file and a format.
    To(AccessLogFile),
}

impl Default for AccessLog {
    fn default() -> Self {
        Self::Switch(false)
    }
}

/// A file and a format.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessLogFile {
    /// The file, or `stdout`.
    pub path: String,
    /// `combined`, `json`, or text with `$variables` as in nginx's `log_format`.
    #[serde(default = "default_format")]
    pub format: String,
}

fn default_format() -> String {
    "combined".to_owned()
}

/// Compression of responses.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Gzip {
    /// 1 (fast) to 9 (small).
    pub level: u32,
    /// Shorter bodies are sent as they are.
    pub min_length: Size,
    /// Media types that are compressed; `*`: any.
    pub types: Vec<String>,
}

impl Default for Gzip {
    fn default() -> Self {
        // Level 5 is where zlib's gain per effort bends; 1k is about one packet saved.
        Self {
            level: 5,
            min_length: Size(1024),
            types: vec!["application/json".to_owned()],
        }
    }
}

/// A route of a site, chosen by path as nginx chooses locations.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// `"/x"` (prefix), `{ exact = "/x" }`, `{ regex = "..." }` or
    /// `{ prefix = "/x", before_regex = true }`.
    pub path: RoutePath,
    /// Overrides the site's.
    pub access_log: Option<AccessLog>,
    /// Overrides the site's.
    pub max_body: Option<Size>,
    /// Where its requests go.
    pub proxy: Proxy,
}

/// How a route's path is written.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum RoutePath {
    /// A prefix.
    Prefix(String),
    /// The path itself.
    Exact(ExactPath),
    /// An expression.
    Regex(RegexPath),
    /// A prefix with its precedence.
    PrefixWith(PrefixPath),
}

/// The path itself (nginx's `=`).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExactPath {
    /// The path.
    pub exact: String,
}

/// A regular expression found in the path (nginx's `~`; write `(?i)` first for `~*`).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegexPath {
    /// The expression.
    pub regex: String,
}

/// A prefix with its precedence.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrefixPath {
    /// The prefix.
    pub prefix: String,
    /// Whether it wins over expressions (nginx's `^~`).
    #[serde(default)]
    pub before_regex: bool,
}

/// Where a route's requests go.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Proxy {
    /// The upstream's name.
    pub to: String,
    /// What replaces the route's path in the request (the URI part of nginx's `proxy_pass`).
    pub uri: Option<String>,
    /// For connecting.
    #[serde(default = "default_timeout")]
    pub connect_timeout: Period,
    /// Between two writes to the server.
    #[serde(default = "default_timeout")]
    pub send_timeout: Period,
    /// Between two reads from the server.
    #[serde(default = "default_timeout")]
    pub read_timeout: Period,
}

fn default_timeout() -> Period {
    // nginx's for all three.
    Period(std::time::Duration::from_mins(1))
}
