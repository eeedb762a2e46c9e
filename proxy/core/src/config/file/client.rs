//! `[client]`: patience and limits with clients.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use settings::{Period, Size};

use super::Http2;

/// Patience and limits with clients. A reload changes them for connections that are open, too, from
/// their next request on.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Client {
    /// For the whole head of a request, from its first byte: 408. Also for the first byte on a new
    /// connection, which is then closed without a word.
    pub header_timeout: Period,
    /// Between two reads of a request body: 408.
    pub body_timeout: Period,
    /// Between two writes that make progress.
    pub send_timeout: Period,
    /// Between two requests; 0: a connection serves one.
    pub keepalive_timeout: Period,
    /// Requests that a connection serves.
    pub keepalive_requests: u32,
    /// The age at which a connection serves its last request.
    pub keepalive_time: Period,
    /// How long an unread request is read over, so that the client sees why it was refused.
    pub lingering_time: Period,
    /// How long to wait for more of it.
    pub lingering_timeout: Period,
    /// The longest request line: 414.
    pub max_uri: Size,
    /// The longest header line: 431.
    pub max_header_line: Size,
    /// The largest head: 431.
    pub max_header: Size,
    /// The most header lines, up to 256: 400.
    pub max_headers: u32,
    /// Limits of connections that speak HTTP/2, from the next connection on.
    pub http2: Http2,
    /// Open connections; those beyond are closed at once. 0: no limit but that of open files.
    pub max_connections: u32,
    /// Open connections of one client address, or of one IPv6 network (/64); 0: no limit.
    pub max_connections_per_address: u32,
    /// Proxies in front of this one, as addresses and networks (`unix:` for Unix sockets): what they
    /// say about the client and its scheme is believed.
    pub trusted: Vec<String>,
    /// The header in which they name the client: `X-Forwarded-For`, `Forwarded`, `X-Real-IP`, or
    /// any other.
    pub real_ip_header: String,
    /// Whether the client is the last address in it that is not trusted itself; otherwise it is the
    /// last, as by default in nginx.
    pub real_ip_recursive: bool,
}

impl Default for Client {
    fn default() -> Self {
        // As in nginx, but where it is said. Its `large_client_header_buffers 4 8k` is three limits here: of the
        // request line, of a header line, and of the head.
        Self {
            header_timeout: Period(Duration::from_mins(1)),
            body_timeout: Period(Duration::from_mins(1)),
            send_timeout: Period(Duration::from_mins(1)),
            keepalive_timeout: Period(Duration::from_secs(75)),
            keepalive_requests: 1000,
            keepalive_time: Period(Duration::from_hours(1)),
            lingering_time: Period(Duration::from_secs(30)),
            lingering_timeout: Period(Duration::from_secs(5)),
            max_uri: Size(8 << 10),
            max_header_line: Size(8 << 10),
            max_header: Size(32 << 10),
            max_headers: 256,
            http2: Http2::default(),
            max_connections: 0,
            max_connections_per_address: 0,
            trusted: Vec::new(),
            // What load balancers send; nginx's default, X-Real-IP, is sent by few.
            real_ip_header: "X-Forwarded-For".to_owned(),
            // The same with one proxy in front, and right with several.
            real_ip_recursive: true,
        }
    }
}
