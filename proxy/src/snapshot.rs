//! The configuration in use, with everything a request needs looked up once.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use edge_core::access::Access;
use edge_core::address::Peer;
use edge_core::config::{self, Config};
use edge_core::encoding::Compression;
use edge_core::headers::Rules;
use edge_core::http::{BadPath, RequestHead, normalise_path};
use edge_core::route::{Hosts, Paths, Place};
use edge_core::template::{Needs, Template};

use crate::access_log::{LogFile, LogFiles};
use crate::metrics::{Metrics, RouteMetrics};
use crate::spans::Spans;
use crate::transport;
use crate::upstream::Upstream;

/// A configuration in use. Requests hold on to the one they began with.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// What it was made from.
    pub(crate) config: Config,
    /// Groups of servers.
    pub(crate) upstreams: Vec<Arc<Upstream>>,
    /// Where the spans of recorded traces go.
    pub(crate) spans: Option<Arc<Spans>>,
    hosts: Hosts,
    sites: Vec<Site>,
}

/// A site in use.
#[derive(Debug)]
pub(crate) struct Site {
    /// Compression, if any.
    pub(crate) compression: Option<Compression>,
    /// For requests that no route takes.
    pub(crate) unrouted: Target,
    paths: Paths,
    routes: Vec<Route>,
}

/// What holds for the requests of a route: where they are logged and counted, and what is said in
/// their names.
#[derive(Debug)]
pub(crate) struct Target {
    /// The site's name in metrics and logs.
    pub(crate) site: String,
    /// The route's path as configured; empty for requests that no route takes.
    pub(crate) route: String,
    /// The log, if any.
    pub(crate) access_log: Option<AccessLog>,
    /// What the log and the other texts want to know.
    pub(crate) needs: Needs,
    /// The counters.
    pub(crate) metrics: RouteMetrics,
    /// Header lines of requests to servers.
    pub(crate) request_headers: Rules,
    /// Header lines of answers.
    pub(crate) response_headers: Rules,
}

/// A route in use.
#[derive(Debug)]
pub(crate) struct Route {
    /// Where its requests are logged and counted.
    pub(crate) target: Target,
    /// The largest request body, if there is a limit.
    pub(crate) max_body: Option<u64>,
    /// Whether only internal redirects come here.
    internal: bool,
    /// Who may ask.
    pub(crate) access: Access,
    /// Where the answer comes from.
    pub(crate) action: Action,
}

/// Where a route's answers come from.
#[derive(Debug)]
pub(crate) enum Action {
    /// From the servers of an upstream.
    Proxy(Proxy),
    /// From the configuration.
    Respond(config::Respond),
}

/// Servers that answer.
#[derive(Debug)]
pub(crate) struct Proxy {
    /// Who they are.
    pub(crate) upstream: Arc<Upstream>,
    /// How they are asked.
    pub(crate) terms: config::Proxy,
}

