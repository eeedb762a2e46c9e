//! Version 1: `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443` and a line end.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{BadHeader, Ends, Origin, Outcome};

pub(super) const SIGNATURE: &[u8] = b"PROXY ";

/// The longest line, its end included: "a 108-byte buffer is always enough" with a final zero.
const LONGEST: usize = 107;

pub(super) fn parse(bytes: &[u8]) -> Result<Outcome, BadHeader> {
    let seen = bytes.get(..LONGEST).unwrap_or(bytes);
    let Some(line_feed) = memchr::memchr(b'\n', seen) else {
        return if seen.len() == LONGEST {
            Err(BadHeader::TooLong)
        } else {
            Ok(Outcome::Partial)
        };
    };
    let line = seen
        .get(SIGNATURE.len()..line_feed)
        .and_then(|line| line.strip_suffix(b"\r"))
        .and_then(|line| std::str::from_utf8(line).ok())
        .ok_or(BadHeader::Malformed)?;
    Ok(Outcome::Complete {
        length: line_feed + 1,
        origin: origin(line).ok_or(BadHeader::Malformed)?,
    })
}

fn origin(line: &str) -> Option<Origin> {
    // "The receiver must ignore anything presented before the CRLF."
    if line == "UNKNOWN" || line.starts_with("UNKNOWN ") {
        return Some(Origin::Sender);
    }
    let mut words = line.split(' ');
    let is_ipv4 = match words.next()? {
        "TCP4" => true,
        "TCP6" => false,
        _ => return None,
    };
    let mut address = || -> Option<IpAddr> {
        let word = words.next()?;
        if is_ipv4 {
            word.parse::<Ipv4Addr>().ok().map(IpAddr::V4)
        } else {
            word.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
        }
    };
    let (source, destination) = (address()?, address()?);
    let (source_port, destination_port) = (port(words.next()?)?, port(words.next()?)?);
    if words.next().is_some() {
        return None;
    }
    Some(Origin::Tcp(Ends {
        source: SocketAddr::new(source, source_port),
        destination: SocketAddr::new(destination, destination_port),
    }))
}

/// `u16::from_str` would accept a plus sign and leading zeros.
fn port(word: &str) -> Option<u16> {
    let number: u16 = word.parse().ok()?;
    let plain = word.bytes().all(|byte| byte.is_ascii_digit());
    let is_shortest = word == "0" || !word.starts_with('0');
    (plain && is_shortest).then_some(number)
}

pub(super) fn write(out: &mut Vec<u8>, ends: Option<&Ends>) {
    let Some(ends) = ends else {
        out.extend_from_slice(b"PROXY UNKNOWN\r\n");
        return;
    };
    let family = if ends.source.is_ipv4() {
        "TCP4"
    } else {
        "TCP6"
    };
    let (source, destination) = (ends.source, ends.destination);
    // Writing to a Vec cannot fail.
    write!(
        out,
        "PROXY {family} {} {} {} {}\r\n",
        source.ip(),
        destination.ip(),
        source.port(),
        destination.port()
    )
    .unwrap_or_default();
}
