//! The configuration in use, with everything a request needs looked up once.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use edge_acme::Authority;
use edge_core::address::{Address, Peer};
use edge_core::config::{self, Acme, Config, ProxyUri, Terms, To};
use edge_core::disk_path::DiskPath;
use edge_core::encoding::Compression;
use edge_core::expires::Expiry;
use edge_core::expression::Captures;
use edge_core::files::Files;
use edge_core::route::{Rewrite, Router};
use edge_core::template::{Needs, Template};

use crate::access_log::{LogFile, LogFiles};
use crate::handover::UpstreamMemory;
use crate::metrics::{Metrics, RouteMetrics};
use crate::policy::{self, Policy};
use crate::spans::Spans;
use crate::tls::{self, ServerTls};
use crate::upstream::Upstream;
use crate::users;

/// A configuration in use. Requests hold on to the one they began with.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// What it was made from.
    pub(crate) config: Config,
    /// Groups of servers.
    pub(crate) upstreams: Vec<Arc<Upstream>>,
    /// By which transports their servers are connected to.
    pub(crate) transports: BTreeSet<u64>,
    /// Where the spans of recorded traces go.
    pub(crate) spans: Option<Arc<Spans>>,
    /// What the policies of routes have in common.
    pub(crate) policies: policy::Shared,
    /// From whom certificates are ordered, if they are.
    pub(crate) acme: Option<Arc<Authority>>,
    /// TLS at the listeners that speak it.
    tls: Vec<(Address, Arc<ServerTls>)>,
    /// Which site and route a request belongs to.
    pub(crate) router: Router,
    sites: Vec<Site>,
}

/// A site in use.
#[derive(Debug)]
pub(crate) struct Site {
    /// Its index.
    pub(crate) index: usize,
    /// The port that clients without TLS are sent to, if they are.
    pub(crate) https_only: Option<u16>,
    /// Compression, if any.
    pub(crate) compression: Option<Compression>,
    /// For requests that no route takes.
    pub(crate) unrouted: Target,
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
    /// What else holds for them.
    pub(crate) terms: Terms,
}

/// A route in use.
#[derive(Debug)]
pub(crate) struct Route {
    /// Its index among those of its site.
    pub(crate) index: usize,
    /// Where its requests are logged and counted, and what holds for them.
    pub(crate) target: Target,
    /// Who may ask, and how often; `None`: everybody.
    pub(crate) policy: Option<Box<Policy>>,
    /// Where the answer comes from.
    pub(crate) action: Action,
}

/// Where a route's answers come from.
#[derive(Debug)]
pub(crate) enum Action {
    /// From the servers of an upstream.
    Proxy(Proxy),
    /// From those of the upstream that a text names.
    ProxyBy(ProxyBy),
    /// From the configuration.
    Respond(config::Respond),
    /// From the disk.
    Files(Arc<Files>),
    /// From the counters.
    Status,
}

/// Servers that answer.
#[derive(Debug)]
pub(crate) struct Proxy {
    /// Who they are.
    pub(crate) upstream: Arc<Upstream>,
    /// How they are asked.
    pub(crate) terms: Arc<config::Proxy>,
}

/// Servers of the upstream that a text names.
#[derive(Debug)]
pub(crate) struct ProxyBy {
    /// What says its name.
    pub(crate) name: Template,
    /// Those that there are.
    pub(crate) proxies: BTreeMap<String, Proxy>,
}

/// A log and how its lines look.
#[derive(Debug)]
pub(crate) struct AccessLog {
    /// The file.
    pub(crate) file: LogPlace,
    /// The format.
    pub(crate) format: Template,
    /// Which requests are logged, if not all.
    pub(crate) condition: Option<Template>,
}

