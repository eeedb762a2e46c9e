//! Checks that several parts of the configuration share.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::time::Duration;

use ipnet::IpNet;
use settings::{Period, Place, Problems};

use crate::access::{BadFormat, Format};

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

/// Addresses and networks.
pub(super) fn networks(written: &[String], at: &Place, problems: &mut Problems) -> Vec<IpNet> {
    let mut networks = Vec::new();
    for (index, text) in written.iter().enumerate() {
        let network = text
            .parse::<IpNet>()
            .or_else(|error| text.parse::<IpAddr>().map(IpNet::from).map_err(|_| error));
        match network {
            Ok(network) => networks.push(network),
            Err(_) => problems.push_with_help(
                &at.index(index),
                format!("`{text}` is neither an address nor a network"),
                "\"10.0.0.0/8\" or \"10.1.2.3\"",
            ),
        }
    }
    networks
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

/// A text with `$variables`.
pub(super) fn format(
    format: Result<Format, BadFormat>,
    at: &Place,
    problems: &mut Problems,
) -> Option<Format> {
    match format {
        Ok(format) => Some(format),
        Err(error) => {
            match error.help() {
                Some(help) => problems.push_with_help(at, error.to_string(), help),
                None => problems.push(at, error.to_string()),
            }
            None
        }
    }
}
