//! What the backend is told: where to listen, what to keep, whom to ask.
//!
//! [`file::Config`] is what is written; [`Config`] is what it means, and holds only values that can
//! be used. Flags and environment variables arrive as [`Overrides`] and win over the file.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use daemon::config::{Document, Report};
use daemon::log::{Format, Level};
use settings::{Place, Problem, Problems, Size};
use store::Location;
use tonic::transport::Uri;

use crate::service::{ByService, Service};

pub mod file;

/// A configuration that can be acted on.
#[derive(Debug, Clone)]
pub struct Config {
    /// Worker threads of the runtime.
    pub threads: NonZeroUsize,
    /// How long the Web App may take to finish what is in flight when it is told to stop.
    pub web_grace: Duration,
    /// The same for the gRPC services.
    pub grpc_grace: Duration,
    /// How much is logged.
    pub log_level: Level,
    /// How a log line is written.
    pub log_format: Format,
    /// Where the Web App listens.
    pub web: SocketAddr,
    /// The longest body the Web App reads, in bytes.
    pub max_body: usize,
    /// Where the database is.
    pub database: Location,
    /// The memory of the cache, in bytes.
    pub cache_size: u64,
    /// How long an answer is kept.
    pub cache_lifetime: Duration,
    /// Where each service listens.
    pub listen: ByService<SocketAddr>,
    /// Where each service is found, when that is not where it listens.
    pub url: ByService<Option<Uri>>,
}

/// Addresses given by flag or environment variable.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Where the Web App listens.
    pub web: Option<SocketAddr>,
    /// Where services listen.
    pub services: ByService<Option<SocketAddr>>,
    /// The file of the database, or `:memory:`.
    pub database: Option<String>,
}

impl Config {
    /// Reads the file at `path`, or the defaults without one.
    pub fn load(path: Option<&Path>, overrides: &Overrides) -> Result<Self, Report> {
        let document = match path {
            Some(path) => Document::load(path)?,
            None => Document::parse("defaults", "", &|_| None)?,
        };
        let written: file::Config = document.read()?;
        Self::resolve(written, overrides).map_err(|problems| document.report(problems))
    }

    /// What `written` means, or everything that keeps it from meaning something.
    pub fn resolve(written: file::Config, overrides: &Overrides) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let file::Config {
            server,
            log,
            web,
            database,
            cache,
            service,
        } = written;
        let root = Place::root();

        let at = root.key("web").key("listen");
        let web_listen = overrides
            .web
            .or_else(|| problems.ok(&at, address(&web.listen)));
        let at = root.key("web").key("max_body");
        let max_body = bytes(&web.max_body);
        if max_body.is_none() {
            problems.push(&at, "more than this machine can address");
        }
        let mut listen = ByService::from_fn(|_| None);
        let mut url = ByService::from_fn(|_| None);
        for (name, place) in Service::ALL.map(|name| (name, root.key("service").key(name.name()))) {
            let endpoint = service.of(name);
            let written = endpoint.listen.as_deref();
            let given = *overrides.services.of(name);
            let fallback = SocketAddr::from(([127, 0, 0, 1], name.port()));
            *listen.of_mut(name) = given.or_else(|| match written {
                Some(text) => problems.ok(&place.key("listen"), address(text)),
                None => Some(fallback),
            });
            *url.of_mut(name) = endpoint.url.as_deref().and_then(|text| {
                let uri = text.parse::<Uri>();
                let uri = problems.ok(&place.key("url"), uri)?;
                if uri.scheme_str() != Some("http") || uri.authority().is_none() {
                    let message = format!("`{text}` is not an address of a service");
                    let help = "write http://host:port";
                    problems.push_with_help(&place.key("url"), message, help);
                }
                Some(uri)
            });
        }
        shared_ports(&mut problems, web_listen, &listen);

        let threads = match server.threads {
            0 => std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            threads => NonZeroUsize::new(threads.into()).unwrap_or(NonZeroUsize::MIN),
        };
        let database = overrides.database.as_deref().unwrap_or(&database.path);
        let config = web_listen.zip(max_body).map(|(web, max_body)| Self {
            threads,
            web_grace: server.web_grace.0,
            grpc_grace: server.grpc_grace.0,
            log_level: log.level,
            log_format: log.format,
            web,
            max_body,
            database: match database {
                ":memory:" => Location::Memory,
                path => Location::File(path.into()),
            },
            cache_size: cache.size.0,
            cache_lifetime: cache.lifetime.0,
            // Those that could not be read are among the problems.
            listen: ByService::from_fn(|name| {
                listen
                    .of(name)
                    .unwrap_or(SocketAddr::from(([127, 0, 0, 1], name.port())))
            }),
            url,
        });
        problems.finish(config)
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not an address such as 127.0.0.1:8001"))
}

fn bytes(size: &Size) -> Option<usize> {
    usize::try_from(size.0).ok()
}

/// Notes addresses that two parts would listen on; port 0 is a different port each time.
fn shared_ports(
    problems: &mut Problems,
    web: Option<SocketAddr>,
    services: &ByService<Option<SocketAddr>>,
) {
    let mut taken: BTreeMap<SocketAddr, &str> = web.into_iter().map(|web| (web, "web")).collect();
    for (name, address) in services.iter() {
        let Some(address) = address.filter(|address| address.port() != 0) else {
            continue;
        };
        if let Some(other) = taken.insert(address, name.name()) {
            let at = Place::root().key("service").key(name.name()).key("listen");
            problems.push(&at, format!("`{other}` listens on {address} too"));
        }
    }
}

#[cfg(test)]
mod tests;