/// The route of a request.
#[derive(Debug)]
pub(crate) enum Found<'s> {
    /// Servers answer; they are asked for another target, if it says so.
    Proxy(&'s Route, &'s Proxy, Option<String>),
    /// The configuration answers.
    Respond(&'s Route, &'s config::Respond),
    /// It takes the path with a slash behind it (EDGE L2).
    Slash(&'s Route),
    /// The client may not ask for it.
    Denied(&'s Route),
    /// There is none.
    None,
}

/// A log and how its lines look.
#[derive(Debug)]
pub(crate) struct AccessLog {
    /// The file.
    pub(crate) file: Arc<LogFile>,
    /// The format.
    pub(crate) format: Template,
    /// Which requests are logged, if not all.
    pub(crate) condition: Option<Template>,
}

/// A configuration that is right in itself but cannot be put into use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A log file cannot be opened.
    #[error("the access log {path} cannot be opened: {error}")]
    AccessLog {
        /// Its path.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// TLS to an upstream cannot be set up.
    #[error("TLS to upstream `{upstream}`: {error}")]
    Tls {
        /// The upstream.
        upstream: String,
        /// Why not.
        error: transport::Error,
    },
    /// Spans cannot be sent.
    #[error("tracing.otlp.headers_file cannot be used: {0}")]
    Spans(io::Error),
}

impl Snapshot {
    /// Makes a configuration ready for use; `old` is the one it replaces, if any.
    pub(crate) fn new(
        config: Config,
        old: Option<&Self>,
        metrics: &Metrics,
        logs: &LogFiles,
    ) -> Result<Self, Error> {
        let before = |name: &str| {
            let upstreams = old.map_or(&[][..], |old| &old.upstreams);
            upstreams.iter().find(|upstream| upstream.name() == name)
        };
        let upstreams: Vec<Arc<Upstream>> = config
            .upstreams
            .iter()
            .map(|upstream| {
                let old = before(&upstream.name).map(Arc::as_ref);
                let made = Upstream::new(upstream.clone(), old, metrics);
                let name = &upstream.name;
                made.map(Arc::new).map_err(|error| Error::Tls {
                    upstream: name.clone(),
                    error,
                })
            })
            .collect::<Result<_, Error>>()?;
        let sites = config
            .sites
            .iter()
            .map(|site| Site::new(site, &upstreams, metrics, logs))
            .collect::<Result<_, _>>()?;
        let hosts = Hosts::new(config.sites.iter().map(|site| site.names.as_slice()));
        let spans = match &config.tracing.otlp {
            Some(otlp) => {
                let old = old.and_then(|old| old.spans.as_ref());
                Some(Spans::open(otlp, old, &metrics.spans).map_err(Error::Spans)?)
            }
            None => None,
        };
        Ok(Self {
            config,
            upstreams,
            spans,
            hosts,
            sites,
        })
    }

    /// Puts what lives through reloads in line with this configuration.
    pub(crate) fn apply(&self, metrics: &Metrics) {
        for upstream in &self.upstreams {
            upstream.apply(metrics, Instant::now());
        }
    }

    /// Whether a client may know what happens behind the edge.
    pub(crate) fn trusts(&self, client: Peer) -> bool {
        self.config.reason_to.contains(client)
    }

    /// The site for a host name.
    pub(crate) fn site(&self, host: &str) -> Option<&Site> {
        self.sites.get(self.hosts.find(host))
    }
}

impl Site {
    fn new(
        config: &config::Site,
        upstreams: &[Arc<Upstream>],
        metrics: &Metrics,
        logs: &LogFiles,
    ) -> Result<Self, Error> {
        let target = |route: &str,
                      log: Option<&config::AccessLog>,
                      needs: Needs,
                      rules: (&Rules, &Rules)| {
            let access_log = log.map(|log| AccessLog::open(log, logs)).transpose()?;
            let of_log = log.map(config::AccessLog::needs).unwrap_or_default();
            Ok(Target {
                site: config.label.clone(),
                route: route.to_owned(),
                needs: [rules.0, rules.1]
                    .iter()
                    .fold(of_log.and(needs), |needs, rules| needs.and(rules.needs())),
                request_headers: rules.0.clone(),
                response_headers: rules.1.clone(),
                access_log,
                metrics: metrics.route(&config.label, route),
            })
        };
        let routes = config
            .routes
            .iter()
            .filter_map(|route| Some((route, Action::new(&route.action, upstreams)?)))
            .map(|(route, action)| {
                let log = route.access_log.as_ref();
                Ok(Route {
                    target: target(
                        &route.label,
                        log,
                        action.needs(),
                        (&route.request_headers, &route.response_headers),
                    )?,
                    max_body: route.max_body,
                    internal: route.internal,
                    access: route.access.clone(),
                    action,
                })
            })
            .collect::<Result<_, Error>>()?;
        Ok(Self {
            compression: config.compression.clone(),
            unrouted: target(
                "",
                config.access_log.as_ref(),
                Needs::default(),
                (&Rules::default(), &config.response_headers),
            )?,
            paths: Paths::new(config.routes.iter().map(config::Route::place)),
            routes,
        })
    }

    /// The route for a request of `client`, `redirected` if a server sent it there.
    pub(crate) fn route(
        &self,
        head: &RequestHead<'_>,
        (client, redirected): (Peer, bool),
    ) -> Result<Found<'_>, BadPath> {
        let path = normalise_path(head.path())?;
        let Some(place) = self.paths.find(&path) else {
            return Ok(Found::None);
        };
        let (Place::Here(index) | Place::Slash(index)) = place;
        let route = self.routes.get(index);
        let Some(route) = route.filter(|route| redirected || !route.internal) else {
            return Ok(Found::None);
        };
        if !route.access.admits(client) {
            return Ok(Found::Denied(route));
        }
        if let Place::Slash(_) = place {
            return Ok(Found::Slash(route));
        }
        Ok(match &route.action {
            Action::Proxy(proxy) => {
                let uri = proxy.terms.uri.as_ref();
                let target = uri.map(|uri| uri.apply(&path, head.target));
                Found::Proxy(route, proxy, target)
            }
            Action::Respond(respond) => Found::Respond(route, respond),
        })
    }
}

impl Action {
    fn new(config: &config::Action, upstreams: &[Arc<Upstream>]) -> Option<Self> {
        Some(match config {
            config::Action::Proxy(terms) => Self::Proxy(Proxy {
                upstream: Arc::clone(upstreams.get(terms.upstream)?),
                terms: terms.clone(),
            }),
            config::Action::Respond(respond) => Self::Respond(respond.clone()),
        })
    }

    /// What its texts need.
    fn needs(&self) -> Needs {
        match self {
            Self::Proxy(proxy) => {
                let key = proxy.upstream.config.key.as_ref();
                key.map(Template::needs).unwrap_or_default()
            }
            Self::Respond(respond) => respond.needs(),
        }
    }
}

impl AccessLog {
    fn open(config: &config::AccessLog, logs: &LogFiles) -> Result<Self, Error> {
        let file = logs.open(&config.path).map_err(|error| Error::AccessLog {
            path: config.path.clone(),
            error,
        })?;
        Ok(Self {
            file,
            format: config.format.clone(),
            condition: config.condition.clone(),
        })
    }
}
