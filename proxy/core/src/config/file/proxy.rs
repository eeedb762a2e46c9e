//! `proxy`: servers answer.

use schemars::JsonSchema;
use serde::Deserialize;
use settings::{Period, Size};

/// Where a route's requests go.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-block" = "proxy"))]
pub struct Proxy {
    /// The upstream's name. With `$variables` it may be another for each request; what comes to no
    /// upstream's name is refused.
    pub to: String,
    /// What replaces the route's path in the request (the URI part of nginx's `proxy_pass`). With
    /// `$variables`, here or in `to`, it is asked for as it is.
    pub uri: Option<String>,
    /// What the URLs in Location and Refresh become, by what they begin with; the first that fits
    /// (nginx's `proxy_redirect`).
    #[serde(default)]
    pub redirect: Vec<ProxyRedirect>,
    /// For connecting.
    #[serde(default = "default_timeout")]
    pub connect_timeout: Period,
    /// Between two writes to the server.
    #[serde(default = "default_timeout")]
    pub send_timeout: Period,
    /// Between two reads from the server.
    #[serde(default = "default_timeout")]
    pub read_timeout: Period,
    /// How long a connection that has switched protocols, such as to WebSocket, may be silent in both
    /// directions; nginx has `proxy_read_timeout` for that. By default an hour, or `read_timeout` if
    /// that is longer.
    pub tunnel_timeout: Option<Period>,
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

/// A beginning of URLs that clients cannot use, and what takes its place.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProxyRedirect {
    /// What a URL begins with.
    pub from: String,
    /// What takes its place, with `$variables`.
    pub to: String,
}
