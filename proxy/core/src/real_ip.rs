//! For whom a trusted proxy speaks (nginx's realip module).

use std::net::{IpAddr, SocketAddr};

use crate::address::Peer;
use crate::http::{Headers, Name};
use crate::networks::Networks;

/// Which headers of which peers say who the client is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RealIp {
    /// The proxies that are believed (`set_real_ip_from`).
    pub trusted: Networks,
    /// The header that names the client (`real_ip_header`).
    pub header: NamingHeader,
    /// Whether proxies that are trusted themselves are passed over in it (`real_ip_recursive`).
    pub recursive: bool,
}

/// A header that names clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamingHeader {
    /// `Forwarded` (RFC 7239): the `for` of each element.
    Forwarded,
    /// Any other: a list of addresses.
    List(String),
}

impl RealIp {
    /// The address that the headers of a request from `peer` name, if it is trusted and they do.
    ///
    /// Addresses are read from the last to the first, since each proxy appends the one that
    /// connected to it: what stands before the first that is not trusted is a stranger's word.
    pub fn client(&self, peer: Peer, headers: &Headers<'_>) -> Option<IpAddr> {
        if !self.trusted.contains(peer) {
            return None;
        }
        let named = headers
            .iter()
            .rev()
            .filter(|header| header.raw_name.eq_ignore_ascii_case(self.header.name()))
            .flat_map(|header| self.header.addresses(header.value));
        let mut client = None;
        for address in named {
            // Whatever stands before something unreadable cannot be trusted either.
            let Some(address) = address else { break };
            client = Some(address);
            if !self.recursive || !self.trusted.contains(Peer::Ip(address)) {
                break;
            }
        }
        client
    }

    /// The scheme that a trusted peer says the client used; `own`, that of this connection, for all
    /// others, and if it says neither `http` nor `https`.
    pub fn scheme(&self, peer: Peer, headers: &Headers<'_>, own: &'static str) -> &'static str {
        // The last line is the proxy's own; those before it may have come through it.
        let said = headers.all(Name::XForwardedProto).next_back();
        match said.filter(|_| self.trusted.contains(peer)) {
            Some(value) if value.eq_ignore_ascii_case(b"https") => "https",
            Some(value) if value.eq_ignore_ascii_case(b"http") => "http",
            _ => own,
        }
    }
}

impl NamingHeader {
    fn name(&self) -> &str {
        match self {
            Self::Forwarded => "Forwarded",
            Self::List(name) => name,
        }
    }

    /// The addresses in one line, from the last to the first; `None` is one that cannot be read.
    fn addresses<'v>(&self, value: &'v [u8]) -> impl Iterator<Item = Option<IpAddr>> + use<'v> {
        let forwarded = matches!(self, Self::Forwarded);
        let separates = move |byte: &u8| *byte == b',' || (*byte == b' ' && !forwarded);
        value
            .rsplit(separates)
            .map(<[u8]>::trim_ascii)
            .filter(|element| !element.is_empty())
            .map(move |element| {
                let text = std::str::from_utf8(element).ok()?;
                address(if forwarded { node(text)? } else { text })
            })
    }
}

/// The `for` of an element of a Forwarded header.
fn node(element: &str) -> Option<&str> {
    let value = element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then_some(value)
    })?;
    let value = value.trim();
    let quoted = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'));
    Some(quoted.unwrap_or(value))
}

