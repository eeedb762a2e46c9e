//! The edge's configuration as it is meant: values that cannot be wrong.
//!
//! [`file::Config`] is what is written; [`Config::from_file`] is the only way from there to here,
//! and reports everything that is wrong at once.

mod access_log;
mod acme;
mod admin;
mod auth;
mod browser;
mod checks;
mod client;
mod compress;
pub mod file;
mod files;
mod headers;
pub mod lints;
mod listener;
mod map;
mod names;
mod path;
mod policy;
mod proxy;
mod rate_limit;
mod resolver;
mod respond;
mod rewrite;
mod route;
mod site;
mod terms;
mod tracing;
mod upstream;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use settings::{Level, Place, Problem, Problems};

pub use self::acme::{Acme, AcmeChallenge, ExternalAccount, OrderedCertificate};
pub use self::admin::Admin;
pub use self::auth::{BasicAuth, ForwardAuth};
pub use self::browser::Browser;
pub use self::client::{Client, Http2, Persistence};
pub use self::listener::{
    CertificateFiles, CipherSuite, ClientAuth, Keepalive, Listener, ListenerCertificate,
    ListenerTls, ProxyProtocol, Tickets, TlsVersion,
};
use self::names::Names;
pub use self::policy::Policy;
pub use self::proxy::{Proxy, ProxyUri, Replacement, To};
pub use self::rate_limit::{RateLimit, TABLES};
pub use self::resolver::Resolver;
pub use self::respond::Respond;
pub use self::tracing::{Otlp, Tracing};
pub use self::upstream::{
    IdleConnections, Probe, Queue, ServerAddress, Sticky, Tls, Upstream, UpstreamServer,
};
use crate::address::Address;
use crate::disk_path::DiskPath;
use crate::encoding::Compression;
use crate::error_page::ErrorPages;
use crate::expires::Expiry;
use crate::files::Files;
use crate::forward::Forwarding;
use crate::headers::Rules;
use crate::networks::Networks;
use crate::route::{HostPattern, PathPattern, Positioned, Rewrite, When};
use crate::template::{Needs, Template};

/// A configuration that can be run.
#[derive(Debug, Clone)]
pub struct Config {
    /// The process.
    pub server: Server,
    /// Where operators connect.
    pub admin: Admin,
    /// Clients that are told why a request failed.
    pub reason_to: Networks,
    /// Distributed traces.
    pub tracing: Tracing,
    /// How the names of servers are looked up.
    pub resolver: Resolver,
    /// How certificates are ordered, if they may be.
    pub acme: Option<Acme>,
    /// Where clients connect; at least one.
    pub listeners: Vec<Listener>,
    /// Patience and limits with clients; each connection holds on to those it knows.
    pub client: Arc<Client>,
    /// Groups of servers.
    pub upstreams: Vec<Upstream>,
    /// Rate limits, in the order of their names.
    pub rate_limits: Vec<RateLimit>,
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
    /// How long a new process may take until it is ready to take over.
    pub upgrade_timeout: Duration,
    /// Where to write the process id.
    pub pid_file: Option<PathBuf>,
    /// The edge's own messages.
    pub error_log: ErrorLog,
}

/// The edge's own messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorLog {
    /// The file; `None`: standard error.
    pub path: Option<PathBuf>,
    /// The least important messages to write.
    pub level: Level,
    /// The same for single modules.
    pub levels: BTreeMap<String, Level>,
    /// Whether a line is a JSON object.
    pub json: bool,
}

impl Server {
    /// Whether a process that runs with `self` can go on with `other`: what differs is put into use by
    /// a reload.
    pub fn can_become(&self, other: &Self) -> bool {
        let error_log = ErrorLog {
            level: other.error_log.level,
            levels: other.error_log.levels.clone(),
            ..self.error_log.clone()
        };
        let with_what_changes = Self {
            graceful_timeout: other.graceful_timeout,
            upgrade_timeout: other.upgrade_timeout,
            error_log,
            ..self.clone()
        };
        with_what_changes == *other
    }
}

/// Whether this is the path of a module, such as `h2` or `hifate_edge::probe`.
pub fn is_module(path: &str) -> bool {
    let is_name = |name: &str| {
        let rest = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        name.bytes().all(rest)
            && name
                .bytes()
                .next()
                .is_some_and(|first| !first.is_ascii_digit())
    };
    path.split("::").all(is_name)
}

/// A site with at least one route.
#[derive(Debug, Clone)]
pub struct Site {
    /// Its first name, or `_`: the label in metrics.
    pub label: String,
    /// Its names as they are written.
    pub written_names: Vec<String>,
    /// What they mean.
    pub names: Vec<HostPattern>,
    /// The listeners that lead to it; all if there are none.
    pub listen: Vec<Address>,
    /// The port that clients without TLS are sent to, if they are.
    pub https_only: Option<u16>,
    /// Compression, if any.
    pub compression: Option<Compression>,
    /// Paths that get another before a route is chosen.
    pub rewrites: Vec<Rewrite>,
    /// What holds for requests that no route takes.
    pub terms: Terms,
    /// Its routes, in the order of the file, each followed by those inside of it.
    pub routes: Vec<Route>,
}