/// A log's file.
#[derive(Debug)]
pub(crate) enum LogPlace {
    /// The same for every request.
    File(Arc<LogFile>),
    /// What a text says of each request.
    By(DiskPath),
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
    /// A file of users cannot be used.
    #[error("{0}")]
    Users(users::Error),
    /// TLS to an upstream cannot be set up.
    #[error("TLS to upstream `{upstream}`: {error}")]
    Tls {
        /// The upstream.
        upstream: String,
        /// Why not.
        error: tls::Error,
    },
    /// TLS at a listener cannot be set up.
    #[error("TLS at {address}: {error}")]
    Listener {
        /// The listener.
        address: Address,
        /// Why not.
        error: tls::Error,
    },
    /// Whom to trust as an authority cannot be read.
    #[error("acme.ca: {0}")]
    Authority(tls::Error),
    /// The authority cannot be asked.
    #[error("acme: {0}")]
    Acme(edge_acme::Error),
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
        let before = old.map(|old| &old.policies);
        let policies = policy::Shared::new(&config, before, metrics).map_err(Error::Users)?;
        let sites = config
            .sites
            .iter()
            .enumerate()
            .map(|(index, site)| Site::new((index, site), (&upstreams, &policies), metrics, logs))
            .collect::<Result<_, _>>()?;
        let spans = match &config.tracing.otlp {
            Some(otlp) => {
                let old = old.and_then(|old| old.spans.as_ref());
                Some(Spans::open(otlp, old, &metrics.spans).map_err(Error::Spans)?)
            }
            None => None,
        };
        let tls = secured(&config)?;
        let acme = config.acme.as_ref().map(authority).transpose()?;
        Ok(Self {
            tls,
            acme,
            router: Router::new(&config.sites),
            config,
            transports: upstreams.iter().map(|one| one.transport.id).collect(),
            upstreams,
            spans,
            policies,
            sites,
        })
    }

    /// Puts what lives through reloads in line with this configuration.
    pub(crate) fn apply(&self, metrics: &Metrics) {
        let now = Instant::now();
        for upstream in &self.upstreams {
            upstream.apply(metrics, now);
        }
        self.policies.apply(now);
        metrics.tls.forget();
        metrics.orders.forget();
        for (_, tls) in &self.tls {
            tls.show(metrics);
        }
    }

    /// Reads files again that have changed.
    pub(crate) fn follow(&self, metrics: &Metrics) {
        self.policies.follow();
        for (_, tls) in &self.tls {
            tls.follow(metrics);
        }
    }

    /// TLS at a listener, if it is spoken there.
    pub(crate) fn tls(&self, listener: &Address) -> Option<Arc<ServerTls>> {
        let found = self.tls.iter().find(|(address, _)| address == listener);
        found.map(|(_, tls)| Arc::clone(tls))
    }

    /// Goes on with what another process knew of the servers.
    pub(crate) fn recall(&self, known: &[UpstreamMemory], metrics: &Metrics) {
        let now = Instant::now();
        for upstream in &self.upstreams {
            let known = known.iter().find(|known| known.name == upstream.name());
            if let Some(known) = known {
                let probed = upstream.config.probe.is_some();
                upstream.servers.recall(known, probed, metrics, now);
            }
        }
    }

    /// TLS at every listener that speaks it.
    pub(crate) fn all_tls(&self) -> impl Iterator<Item = (&Address, &ServerTls)> {
        self.tls
            .iter()
            .map(|(address, tls)| (address, tls.as_ref()))
    }

    /// Whether a client may know what happens behind the edge.
    pub(crate) fn trusts(&self, client: Peer) -> bool {
        self.config.reason_to.contains(client)
    }

    /// A route of a site, by their indices.
    pub(crate) fn route(&self, site: usize, route: usize) -> Option<&Route> {
        self.sites.get(site)?.route(route)
    }

    /// The site for a host name at a listener, and what the groups of its name found.
    pub(crate) fn site(&self, listener: &Address, host: &str) -> Option<(&Site, Option<Captures>)> {
        let found = self.router.site(listener, host);
        Some((self.sites.get(found.site)?, found.groups))
    }
}

/// The authority that certificates are ordered from, as it can be asked.
pub(crate) fn authority(acme: &Acme) -> Result<Arc<Authority>, Error> {
    let roots = tls::roots(acme.ca.as_deref()).map_err(Error::Authority)?;
    let authority = Authority::new(acme, roots, tls::provider()).map_err(Error::Acme)?;
    Ok(Arc::new(authority))
}

/// TLS at the listeners that speak it, with their files read.
pub(crate) fn secured(config: &Config) -> Result<Vec<(Address, Arc<ServerTls>)>, Error> {
    let secured = config.listeners.iter().filter_map(|listener| {
        let acme = config.acme.as_ref();
        let tls = ServerTls::new(listener.tls.as_ref()?, listener.http2, acme);
        let address = listener.address.clone();
        Some(match tls {
            Ok(tls) => Ok((address, Arc::new(tls))),
            Err(error) => Err(Error::Listener { address, error }),
        })
    });
    secured.collect()
}

