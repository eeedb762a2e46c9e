//! The edge's configuration as it is meant: values that cannot be wrong.
//!
//! [`file::Config`] is what is written; [`Config::from_file`] is the only way from there to here,
//! and reports everything that is wrong at once.

mod checks;
pub mod file;
mod site;
mod upstream;

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use settings::{Level, Place, Problem, Problems};

use crate::access::{Format, Needs};
use crate::balance;
use crate::encoding::Gzip;
use crate::health::Thresholds;
use crate::retry;
use crate::route::PathPattern;

/// A configuration that can be run.
#[derive(Debug, Clone)]
pub struct Config {
    /// The process.
    pub server: Server,
    /// Where operators connect.
    pub admin: SocketAddr,
    /// Clients that are told why a request failed.
    pub reason_to: Vec<IpNet>,
    /// Distributed traces.
    pub tracing: Tracing,
    /// Where clients connect; at least one.
    pub listeners: Vec<SocketAddr>,
    /// Groups of servers.
    pub upstreams: Vec<Upstream>,
    /// Sites; at least one.
    pub sites: Vec<Site>,
}

/// The process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Worker threads; `None`: one per core.
    pub threads: Option<NonZeroUsize>,
    /// How long requests may go on after a graceful stop was asked for.
    pub graceful_timeout: Duration,
    /// Where to write the process id.
    pub pid_file: Option<PathBuf>,
    /// The file for the edge's own messages; `None`: standard error.
    pub error_log: Option<PathBuf>,
    /// The least important messages to write.
    pub level: Level,
}

/// A group of servers with at least one primary.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// Its name.
    pub name: String,
    /// Idle connections each worker keeps.
    pub keepalive: usize,
    /// How long it keeps them.
    pub keepalive_timeout: Duration,
    /// The servers, each address once.
    pub servers: Vec<(SocketAddr, balance::Server)>,
    /// Probes, if any.
    pub probe: Option<Probe>,
    /// When a failed request goes to the next server.
    pub retry: retry::Policy,
}

/// How an upstream's servers are probed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The path to GET.
    pub path: String,
    /// From one probe to the next.
    pub interval: Duration,
    /// For an answer.
    pub timeout: Duration,
    /// What changes the verdict.
    pub thresholds: Thresholds,
}

/// A site with at least one route.
#[derive(Debug, Clone)]
pub struct Site {
    /// Its first name, or `_`: the label in metrics.
    pub label: String,
    /// Its names.
    pub names: Vec<String>,
    /// Compression, if any.
    pub gzip: Option<Gzip>,
    /// Where requests that no route takes are logged.
    pub access_log: Option<AccessLog>,
    /// Its routes, in the order of the file.
    pub routes: Vec<Route>,
}

/// Where requests are logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessLog {
    /// The file.
    pub path: PathBuf,
    /// What a line says.
    pub format: Format,
    /// Which requests are logged, if not all.
    pub condition: Option<Format>,
}

impl AccessLog {
    /// What its lines need.
    pub fn needs(&self) -> Needs {
        let condition = self.condition.as_ref().map(Format::needs);
        self.format.needs().and(condition.unwrap_or_default())
    }
}

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

/// A route.
#[derive(Debug, Clone)]
pub struct Route {
    /// Its path as written: the label in metrics.
    pub label: String,
    /// Which paths it takes.
    pub pattern: PathPattern,
    /// Where its requests are logged, if anywhere.
    pub access_log: Option<AccessLog>,
    /// The largest request body, if there is a limit.
    pub max_body: Option<u64>,
    /// Index of its upstream in [`Config::upstreams`].
    pub upstream: usize,
    /// What replaces the matched prefix of the path.
    pub uri: Option<Replacement>,
    /// For connecting to a server.
    pub connect_timeout: Duration,
    /// Between two writes to a server.
    pub send_timeout: Duration,
    /// Between two reads from a server.
    pub read_timeout: Duration,
}

/// A path prefix and what stands in its place upstream (nginx's Q7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// How much of the normalised path is replaced, in bytes.
    pub matched: usize,
    /// What replaces it.
    pub with: String,
}

impl Replacement {
    /// The target to ask the upstream for: `path` is the normalised path that the route matched,
    /// `target` the request's own. What follows the replaced prefix is escaped again, and the query
    /// is kept (EDGE Q7).
    pub fn apply(&self, path: &[u8], target: &str) -> String {
        let mut replaced = self.with.clone();
        for byte in path.iter().copied().skip(self.matched) {
            if byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@".contains(&byte) {
                replaced.push(char::from(byte));
            } else {
                replaced.push('%');
                for digit in [byte >> 4, byte & 15] {
                    let digit = char::from_digit(u32::from(digit), 16).unwrap_or('0');
                    replaced.push(digit.to_ascii_uppercase());
                }
            }
        }
        if let Some((_, query)) = target.split_once('?') {
            replaced.push('?');
            replaced.push_str(query);
        }
        replaced
    }
}

impl Config {
    /// Turns what is written into what is meant, or says everything that is wrong with it.
    pub fn from_file(written: &file::Config) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let root = Place::root();
        let server = server(&written.server, &mut problems);
        let admin = checks::address(
            &written.admin.listen,
            &root.key("admin").key("listen"),
            &mut problems,
        );
        let reason_to = checks::networks(
            &written.errors.reason_to,
            &root.key("errors").key("reason_to"),
            &mut problems,
        );
        let tracing = tracing(&written.tracing, &mut problems);
        let listeners = listeners(&written.listener, &mut problems);
        let upstreams = upstream::all(&written.upstream, &mut problems);
        let sites = site::all(&written.site, &written.upstream, &mut problems);
        let config = admin.map(|admin| Self {
            server,
            admin,
            reason_to,
            tracing,
            listeners,
            upstreams,
            sites,
        });
        problems.finish(config)
    }
}

fn server(written: &file::Server, problems: &mut Problems) -> Server {
    let log = written.error_log.clone().unwrap_or_default();
    // More threads than any machine has cores is a slip of the keyboard.
    if written.threads > 1024 {
        problems.push(
            &Place::root().key("server").key("threads"),
            "more than 1024 threads",
        );
    }
    Server {
        threads: NonZeroUsize::new(written.threads),
        graceful_timeout: written.graceful_timeout.0,
        pid_file: written.pid_file.as_ref().map(PathBuf::from),
        error_log: log.path.map(PathBuf::from),
        level: log.level,
    }
}

fn tracing(written: &file::Tracing, problems: &mut Problems) -> Tracing {
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

fn listeners(written: &[file::Listener], problems: &mut Problems) -> Vec<SocketAddr> {
    let place = Place::root().key("listener");
    if written.is_empty() {
        problems.push_with_help(
            &Place::root(),
            "there is no listener, so no client can connect",
            "add [[listener]] with address = \"0.0.0.0:80\"",
        );
    }
    let mut listeners = Vec::new();
    for (index, listener) in written.iter().enumerate() {
        let at = place.index(index).key("address");
        if let Some(address) = checks::address(&listener.address, &at, problems) {
            if listeners.contains(&address) {
                problems.push(&at, format!("{address} is listened on twice"));
            }
            listeners.push(address);
        }
    }
    listeners
}

#[cfg(test)]
mod tests;