/// What holds for the requests of a site or a route. A route has it from what it stands in, but for
/// what it says itself.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Where they are logged, if anywhere.
    pub access_log: Option<AccessLog>,
    /// The largest request body, if there is a limit.
    pub max_body: Option<u64>,
    /// Who may ask, and how often.
    pub policy: Policy,
    /// Which headers tell servers who their client is.
    pub forwarding: Forwarding,
    /// Header lines of requests to servers.
    pub request_headers: Rules,
    /// Header lines of answers, the edge's own included.
    pub response_headers: Rules,
    /// What these tell browsers.
    pub browser: Browser,
    /// What clients get in place of errors.
    pub error_pages: ErrorPages,
    /// Whether that is also for errors that servers answer with.
    pub intercept_errors: bool,
    /// How long clients may keep answers, if it is said.
    pub expires: Option<Expiry>,
}

/// Where requests are logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessLog {
    /// The file.
    pub path: DiskPath,
    /// What a line says.
    pub format: Template,
    /// Which requests are logged, if not all.
    pub condition: Option<Template>,
}

impl AccessLog {
    /// What its lines need.
    pub fn needs(&self) -> Needs {
        let condition = self.condition.as_ref().map(Template::needs);
        let needs = self.format.needs().and(self.path.needs());
        needs.and(condition.unwrap_or_default())
    }
}

/// A route.
#[derive(Debug, Clone)]
pub struct Route {
    /// Its path as written: the label in metrics.
    pub label: String,
    /// Which paths it takes.
    pub pattern: PathPattern,
    /// The route that it stands in, by its index.
    pub parent: Option<usize>,
    /// What it asks of a request besides.
    pub when: Option<When>,
    /// Whether only internal redirects come here.
    pub internal: bool,
    /// Paths that get another.
    pub rewrites: Vec<Rewrite>,
    /// What holds for its requests.
    pub terms: Terms,
    /// Where its answers come from.
    pub action: Action,
}

/// Where a route's answers come from.
#[derive(Debug, Clone)]
pub enum Action {
    /// From an upstream.
    Proxy(Proxy),
    /// From here.
    Respond(Respond),
    /// From the disk.
    Files(Files),
    /// From the edge's counters.
    Status,
}

impl Route {
    /// Its place among the others. A path that only lacks the slash at its end is redirected where
    /// nginx does so, for locations with `proxy_pass` (EDGE L2).
    pub fn positioned(&self) -> Positioned {
        Positioned {
            pattern: self.pattern.clone(),
            parent: self.parent,
            slash: matches!(self.action, Action::Proxy(_)),
        }
    }
}

impl Config {
    /// Turns what is written into what is meant, or says everything that is wrong with it.
    pub fn from_file(written: &file::Config) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let root = Place::root();
        let server = server(&written.server, &mut problems);
        let admin = admin::meant(&written.admin, &mut problems);
        let resolver = resolver::meant(&written.resolver, &mut problems);
        let reason_to = checks::networks(
            &written.errors.reason_to,
            &root.key("errors").key("reason_to"),
            &mut problems,
        );
        let tracing = tracing::meant(&written.tracing, &mut problems);
        let acme = written.acme.as_ref();
        let acme = acme.map(|written| acme::meant(written, &mut problems));
        let listeners = listener::all(&written.listener, acme.as_ref(), &mut problems);
        let client = Arc::new(client::client(&written.client, &mut problems));
        let scope = map::all(&written.map, &mut problems);
        let upstreams = upstream::all(&written.upstream, &scope, &mut problems);
        let rate_limits = rate_limit::all(&written.rate_limit, &scope, &mut problems);
        let names = Names::new(written, scope);
        let sites = site::all(&written.site, &listeners, &names, &mut problems);
        let config = admin.map(|admin| Self {
            server,
            admin,
            reason_to,
            tracing,
            resolver,
            acme,
            listeners,
            client,
            upstreams,
            rate_limits,
            sites,
        });
        problems.finish(config)
    }
}

impl Config {
    /// The certificates that are to be ordered, each once.
    pub fn ordered_certificates(&self) -> Vec<&OrderedCertificate> {
        let tls = self.listeners.iter().filter_map(|one| one.tls.as_ref());
        let mut found: Vec<&OrderedCertificate> = Vec::new();
        for certificate in tls.flat_map(|tls| &tls.certificates) {
            match certificate {
                ListenerCertificate::Ordered(one) if !found.contains(&one) => found.push(one),
                ListenerCertificate::Ordered(_) | ListenerCertificate::Files(_) => {}
            }
        }
        found
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
    if written.upgrade_timeout.0.is_zero() {
        problems.push_with_help(
            &Place::root().key("server").key("upgrade_timeout"),
            "no process is ready in no time",
            "upgrade_timeout = \"30s\"",
        );
    }
    for module in log.levels.keys().filter(|module| !is_module(module)) {
        problems.push_with_help(
            &Place::root()
                .key("server")
                .key("error_log")
                .key("levels")
                .key(module),
            format!("`{module}` is no module's path"),
            "a library with underscores, and what is inside of it: h2, \"hifate_edge::probe\"",
        );
    }
    Server {
        threads: NonZeroUsize::new(written.threads),
        graceful_timeout: written.graceful_timeout.0,
        upgrade_timeout: written.upgrade_timeout.0,
        pid_file: written.pid_file.as_ref().map(PathBuf::from),
        error_log: ErrorLog {
            path: log.path.map(PathBuf::from),
            level: log.level,
            levels: log.levels,
            json: log.format == file::ErrorLogFormat::Json,
        },
    }
}

#[cfg(test)]
mod tests;
