//! Probes: what is asked, how often, and what changes the verdict.

use std::num::NonZeroU16;
use std::time::Duration;

use settings::{Place, Problem, Problems};

use super::{checks, file};
use crate::expression::Expression;
use crate::health::Thresholds;
use crate::probe::{HttpQuestion, Question};

/// How an upstream's servers are probed.
#[derive(Debug, Clone)]
pub struct Probe {
    /// What is asked.
    pub question: Question,
    /// The port, if it is not that of the server.
    pub port: Option<NonZeroU16>,
    /// From one probe to the next.
    pub interval: Duration,
    /// How much earlier or later it may be, in percent.
    pub jitter: u32,
    /// For an answer.
    pub timeout: Duration,
    /// What changes the verdict.
    pub thresholds: Thresholds,
}

pub(super) fn meant(
    upstream: &str,
    written: &file::HealthCheck,
    at: &Place,
    problems: &mut Problems,
) -> Probe {
    if written.jitter > 50 {
        problems.push(&at.key("jitter"), "more than 50 percent");
    }
    let port = written.port.and_then(|port| {
        let port = NonZeroU16::new(port);
        if port.is_none() {
            problems.push(&at.key("port"), "0 is no port");
        }
        port
    });
    unused(written, at, problems);
    Probe {
        question: question(upstream, written, at, problems),
        port,
        interval: checks::timeout(written.interval, &at.key("interval"), problems),
        jitter: written.jitter,
        timeout: checks::timeout(written.timeout, &at.key("timeout"), problems),
        thresholds: Thresholds {
            rise: checks::at_least_one(written.rise, &at.key("rise"), problems),
            fall: checks::at_least_one(written.fall, &at.key("fall"), problems),
        },
    }
}

/// Keys that another type of probe would need: whoever wrote them expects them to do something.
fn unused(written: &file::HealthCheck, at: &Place, problems: &mut Problems) {
    let http = written.kind == file::HealthCheckType::Http;
    let grpc = written.kind == file::HealthCheckType::Grpc;
    for (key, present, used, of) in [
        ("path", written.path.is_some(), http, "http"),
        ("host", written.host.is_some(), http, "http"),
        ("status", written.status.is_some(), http, "http"),
        ("body", written.body.is_some(), http, "http"),
        ("service", written.service.is_some(), grpc, "grpc"),
    ] {
        if present && !used {
            let message = format!("`{key}` is for probes of type \"{of}\"");
            problems.note(Problem::new(&at.key(key), message).rests_on(at.key("type")));
        }
    }
}

fn question(
    upstream: &str,
    written: &file::HealthCheck,
    at: &Place,
    problems: &mut Problems,
) -> Question {
    match written.kind {
        file::HealthCheckType::Tcp => Question::Tcp,
        file::HealthCheckType::Grpc => Question::Grpc(written.service.clone().unwrap_or_default()),
        file::HealthCheckType::Http => {
            let path = written.path.as_deref().unwrap_or("/health");
            let host = written.host.as_deref().unwrap_or(upstream);
            checks::path(path, &at.key("path"), problems);
            for (key, text) in [("path", path), ("host", host)] {
                checks::one_word(text, &at.key(key), problems);
            }
            let body = written
                .body
                .as_ref()
                .and_then(|expression| problems.ok(&at.key("body"), Expression::new(expression)));
            Question::Http(HttpQuestion {
                path: path.to_owned(),
                host: host.to_owned(),
                status: statuses(written.status.as_deref(), &at.key("status"), problems),
                body,
            })
        }
    }
}

fn statuses(written: Option<&[String]>, at: &Place, problems: &mut Problems) -> Vec<(u16, u16)> {
    let Some(written) = written else {
        return vec![(200, 399)];
    };
    if written.is_empty() {
        problems.push(at, "no status is good, so no server would ever be");
    }
    let mut statuses = Vec::new();
    for (index, text) in written.iter().enumerate() {
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        match (from.trim().parse(), to.trim().parse()) {
            (Ok(from), Ok(to)) if (100..=599).contains(&from) && from <= to && to <= 599 => {
                statuses.push((from, to));
            }
            _ => problems.push_with_help(
                &at.index(index),
                format!("`{text}` is no status and no range of statuses"),
                "\"200\" or \"200-299\"",
            ),
        }
    }
    statuses
}
