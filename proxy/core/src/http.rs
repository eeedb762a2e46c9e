//! HTTP/1 messages as the edge reads them (RFC 9110, RFC 9112).
//!
//! Heads borrow from the buffer that they were read into; nothing is copied per header. What is
//! refused here is refused before any server is contacted, and what passes has exactly one reading:
//! this is the gate that keeps request smuggling out.

mod chunked;
mod head;
mod headers;
mod limits;
mod name;
mod request;
mod response;
mod target;
mod upgrade;
mod websocket;

pub use chunked::{ChunkError, Chunks, Piece};
pub use head::{HeadEnd, find_head_end, leading_empty_lines};
pub use headers::Headers;
pub use limits::HeadLimits;
pub use name::Name;
pub use request::{Method, RequestHead};
pub use response::{BadResponse, ResponseHead};
pub use target::{BadPath, escape_path, escape_target, normalise_path};
pub use upgrade::{Upgrade, WEBSOCKET};
pub use websocket::{websocket_accept, websocket_key};

/// The protocol version of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// HTTP/1.0: no persistent connection unless asked for, no chunked coding.
    Http10,
    /// HTTP/1.1.
    Http11,
}

impl Version {
    /// As it stands in a request or status line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http10 => "HTTP/1.0",
            Self::Http11 => "HTTP/1.1",
        }
    }
}

/// One header line.
#[derive(Debug, Clone, Copy)]
pub struct Header<'b> {
    /// Which of the headers that the edge knows it is.
    pub name: Name,
    /// The name as it was sent.
    pub raw_name: &'b str,
    /// The value without surrounding white space.
    pub value: &'b [u8],
}

/// Where a message's body ends (RFC 9112 §6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyLength {
    /// There is none.
    Empty,
    /// After this many bytes.
    Known(u64),
    /// With the last chunk.
    Chunked,
    /// When the sender closes the connection (responses only).
    UntilClose,
}

/// The comma-separated elements of a list header, trimmed, without empty ones (RFC 9110 §5.6.1).
pub(crate) fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value
        .split(|byte| *byte == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|item| !item.is_empty())
}

/// Whether `text` may stand where RFC 9110 §5.6.2 wants a token.
pub(crate) fn is_token(text: &str) -> bool {
    let tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(tchar)
}
