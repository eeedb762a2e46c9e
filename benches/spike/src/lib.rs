//! What the candidates share: two addresses from the command line and one header rule.

use std::net::SocketAddr;

/// Idle upstream connections kept.
pub const KEEPALIVE: usize = 128;

/// `LISTEN ORIGIN` from the command line.
pub fn addresses() -> (SocketAddr, SocketAddr) {
    let mut arguments = std::env::args().skip(1);
    let mut next = || {
        let text = arguments.next().expect("usage: candidate LISTEN ORIGIN");
        text.parse().expect("an address and a port")
    };
    (next(), next())
}

/// X-Forwarded-For with `client` appended, as nginx's `$proxy_add_x_forwarded_for`.
pub fn forwarded_for(before: Option<&[u8]>, client: &str) -> Vec<u8> {
    let mut value = before.map_or_else(Vec::new, |before| [before, b", "].concat());
    value.extend_from_slice(client.as_bytes());
    value
}
