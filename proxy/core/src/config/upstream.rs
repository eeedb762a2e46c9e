//! Upstreams, from written to meant.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use settings::{Place, Problems, closest};

use super::{Probe, Upstream, checks, file};
use crate::balance;
use crate::health::Thresholds;
use crate::retry::{self, Condition};

/// All upstreams, in the order of their names.
pub(super) fn all(
    written: &BTreeMap<String, file::Upstream>,
    problems: &mut Problems,
) -> Vec<Upstream> {
    let place = Place::root().key("upstream");
    written
        .iter()
        .map(|(name, upstream)| one(name, upstream, &place.key(name), problems))
        .collect()
}

fn one(name: &str, written: &file::Upstream, at: &Place, problems: &mut Problems) -> Upstream {
    let probe = written
        .health_check
        .as_ref()
        .map(|check| probe(check, &at.key("health_check"), problems));
    Upstream {
        name: name.to_owned(),
        keepalive: written.keepalive,
        keepalive_timeout: written.keepalive_timeout.0,
        servers: servers(name, &written.server, at, problems),
        probe,
        retry: retry(&written.retry, &at.key("retry"), problems),
    }
}

fn servers(
    name: &str,
    written: &[file::UpstreamServer],
    at: &Place,
    problems: &mut Problems,
) -> Vec<(std::net::SocketAddr, balance::Server)> {
    if written.is_empty() {
        problems.push_with_help(
            at,
            format!("upstream `{name}` has no server"),
            format!("add [[upstream.{name}.server]] with an address"),
        );
    } else if written.iter().all(|server| server.backup) {
        problems.push(at, format!("every server of upstream `{name}` is a backup"));
    }
    let mut servers: Vec<(std::net::SocketAddr, balance::Server)> = Vec::new();
    for (index, server) in written.iter().enumerate() {
        let at = at.key("server").index(index);
        let weight = checks::at_least_one(server.weight, &at.key("weight"), problems);
        let address_at = at.key("address");
        let Some(address) = checks::address(&server.address, &address_at, problems) else {
            continue;
        };
        if servers.iter().any(|(other, _)| *other == address) {
            problems.push(
                &address_at,
                format!("{address} is already a server of `{name}`"),
            );
        }
        let meant = balance::Server {
            weight,
            max_fails: server.max_fails,
            fail_timeout: server.fail_timeout.0,
            backup: server.backup,
            down: server.down,
        };
        servers.push((address, meant));
    }
    servers
}

fn probe(written: &file::HealthCheck, at: &Place, problems: &mut Problems) -> Probe {
    checks::path(&written.path, &at.key("path"), problems);
    if written
        .path
        .bytes()
        .any(|byte| byte.is_ascii_control() || byte == b' ')
    {
        problems.push(
            &at.key("path"),
            "the path contains a space or a control character",
        );
    }
    Probe {
        path: written.path.clone(),
        interval: checks::timeout(written.interval, &at.key("interval"), problems),
        timeout: checks::timeout(written.timeout, &at.key("timeout"), problems),
        thresholds: Thresholds {
            rise: checks::at_least_one(written.rise, &at.key("rise"), problems),
            fall: checks::at_least_one(written.fall, &at.key("fall"), problems),
        },
    }
}

/// The words of nginx's `proxy_next_upstream` that are not statuses.
const CONDITIONS: [&str; 5] = [
    "error",
    "timeout",
    "invalid_header",
    "non_idempotent",
    "off",
];

/// The statuses that nginx lets `proxy_next_upstream` name.
const STATUSES: [u16; 7] = [403, 404, 429, 500, 502, 503, 504];

fn retry(written: &file::Retry, at: &Place, problems: &mut Problems) -> retry::Policy {
    let at_on = at.key("on");
    let mut on = Vec::new();
    for (index, word) in written.on.iter().enumerate() {
        match word.as_str() {
            "error" => on.push(Condition::Error),
            "timeout" => on.push(Condition::Timeout),
            "invalid_header" => on.push(Condition::InvalidHeader),
            "non_idempotent" => {}
            "off" if written.on.len() == 1 => {}
            "off" => problems.push(&at_on.index(index), "`off` stands alone"),
            other => match status(other) {
                Some(status) => on.push(Condition::Status(status)),
                None => unknown_condition(word, &at_on.index(index), problems),
            },
        }
    }
    retry::Policy {
        on,
        non_idempotent: written.on.iter().any(|word| word == "non_idempotent"),
        tries: NonZeroU32::new(written.tries),
        timeout: Some(written.timeout.0).filter(|timeout| !timeout.is_zero()),
    }
}

fn status(word: &str) -> Option<u16> {
    let status = word.strip_prefix("http_")?.parse().ok()?;
    STATUSES.contains(&status).then_some(status)
}

fn unknown_condition(word: &str, at: &Place, problems: &mut Problems) {
    let statuses = STATUSES.map(|status| format!("http_{status}"));
    let words = CONDITIONS
        .into_iter()
        .chain(statuses.iter().map(String::as_str));
    let message = format!("`{word}` is no condition for a retry");
    match closest(word, words) {
        Some(word) => problems.push_with_help(at, message, format!("did you mean \"{word}\"?")),
        None => problems.push(at, message),
    }
}
