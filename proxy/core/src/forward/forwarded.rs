//! `Forwarded`: who has asked, through which proxies (RFC 7239).

use super::write_header;
use crate::address::Peer;
use crate::http::{RequestHead, is_token};

/// Which headers tell a server who its client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Forwarding {
    /// X-Real-IP, X-Forwarded-For and X-Forwarded-Proto; a client's Forwarded goes on as any header.
    #[default]
    Usual,
    /// Forwarded instead of these.
    Forwarded,
    /// All of them.
    Both,
}

/// Who has passed a request to the edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hop {
    /// Whose request it is, or who passed it on.
    pub node: Peer,
    /// How it came from there: `http` or `https`.
    pub scheme: &'static str,
    /// Whether what its Forwarded headers say of those before is believed.
    pub continues: bool,
}

impl Forwarding {
    /// Whether X-Real-IP and the X-Forwarded headers are sent.
    pub fn has_usual(self) -> bool {
        self != Self::Forwarded
    }

    /// Whether Forwarded is sent.
    pub fn has_forwarded(self) -> bool {
        self != Self::Usual
    }
}

/// Whether a request says itself through whom it came.
pub fn is_forwarded(head: &RequestHead<'_>) -> bool {
    head.header("forwarded").is_some()
}

/// Writes the header: the proxies before, if they are believed, and the one that asked the edge.
pub(super) fn write(out: &mut Vec<u8>, head: &RequestHead<'_>, hop: &Hop) {
    let mut value = Vec::new();
    let lines = head.headers.iter().filter(|_| hop.continues);
    for line in lines.filter(|line| line.raw_name.eq_ignore_ascii_case("forwarded")) {
        value.extend_from_slice(line.value);
        value.extend_from_slice(b", ");
    }
    value.extend_from_slice(b"for=");
    match hop.node {
        // §6: an IPv6 address is in brackets, and what has brackets or colons in quotes.
        Peer::Ip(address) if address.is_ipv6() => {
            value.extend_from_slice(format!("\"[{address}]\"").as_bytes());
        }
        Peer::Ip(address) => value.extend_from_slice(address.to_string().as_bytes()),
        Peer::Unix => value.extend_from_slice(b"unknown"),
    }
    if !head.authority.is_empty() {
        value.extend_from_slice(b";host=");
        let host = head.authority.as_bytes();
        // A host has no quotes and backslashes (`http::request`).
        let quote: &[u8] = if is_token(head.authority) { b"" } else { b"\"" };
        for part in [quote, host, quote] {
            value.extend_from_slice(part);
        }
    }
    value.extend_from_slice(b";proto=");
    value.extend_from_slice(hop.scheme.as_bytes());
    write_header(out, "Forwarded", &value);
}

#[cfg(test)]
mod tests {
    use super::{Hop, write};
    use crate::address::Peer;
    use crate::http::RequestHead;

    fn written(lines: &str, node: Peer, continues: bool) -> String {
        let text = format!("GET / HTTP/1.1\r\n{lines}\r\n");
        let head = RequestHead::parse(text.as_bytes()).unwrap();
        let mut out = Vec::new();
        let hop = Hop {
            node,
            scheme: "https",
            continues,
        };
        write(&mut out, &head, &hop);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn elements_are_quoted_where_they_must_be() {
        let ip = |text: &str| Peer::Ip(text.parse().unwrap());
        for (host, node, expected) in [
            (
                "a.example",
                ip("192.0.2.1"),
                "for=192.0.2.1;host=a.example;proto=https",
            ),
            (
                "a:81",
                ip("2001:db8::1"),
                "for=\"[2001:db8::1]\";host=\"a:81\";proto=https",
            ),
            (
                "[::1]",
                Peer::Unix,
                "for=unknown;host=\"[::1]\";proto=https",
            ),
        ] {
            let found = written(&format!("Host: {host}\r\n"), node, false);
            assert_eq!(found, format!("Forwarded: {expected}\r\n"));
        }
    }

    #[test]
    fn the_chain_goes_on_only_from_who_is_believed() {
        let lines = "Host: a\r\nForwarded: for=1.1.1.1\r\nforwarded: for=_x;by=y\r\n";
        let node = Peer::Ip([10, 0, 0, 1].into());
        assert_eq!(
            written(lines, node, true),
            "Forwarded: for=1.1.1.1, for=_x;by=y, for=10.0.0.1;host=a;proto=https\r\n"
        );
        assert_eq!(
            written(lines, node, false),
            "Forwarded: for=10.0.0.1;host=a;proto=https\r\n"
        );
    }
}