/// An address, with or without port; IPv6 with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bracketed = || {
        let inside = text.strip_prefix('[')?.strip_suffix(']')?;
        inside.parse().ok().map(IpAddr::V6)
    };
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let address = text.parse().ok().or_else(with_port).or_else(bracketed)?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{NamingHeader, RealIp};
    use crate::address::Peer;
    use crate::http::RequestHead;
    use crate::networks::Network;

    fn real_ip(header: NamingHeader, recursive: bool) -> RealIp {
        let trusted = ["10.0.0.0/8", "192.168.0.1"];
        RealIp {
            trusted: trusted
                .iter()
                .map(|text| text.parse::<Network>().unwrap())
                .collect(),
            header,
            recursive,
        }
    }

    fn found(real_ip: &RealIp, peer: &str, lines: &[&str]) -> String {
        let request = format!(
            "GET / HTTP/1.1\r\nHost: a\r\n{}\r\n\r\n",
            lines.join("\r\n")
        );
        let head = RequestHead::parse(request.as_bytes()).unwrap();
        let peer = Peer::Ip(peer.parse().unwrap());
        let client = real_ip.client(peer, &head.headers);
        client.map_or_else(|| "peer".to_owned(), |client| client.to_string())
    }

    /// Lines of X-Forwarded-For, the client if proxies are passed over in it, and if they are not.
    const LISTS: [(&str, &str, &str); 13] = [
        ("", "peer", "peer"),
        ("9.9.9.9", "9.9.9.9", "9.9.9.9"),
        // The first is what the client itself sent.
        ("6.6.6.6, 9.9.9.9", "9.9.9.9", "9.9.9.9"),
        ("6.6.6.6, 9.9.9.9, 10.0.0.2", "9.9.9.9", "10.0.0.2"),
        ("9.9.9.9|192.168.0.1 ,, 10.0.0.2 ", "9.9.9.9", "10.0.0.2"),
        // All are ours: the first.
        ("10.0.0.3, 10.0.0.2", "10.0.0.3", "10.0.0.2"),
        ("x, 10.0.0.2", "10.0.0.2", "10.0.0.2"),
        ("9.9.9.9, x", "peer", "peer"),
        ("9.9.9.9:80", "9.9.9.9", "9.9.9.9"),
        ("[2001:db8::1]:80", "2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1", "2001:db8::1"),
        ("::ffff:9.9.9.9", "9.9.9.9", "9.9.9.9"),
    ];

    #[test]
    fn x_forwarded_for_as_nginx_reads_it() {
        let list = |recursive| real_ip(NamingHeader::List("X-Forwarded-For".into()), recursive);
        for (values, recursive, last) in LISTS {
            let lines: Vec<String> = values
                .split('|')
                .map(|value| format!("x-forwarded-for: {value}"))
                .collect();
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            assert_eq!(
                found(&list(true), "10.0.0.1", &lines),
                recursive,
                "{values}"
            );
            assert_eq!(found(&list(false), "10.0.0.1", &lines), last, "{values}");
            assert_eq!(found(&list(true), "192.0.2.1", &lines), "peer", "{values}");
        }
        let other = ["X-Real-IP: 9.9.9.9"];
        assert_eq!(found(&list(true), "10.0.0.1", &other), "peer");
    }

    #[test]
    fn forwarded_names_nodes() {
        let real_ip = real_ip(NamingHeader::Forwarded, true);
        for (value, expected) in [
            ("for=9.9.9.9", "9.9.9.9"),
            (
                "for=6.6.6.6, proto=https; For=\"9.9.9.9:80\" ;by=x",
                "9.9.9.9",
            ),
            ("for=\"[2001:db8::1]:4711\", for=10.0.0.2", "2001:db8::1"),
            ("for=9.9.9.9, for=_hidden", "peer"),
            ("for=9.9.9.9, proto=http", "peer"),
            ("for=unknown, for=10.0.0.2", "10.0.0.2"),
        ] {
            let line = format!("Forwarded: {value}");
            assert_eq!(found(&real_ip, "10.0.0.1", &[&line]), expected, "{value}");
        }
    }

    #[test]
    fn only_a_trusted_peer_says_which_scheme_was_used() {
        let real_ip = real_ip(NamingHeader::Forwarded, true);
        for (peer, said, scheme) in [
            ("10.0.0.1", "https", "https"),
            ("10.0.0.1", "HTTPS", "https"),
            ("10.0.0.1", "gopher", "http"),
            ("10.0.0.1", "https\r\nX-Forwarded-Proto: http", "http"),
            ("192.0.2.1", "https", "http"),
        ] {
            let request = format!("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: {said}\r\n\r\n");
            let head = RequestHead::parse(request.as_bytes()).unwrap();
            let peer = Peer::Ip(peer.parse().unwrap());
            assert_eq!(real_ip.scheme(peer, &head.headers, "http"), scheme);
        }
    }

    proptest! {
        /// A stranger's words, whatever they are, do not change what a trusted proxy appends.
        #[test]
        fn a_stranger_cannot_choose_its_address(
            said in "[0-9.,: \"=;a-z]{0,30}", forwarded in any::<bool>(), recursive in any::<bool>(),
        ) {
            let (header, line) = if forwarded {
                (NamingHeader::Forwarded, format!("Forwarded: {said}, for=9.9.9.9"))
            } else {
                let name = "X-Forwarded-For";
                (NamingHeader::List(name.into()), format!("{name}: {said}, 9.9.9.9"))
            };
            prop_assert_eq!(found(&real_ip(header, recursive), "10.0.0.1", &[&line]), "9.9.9.9");
        }
    }
}
