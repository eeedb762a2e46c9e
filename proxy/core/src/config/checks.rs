//! Checks that several parts of the configuration share.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::time::Duration;

use settings::{Period, Place, Problem, Problems};

use super::ServerAddress;
use crate::address::{Address, BadAddress};
use crate::disk_path::{DiskPath, leads_up};
use crate::networks::{BadNetwork, Network, Networks};
use crate::template::{BadTemplate, Escape, Scope, Template, Varying};

/// An IP address with a port.
pub(super) fn address(text: &str, at: &Place, problems: &mut Problems) -> Option<SocketAddr> {
    if let Ok(address) = text.parse::<SocketAddr>() {
        if address.port() == 0 {
            problems.push(at, format!("`{text}` has port 0, which is no port"));
        }
        return Some(address);
    }
    let message = format!("`{text}` is not an IP address with a port");
    if text.matches(':').count() > 1 {
        let help = "write IPv6 addresses in brackets: \"[::1]:80\"";
        problems.push_with_help(at, message, help);
    } else if text.parse::<IpAddr>().is_ok() {
        problems.push_with_help(at, message, format!("add the port, such as \"{text}:80\""));
    } else {
        problems.push_with_help(at, message, "names are not looked up; write the address");
    }
    None
}

/// An IP address with a port, or a Unix socket.
pub(super) fn socket_address(text: &str, at: &Place, problems: &mut Problems) -> Option<Address> {
    match text.parse() {
        Ok(address) => Some(address),
        // The same words as for every other address in the file.
        Err(BadAddress::NotAnAddress | BadAddress::PortZero) => {
            address(text, at, problems).map(Address::Tcp)
        }
        Err(error @ (BadAddress::RelativePath | BadAddress::LongPath)) => {
            let help = "\"unix:/run/hifate/edge.sock\"";
            problems.push_with_help(at, format!("`{text}` {error}"), help);
            None
        }
    }
}

/// An IP address or a name, with a port, or a Unix socket.
pub(super) fn server_address(
    text: &str,
    at: &Place,
    problems: &mut Problems,
) -> Option<ServerAddress> {
    let name = text
        .rsplit_once(':')
        .filter(|(host, _)| is_host_name(host) && host.parse::<Ipv4Addr>().is_err())
        .filter(|_| !text.starts_with("unix:"));
    let Some((host, port)) = name else {
        if is_host_name(text) && text.parse::<Ipv4Addr>().is_err() {
            let message = format!("`{text}` has no port");
            problems.push_with_help(at, message, format!("\"{text}:80\""));
            return None;
        }
        return socket_address(text, at, problems).map(ServerAddress::At);
    };
    match port.parse() {
        Ok(port) if port > 0 => Some(ServerAddress::Name {
            host: host.to_owned(),
            port,
        }),
        _ => {
            problems.push(at, format!("`{port}` is no port"));
            None
        }
    }
}

/// RFC 1123 §2.1, and the underscore that container networks use.
pub(super) fn is_host_name(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let text = text.strip_suffix('.').unwrap_or(text);
    text.len() <= 253
        && text.split('.').all(label)
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// A duration that is not zero: a timeout of no time would fail every request.
pub(super) fn timeout(period: Period, at: &Place, problems: &mut Problems) -> Duration {
    if period.0.is_zero() {
        problems.push(at, "a duration of 0 would always have passed");
    }
    period.0
}

/// A count of at least one.
pub(super) fn at_least_one(number: u32, at: &Place, problems: &mut Problems) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or_else(|| {
        problems.push(at, "must be at least 1");
        NonZeroU32::MIN
    })
}

/// A path that starts with a slash.
pub(super) fn path(text: &str, at: &Place, problems: &mut Problems) {
    if !text.starts_with('/') {
        problems.push_with_help(
            at,
            format!("the path `{text}` does not start with a slash"),
            format!("\"/{text}\""),
        );
    }
}

/// Text without spaces and control characters, since it becomes part of a request.
pub(super) fn one_word(text: &str, at: &Place, problems: &mut Problems) {
    if text
        .bytes()
        .any(|byte| byte.is_ascii_control() || byte == b' ')
    {
        problems.push(at, "contains a space or a control character");
    }
}

/// Networks, addresses and `unix:`.
pub(super) fn networks(written: &[String], at: &Place, problems: &mut Problems) -> Networks {
    let mut one = |(index, text): (usize, &String)| match text.parse::<Network>() {
        Ok(network) => Some(network),
        Err(error) => {
            let message = format!("`{text}` {error}");
            match error {
                BadNetwork::Syntax => problems.push(&at.index(index), message),
                BadNetwork::HostBits(network) => {
                    let help = format!("\"{network}\"");
                    problems.push_with_help(&at.index(index), message, help);
                }
            }
            None
        }
    };
    written.iter().enumerate().filter_map(&mut one).collect()
}

/// A text with `$variables`, whose values stand in it as they are.
pub(super) fn template(
    scope: &Scope,
    text: &str,
    at: &Place,
    problems: &mut Problems,
) -> Option<Template> {
    let template = Template::parse_in(scope, text, Escape::None);
    parsed(template, at, problems)
}

/// A path on the disk, perhaps with `$variables`.
pub(super) fn disk_path(
    scope: &Scope,
    text: &str,
    at: &Place,
    problems: &mut Problems,
) -> Option<DiskPath> {
    let path = varying(scope, text, at, problems)?;
    if matches!(path, DiskPath::By(_)) && leads_up(text.as_bytes()) {
        problems.push(at, "a path with variables may not lead upwards (`..`)");
    }
    Some(path)
}

/// A text that says the same of every request if it has no `$variables`.
pub(super) fn varying<T: for<'t> From<&'t str>>(
    scope: &Scope,
    text: &str,
    at: &Place,
    problems: &mut Problems,
) -> Option<Varying<T>> {
    let by = template(scope, text, at, problems)?;
    Some(if by.is_constant() {
        Varying::Fixed(T::from(text))
    } else {
        Varying::By(by)
    })
}

/// What came of parsing a text with `$variables`.
pub(super) fn parsed(
    template: Result<Template, BadTemplate>,
    at: &Place,
    problems: &mut Problems,
) -> Option<Template> {
    match template {
        Ok(template) => Some(template),
        Err(error) => {
            let mut problem = Problem::new(at, error.to_string());
            problem.help = error.help();
            if let BadTemplate::Unknown(name, _) = error {
                problem = problem.rests_on(Place::root().key("map").key(name));
            }
            problems.note(problem);
            None
        }
    }
}

/// A media type that can stand in a header.
pub(super) fn media_type(text: &str, at: &Place, problems: &mut Problems) {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~');
    if !text.contains('/') || !text.bytes().all(is_plain) {
        let message = format!("`{text}` is no media type");
        problems.push_with_help(at, message, "\"text/plain; charset=utf-8\"");
    }
}
