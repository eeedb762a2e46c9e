//! What is written to the upstream server, and back to the client.
//!
//! Heads are written from the parsed slices straight into one buffer: no header map is built, no
//! header is cloned. Hop-by-hop headers end here in both directions (RFC 9110 §7.6.1).

mod forwarded;
mod local;
mod passed;
mod phrase;
mod request;
mod response;
mod trailers;

pub use forwarded::{Forwarding, Hop, is_forwarded};
pub use local::{LocalResponse, location, write_local_response};
use passed::Passed;
pub(crate) use phrase::reason_phrase;
pub use request::{Outgoing, write_request};
pub use response::{Connection, Cookie, ResponseForm, write_chunk_size, write_response};

pub use trailers::{wants_trailers, write_trailers};

use crate::http::{Header, Headers, Name, list};

/// Writes `name: value` and the line end.
pub(crate) fn write_header(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

fn write_number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Whether the message's Connection header declares `header` to be for this hop only.
///
/// `options` are the message's Connection headers; nearly always there is one and it names no
/// header, so the caller asks [`names_headers`] once and skips this for every line.
fn is_named(options: &Headers<'_>, header: &Header<'_>) -> bool {
    connection_options(options)
        .any(|option| option.eq_ignore_ascii_case(header.raw_name.as_bytes()))
}

/// Whether any Connection option is more than `close` or `keep-alive`.
fn names_headers(headers: &Headers<'_>) -> bool {
    connection_options(headers).any(|option| {
        !option.eq_ignore_ascii_case(b"close") && !option.eq_ignore_ascii_case(b"keep-alive")
    })
}

fn connection_options<'b>(headers: &Headers<'b>) -> impl Iterator<Item = &'b [u8]> {
    headers.all(Name::Connection).flat_map(list)
}
