//! Limits of connections that speak HTTP/2, from written to meant.

use settings::{Place, Problems, Size};

use super::file;

/// What a client's connection that speaks HTTP/2 may do.
#[derive(Debug, Clone, Copy)]
pub struct Http2 {
    /// Streams open at a time.
    pub streams: u32,
    /// Bytes that one stream may send before they are taken.
    pub stream_window: u32,
    /// Bytes that all streams may send before they are taken.
    pub connection_window: u32,
    /// Streams that the client may have reset while their requests are still being answered.
    pub resets: u32,
    /// Bytes of frames that belong to no request, beyond what is in proportion.
    pub overhead: u64,
}

/// More than any client has; each costs memory as soon as it is open.
const MOST_STREAMS: u32 = 10_000;

/// RFC 9113 §6.9.1.
const LARGEST_WINDOW: u64 = (1 << 31) - 1;

/// Below this a stream would go on with hardly a frame at a time.
const SMALLEST_STREAM_WINDOW: u64 = 1 << 10;

/// What every client starts with (RFC 9113 §6.9.2); it can be made larger, but not smaller.
const SMALLEST_CONNECTION_WINDOW: u64 = 1 << 16;

/// What clients say before their first request is within this.
const LEAST_OVERHEAD: u64 = 4 << 10;

pub(super) fn http2(written: &file::Http2, at: &Place, problems: &mut Problems) -> Http2 {
    if !(1..=MOST_STREAMS).contains(&written.max_streams) {
        let message = format!("a number from 1 to {MOST_STREAMS}");
        problems.push(&at.key("max_streams"), message);
    }
    if written.max_resets > MOST_STREAMS {
        let message = format!("a number up to {MOST_STREAMS}");
        problems.push(&at.key("max_resets"), message);
    }
    if written.max_overhead.0 < LEAST_OVERHEAD {
        let message = "less than 4k, with which some clients could not begin";
        problems.push(&at.key("max_overhead"), message);
    }
    let mut window = |size: Size, least: u64, key| {
        let allowed = least..=LARGEST_WINDOW;
        if !allowed.contains(&size.0) {
            let message = format!("a size from {} to {LARGEST_WINDOW} bytes", Size(least));
            problems.push(&at.key(key), message);
        }
        u32::try_from(size.0).unwrap_or(u32::MAX)
    };
    Http2 {
        streams: written.max_streams,
        stream_window: window(
            written.stream_window,
            SMALLEST_STREAM_WINDOW,
            "stream_window",
        ),
        connection_window: window(
            written.connection_window,
            SMALLEST_CONNECTION_WINDOW,
            "connection_window",
        ),
        resets: written.max_resets,
        overhead: written.max_overhead.0,
    }
}
