//! `[[site]]` and `[[site.route]]`: where requests go.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use settings::{Period, Size};

use super::{Headers, Redirect, Respond};

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
    /// Compression by gzip alone; none if absent.
    pub gzip: Option<Gzip>,
    /// Compression by what the client likes best, in place of `gzip`.
    pub compress: Option<Compress>,
    /// Who may ask, by address; nobody else may if there are any. Of several networks that somebody is
    /// in the smallest counts.
    #[serde(default)]
    pub allow: Vec<String>,
    /// Who may not ask, by address.
    #[serde(default)]
    pub deny: Vec<String>,
    /// Header lines of requests to servers.
    #[serde(default)]
    pub request_headers: Headers,
    /// Header lines of answers, whatever their status (nginx's `add_header ... always`).
    #[serde(default)]
    pub response_headers: Headers,
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
    /// `combined`, `json`, or text with `$variables` as in nginx's `log_format`; a variable in braces
    /// is written `$${name}` here, since `${name}` is one of the environment.
    #[serde(default = "default_format")]
    pub format: String,
    /// How values are written in a text with `$variables`, as in nginx's `log_format`.
    pub escape: Option<LogEscape>,
    /// A text with `$variables`: requests for which it is empty or `0` are not logged.
    #[serde(rename = "if")]
    pub condition: Option<String>,
}

/// How values are written in log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogEscape {
    /// `\xXX` for quotes, backslashes and bytes that are no printable ASCII; `-` for nothing.
    Default,
    /// As in a JSON string.
    Json,
    /// As they are. A client can then forge lines.
    None,
}

fn default_format() -> String {
    "combined".to_owned()
}

/// Compression of responses by gzip.
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

/// Compression of responses by what the client likes best.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Compress {
    /// The codings that are offered; of those that a client likes equally, the first is taken.
    pub prefer: Vec<CodingName>,
    /// gzip's level: 1 (fast) to 9 (small).
    pub gzip: u32,
    /// brotli's level: 0 (fast) to 11 (small).
    pub brotli: u32,
    /// zstd's level: 1 (fast) to 19 (small).
    pub zstd: u32,
    /// Shorter bodies are sent as they are.
    pub min_length: Size,
    /// Media types that are compressed; `*`: any.
    pub types: Vec<String>,
}

impl Default for Compress {
    fn default() -> Self {
        let Gzip {
            level,
            min_length,
            types,
        } = Gzip::default();
        Self {
            prefer: vec![CodingName::Zstd, CodingName::Br, CodingName::Gzip],
            gzip: level,
            // Levels for answers made on the spot; 3 is zstd's own default.
            brotli: 4,
            zstd: 3,
            min_length,
            types,
        }
    }
}

/// A coding as Accept-Encoding names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CodingName {
    /// gzip, which every client knows.
    Gzip,
    /// brotli.
    Br,
    /// zstd.
    Zstd,
}

/// A route of a site, chosen by path as nginx chooses locations.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// `"/x"` (prefix), `{ exact = "/x" }`, `{ regex = "..." }` or
    /// `{ prefix = "/x", before_regex = true }`.
    pub path: RoutePath,
    /// Whether only internal redirects (`X-Accel-Redirect`) come here; clients get 404.
    #[serde(default)]
    pub internal: bool,
    /// Overrides the site's.
    pub access_log: Option<AccessLog>,
    /// Overrides the site's.
    pub max_body: Option<Size>,
    /// Who may ask; with `deny` in place of both of the site's.
    pub allow: Option<Vec<String>>,
    /// Who may not ask.
    pub deny: Option<Vec<String>>,
    /// On top of the site's.
    #[serde(default)]
    pub request_headers: Headers,
    /// On top of the site's.
    #[serde(default)]
    pub response_headers: Headers,
    /// Its requests go to an upstream.
    pub proxy: Option<Proxy>,
    /// Its clients are sent elsewhere.
    pub redirect: Option<Redirect>,
    /// They are answered as it says here.
    pub respond: Option<Respond>,
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
    /// Whether what a slow client has not taken yet waits at the edge, so that the server is free;
    /// otherwise the server waits. Nothing is ever held back from a client that can take it, and
    /// event streams and gRPC never wait at the edge. `X-Accel-Buffering` of a response overrides it.
    #[serde(default = "yes")]
    pub buffering: bool,
    /// How much of a response may wait in a temporary file.
    #[serde(default = "default_max_temp_file")]
    pub max_temp_file: Size,
    /// Whether the request is read to its end before a server is asked, so that a slow client keeps
    /// no server busy and another server can be asked if one fails.
    #[serde(default = "yes")]
    pub request_buffering: bool,
    /// Whether the server is left to answer when the client has gone.
    #[serde(default)]
    pub ignore_client_abort: bool,
}

fn yes() -> bool {
    true
}

fn default_max_temp_file() -> Size {
    // nginx's proxy_max_temp_file_size.
    Size(1 << 30)
}

fn default_timeout() -> Period {
    // nginx's for all three.
    Period(std::time::Duration::from_mins(1))
}
