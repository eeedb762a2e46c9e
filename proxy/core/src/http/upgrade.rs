//! Switching to another protocol on the same connection (RFC 9110 §7.8).

use super::{Name, ResponseHead, is_token, list};

/// The protocols that a client would switch to, in its order, as far as it may; nearly always none.
///
/// HTTP by another name is not among them: behind `h2c`, another version or TLS a client could send
/// the server requests that pass no gate ("h2c smuggling").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Upgrade<'b> {
    protocols: Vec<&'b str>,
}

/// The protocol of RFC 6455, as it is registered.
pub const WEBSOCKET: &str = "websocket";

impl<'b> Upgrade<'b> {
    /// Takes another Upgrade line. What is no protocol is passed over, as a server may do.
    pub(super) fn read(&mut self, value: &'b [u8]) {
        let protocols = list(value).filter_map(|item| std::str::from_utf8(item).ok());
        self.protocols.extend(protocols.filter(|one| may_pass(one)));
    }

    /// Whether nothing is offered.
    pub fn is_empty(&self) -> bool {
        self.protocols.is_empty()
    }

    /// What is offered.
    pub fn protocols(&self) -> &[&'b str] {
        &self.protocols
    }

    /// The same without what is not `websocket`.
    #[must_use]
    pub fn websocket(&self) -> Self {
        let protocols = self.protocols.iter().copied();
        Self {
            protocols: protocols
                .filter(|one| one.eq_ignore_ascii_case(WEBSOCKET))
                .collect(),
        }
    }

    /// Whether a `101` switches to what was offered, and to nothing else. More than one protocol are
    /// layers (RFC 9110 §7.8).
    pub fn allows(&self, switch: &ResponseHead<'_>) -> bool {
        let lines = switch.headers.all(Name::Upgrade);
        let mut to = lines.flat_map(list).peekable();
        let is_offered = |to: &[u8]| {
            let mut protocols = self.protocols.iter();
            protocols.any(|one| one.as_bytes().eq_ignore_ascii_case(to))
        };
        to.peek().is_some() && to.all(is_offered)
    }
}

/// Whether it is a protocol (RFC 9110 §7.8), and none in which requests would pass unseen.
fn may_pass(protocol: &str) -> bool {
    let (name, version) = protocol.split_once('/').unwrap_or((protocol, "1"));
    let is_http = ["h2", "h2c", "http", "tls"]
        .iter()
        .any(|other| name.eq_ignore_ascii_case(other));
    is_token(name) && is_token(version) && !is_http
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::RequestHead;

    fn offered(lines: &str) -> Vec<String> {
        let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
        let head = RequestHead::parse(head.as_bytes()).unwrap();
        let protocols = head.upgrade.protocols().iter();
        protocols.map(ToString::to_string).collect()
    }

    #[test]
    fn both_headers_make_an_offer() {
        let websocket = offered("Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n");
        assert_eq!(websocket, ["WebSocket"]);
        let several = offered("Connection: upgrade\r\nUpgrade: foo/2, ,bar\r\nUpgrade: baz\r\n");
        assert_eq!(several, ["foo/2", "bar", "baz"]);
        assert!(offered("Upgrade: websocket\r\n").is_empty());
        assert!(offered("Connection: upgrade\r\n").is_empty());
    }

    #[test]
    fn http_1_0_offers_nothing() {
        let head = b"GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
        assert!(RequestHead::parse(head).unwrap().upgrade.is_empty());
    }

    #[test]
    fn http_by_another_name_is_never_offered() {
        for name in ["h2c", "H2C", "h2", "HTTP/2.0", "http/3", "TLS/1.0", "tls"] {
            let lines = format!("Connection: upgrade\r\nUpgrade: {name}, websocket\r\n");
            assert_eq!(offered(&lines), ["websocket"], "{name}");
        }
        for nonsense in ["a b", "a/", "/1", "a/b/c", "\"a\"", "a;b"] {
            let lines = format!("Connection: upgrade\r\nUpgrade: {nonsense}\r\n");
            assert!(offered(&lines).is_empty(), "{nonsense}");
        }
    }

    #[test]
    fn a_switch_is_to_what_was_offered() {
        let upgrade = Upgrade {
            protocols: vec!["websocket", "foo/1"],
        };
        let allows = |lines: &str| {
            let head = format!("HTTP/1.1 101 X\r\n{lines}\r\n");
            upgrade.allows(&ResponseHead::parse_or_switch(head.as_bytes(), false).unwrap())
        };
        assert!(allows("Upgrade: WebSocket\r\n"));
        assert!(allows("Upgrade: foo/1, websocket\r\n"));
        assert!(!allows("Upgrade: foo\r\n"));
        assert!(!allows("Upgrade: websocket, h2c\r\n"));
        assert!(!allows("Upgrade:\r\n"));
        assert!(!allows("X: y\r\n"));
    }
}
