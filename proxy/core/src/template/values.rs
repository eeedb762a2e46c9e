//! What is known of a request: all when it has ended, and what there is so far before.

use std::net::SocketAddr;
use std::time::Duration;

use crate::address::Peer;
use crate::expression::Captures;
use crate::http::RequestHead;
use crate::tls::Session;

/// What is known of a request. Fields that only some texts want are empty unless their
/// [`Needs`](super::Needs) ask for them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Values<'a> {
    /// The request, unless it was rejected.
    pub request: Option<&'a RequestHead<'a>>,
    /// The request line as sent, whatever is wrong with it; `None` if nothing came.
    pub line: Option<&'a [u8]>,
    /// Who asked.
    pub client: Client<'a>,
    /// Who was asked.
    pub server: Server<'a>,
    /// The status sent, or 499 if the client left before there was one.
    pub status: u16,
    /// Whether the whole answer was sent.
    pub complete: bool,
    /// Bytes of body sent to the client.
    pub body_bytes_sent: u64,
    /// All bytes sent to the client.
    pub bytes_sent: u64,
    /// Bytes of head and body received from the client.
    pub request_length: u64,
    /// From the first byte of the request to the last of the response.
    pub request_time: Duration,
    /// Bytes that went into the compressor and came out of it.
    pub gzip: Option<(u64, u64)>,
    /// The head sent to the client.
    pub sent_head: &'a [u8],
    /// The servers asked, in order.
    pub tries: &'a [Try<'a>],
    /// The upstream's name; empty if none was chosen.
    pub upstream_name: &'a str,
    /// The head of the last server's answer.
    pub upstream_head: &'a [u8],
    /// Why the edge answered by itself, in a word; empty if it did not.
    pub reason: &'a str,
    /// What rate limits made of it, in nginx's words; empty if there were none.
    pub limit_status: &'a str,
    /// 32 hexadecimal digits that no other request has.
    pub request_id: &'a str,
    /// The W3C trace that the request belongs to, 32 hexadecimal digits.
    pub trace_id: &'a str,
    /// Now.
    pub time: Times<'a>,
    /// What the groups of the route's expression found in the path.
    pub path_groups: Option<&'a Captures>,
    /// What those of the site's name found in the host.
    pub host_groups: Option<&'a Captures>,
}

/// The client's side of [`Values`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Client<'a> {
    /// Its address without port.
    pub address: &'a str,
    /// Who connected: the client, or the proxy that spoke for it (`real_ip`).
    pub peer: Peer,
    /// The port of that one.
    pub port: u16,
    /// The connection's number.
    pub connection: u64,
    /// Which request of the connection this is, counted from 1.
    pub requests: u64,
    /// Whether it was sent before the answer to the one before was there.
    pub pipelined: bool,
    /// Whether it speaks HTTP/2.
    pub http2: bool,
    /// `http` or `https`, as it connected to the first proxy that is trusted, or to the edge.
    pub scheme: &'a str,
    /// Its TLS, if it speaks that with the edge.
    pub tls: Option<&'a Session>,
}

/// The edge's side of [`Values`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Server<'a> {
    /// The address that the client connected to.
    pub address: Option<SocketAddr>,
    /// The site's first name.
    pub site: &'a str,
    /// The route's path as configured; empty if no route took the request.
    pub route: &'a str,
    /// The machine's name.
    pub hostname: &'a str,
    /// The edge's process.
    pub pid: u32,
}

/// The moment of [`Values`] in the forms that logs want.
#[derive(Debug, Clone, Copy, Default)]
pub struct Times<'a> {
    /// As nginx's `$time_local`.
    pub local: &'a str,
    /// As nginx's `$time_iso8601`.
    pub iso: &'a str,
    /// Unix time in milliseconds.
    pub unix_millis: u64,
}

/// One server asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Try<'a> {
    /// Its address.
    pub address: &'a str,
    /// Its status, or the one that its failure stands for, as in nginx; 0 if the client left first.
    pub status: u16,
    /// Until the connection stood; zero if it was kept from before.
    pub connect: Option<Duration>,
    /// Until the response head had come.
    pub header: Option<Duration>,
    /// Until the end of the response, or of the try.
    pub response: Option<Duration>,
    /// Bytes sent to it.
    pub sent: u64,
    /// Bytes received from it.
    pub received: u64,
    /// Bytes of body received from it.
    pub body: u64,
}