impl Site {
    fn new(
        (index, config): (usize, &config::Site),
        (upstreams, policies): (&[Arc<Upstream>], &policy::Shared),
        metrics: &Metrics,
        logs: &LogFiles,
    ) -> Result<Self, Error> {
        let target = |route: &str, terms: &Terms, needs: Needs| {
            let log = terms.access_log.as_ref();
            Ok(Target {
                site: config.label.clone(),
                route: route.to_owned(),
                needs: needs_of(terms, &config.rewrites).and(needs),
                access_log: log.map(|log| AccessLog::open(log, logs)).transpose()?,
                metrics: metrics.route(&config.label, route),
                terms: terms.clone(),
            })
        };
        let routes = config.routes.iter().enumerate();
        let routes = routes
            .filter_map(|(index, route)| {
                Some((index, route, Action::new(&route.action, upstreams)?))
            })
            .map(|(index, route, action)| {
                let policy = Policy::new(&route.terms.policy, policies, upstreams);
                let of_policy = policy.as_ref().map(|policy| policy.needs());
                let needs = needs_of_rewrites(&route.rewrites)
                    .and(action.needs())
                    .and(of_policy.unwrap_or_default());
                Ok(Route {
                    index,
                    target: target(&route.label, &route.terms, needs)?,
                    policy,
                    action,
                })
            })
            .collect::<Result<_, Error>>()?;
        Ok(Self {
            index,
            https_only: config.https_only,
            compression: config.compression.clone(),
            unrouted: target("", &config.terms, Needs::default())?,
            routes,
        })
    }

    /// The route with this index.
    pub(crate) fn route(&self, index: usize) -> Option<&Route> {
        self.routes.get(index)
    }
}

/// What the texts need that hold for the requests of a site or a route.
fn needs_of(terms: &Terms, rewrites: &[Rewrite]) -> Needs {
    let log = terms.access_log.as_ref();
    log.map(config::AccessLog::needs)
        .unwrap_or_default()
        .and(terms.request_headers.needs())
        .and(terms.response_headers.needs())
        .and(terms.error_pages.needs())
        .and(
            terms
                .expires
                .as_ref()
                .map(Expiry::needs)
                .unwrap_or_default(),
        )
        .and(needs_of_rewrites(rewrites))
}

fn needs_of_rewrites(rewrites: &[Rewrite]) -> Needs {
    let needs = rewrites.iter().map(Rewrite::needs);
    needs.fold(Needs::default(), Needs::and)
}

impl Action {
    fn new(config: &config::Action, upstreams: &[Arc<Upstream>]) -> Option<Self> {
        Some(match config {
            config::Action::Proxy(terms) => Self::proxy(terms, upstreams)?,
            config::Action::Respond(respond) => Self::Respond(respond.clone()),
            config::Action::Files(files) => Self::Files(Arc::new(files.clone())),
            config::Action::Status => Self::Status,
        })
    }

    fn proxy(terms: &config::Proxy, upstreams: &[Arc<Upstream>]) -> Option<Self> {
        let terms = Arc::new(terms.clone());
        let to = |upstream| Proxy {
            upstream: Arc::clone(upstream),
            terms: Arc::clone(&terms),
        };
        Some(match &terms.to {
            To::Fixed(index) => Self::Proxy(to(upstreams.get(*index)?)),
            To::By(name) => Self::ProxyBy(ProxyBy {
                name: name.clone(),
                proxies: upstreams
                    .iter()
                    .map(|upstream| (upstream.name().to_owned(), to(upstream)))
                    .collect(),
            }),
        })
    }

    /// What its texts need.
    fn needs(&self) -> Needs {
        match self {
            Self::Proxy(proxy) => proxy.needs(),
            Self::ProxyBy(by) => {
                let proxies = by.proxies.values().map(Proxy::needs);
                proxies.fold(by.name.needs(), Needs::and)
            }
            Self::Respond(respond) => respond.needs(),
            Self::Files(files) => files.needs(),
            Self::Status => Needs::default(),
        }
    }
}

impl Proxy {
    /// What its texts need.
    fn needs(&self) -> Needs {
        let key = self.upstream.config.key.iter();
        let redirects = self.terms.redirects.iter().map(|(_, to)| to);
        let uri = self.terms.uri.iter().map(ProxyUri::needs);
        let needs = key.chain(redirects).map(Template::needs).chain(uri);
        needs.fold(Needs::default(), Needs::and)
    }
}

impl AccessLog {
    fn open(config: &config::AccessLog, logs: &LogFiles) -> Result<Self, Error> {
        let file = match &config.path {
            DiskPath::Fixed(path) => {
                LogPlace::File(logs.open(path).map_err(|error| Error::AccessLog {
                    path: path.clone(),
                    error,
                })?)
            }
            by @ DiskPath::By(_) => LogPlace::By(by.clone()),
        };
        Ok(Self {
            file,
            format: config.format.clone(),
            condition: config.condition.clone(),
        })
    }
}
