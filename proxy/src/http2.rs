//! HTTP/2 (RFC 9113) at the border: the exchange speaks HTTP/1 only.
//!
//! Each stream is presented to the exchange as an HTTP/1.1 connection of its own that carries one
//! request. So what passes the gate, what is retried, what is logged and counted are the same for
//! both protocols, and an ambiguity that only a translation could bring in has to pass the gate too.

mod client;
mod decode;
mod encode;
mod flow;
mod server;
mod transport;
mod websocket;

pub(crate) use self::client::{Connections, Link, alone};
pub(crate) use self::flow::{cannot_switch, is_refused};
pub(crate) use self::server::{is_preface, serve};

/// The largest frame that is read: the smallest that the protocol allows (RFC 9113 §4.2), so that
/// the streams of a connection share it fairly.
const FRAME: u32 = 16 * 1024;

/// What a server may send on one stream before we have taken it: with [`OF_CONNECTION`] the bound of what a
/// connection makes us hold. For clients an operator says (`client.http2`).
const OF_STREAM: u32 = 64 * 1024;

/// What it may send on all streams of a connection.
const OF_CONNECTION: u32 = 1024 * 1024;

/// What is held of one stream for a peer that does not read; then the exchange waits, or spools.
const UNSENT: usize = 64 * 1024;
