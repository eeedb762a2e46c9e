//! `[client.http2]`: limits of connections that speak HTTP/2.

use schemars::JsonSchema;
use serde::Deserialize;
use settings::Size;

/// Limits of a client's connection that speaks HTTP/2 (RFC 9113). The largest field section follows from
/// `client.max_header`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Http2 {
    /// Streams that may be open at a time, from 1 to 10000; those beyond are refused
    /// (nginx `http2_max_concurrent_streams`).
    pub max_streams: u32,
    /// What one stream may send before it is taken, from 1k to 2147483647 bytes: with the distance to its client
    /// it bounds how fast content arrives (nginx `http2_body_preread_size`).
    pub stream_window: Size,
    /// The same for all streams together, from 64k on.
    pub connection_window: Size,
    /// Streams that the client may have reset while their requests are still being answered, up to 10000; a client
    /// that goes on is disconnected.
    pub max_resets: u32,
    /// Bytes of frames that belong to no request (PING, SETTINGS, `WINDOW_UPDATE` and such) beyond four for each
    /// byte of requests and answers, and 1k for each second, at least 4k; a client that goes on is disconnected.
    pub max_overhead: Size,
}

impl Default for Http2 {
    fn default() -> Self {
        Self {
            // What browsers and nginx settle on.
            max_streams: 128,
            // nginx's; 100 ms away it is 640 KB/s for each stream.
            stream_window: Size(64 << 10),
            // 16 streams at their fullest; the bound of what one connection makes the edge hold.
            connection_window: Size(1 << 20),
            // As many as may be open: browsers reset all of a page when its reader goes on to the next.
            max_resets: 128,
            // 15,000 PINGs.
            max_overhead: Size(256 << 10),
        }
    }
}
