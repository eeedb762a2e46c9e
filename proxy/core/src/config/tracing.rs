//! Distributed traces, from written to meant.

use std::path::PathBuf;
use std::time::Duration;

use settings::{Place, Problems};

use super::{checks, file};

/// Distributed traces.
#[derive(Debug, Clone, PartialEq)]
pub struct Tracing {
    /// The share of the traces that begin here which are marked as recorded.
    pub sample: f64,
    /// Where recorded spans are sent, if anywhere.
    pub otlp: Option<Otlp>,
}

/// An OpenTelemetry collector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Otlp {
    /// Host and port.
    pub authority: String,
    /// The path to POST to.
    pub path: String,
    /// For connecting, and for its answer.
    pub timeout: Duration,
    /// A file with header lines to send.
    pub headers_file: Option<PathBuf>,
}

pub(super) fn meant(written: &file::Tracing, problems: &mut Problems) -> Tracing {
    if !(0.0..=1.0).contains(&written.sample) {
        let at = Place::root().key("tracing").key("sample");
        problems.push(&at, "the share is a number from 0 to 1");
    }
    Tracing {
        sample: written.sample,
        otlp: written
            .otlp
            .as_ref()
            .and_then(|otlp| self::otlp(otlp, problems)),
    }
}

fn otlp(written: &file::Otlp, problems: &mut Problems) -> Option<Otlp> {
    let place = Place::root().key("tracing").key("otlp");
    let Some(rest) = written.endpoint.strip_prefix("http://") else {
        problems.push_with_help(
            &place.key("endpoint"),
            format!("`{}` does not start with http://", written.endpoint),
            "collectors are reached without encryption; run one on this machine to pass spans on",
        );
        return None;
    };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let has_port = host
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let odd = |c: char| c.is_ascii_control() || c == ' ';
    if host.is_empty() || rest.contains(odd) {
        problems.push(&place.key("endpoint"), "the endpoint is not a URL");
    }
    Some(Otlp {
        authority: if has_port {
            host.to_owned()
        } else {
            format!("{host}:80")
        },
        path: if path.is_empty() { "/" } else { path }.to_owned(),
        timeout: checks::timeout(written.timeout, &place.key("timeout"), problems),
        headers_file: written.headers_file.as_ref().map(PathBuf::from),
    })
}
