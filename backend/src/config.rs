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
use settings::{Place, Problem, Problems};
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
        document
            .read::<file::Config>()
            .meant(|written| Self::resolve(written, overrides))
    }

    /// What `written` means, or everything that keeps it from meaning something.
    pub fn resolve(written: &file::Config, overrides: &Overrides) -> Result<Self, Vec<Problem>> {
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
        let max_body = usize::try_from(web.max_body.0);
        let max_body = problems.ok(&root.key("web").key("max_body"), max_body);
        let (listen, url) = endpoints(service, &overrides.services, &mut problems);
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
            listen,
            url,
        });
        problems.finish(config)
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not an address such as 127.0.0.1:8001"))
}

/// Where each service listens and is found; what cannot be read is noted and stays at its default.
fn endpoints(
    written: &file::Services,
    overrides: &ByService<Option<SocketAddr>>,
    problems: &mut Problems,
) -> (ByService<SocketAddr>, ByService<Option<Uri>>) {
    let mut listen =
        ByService::from_fn(|service| SocketAddr::from(([127, 0, 0, 1], service.port())));
    let mut url = ByService::default();
    for service in Service::ALL {
        let place = Place::root().key("service").key(service.name());
        let endpoint = written.of(service);
        let text = endpoint.listen.as_deref();
        let read = |text| problems.ok(&place.key("listen"), address(text));
        if let Some(given) = overrides.of(service).or_else(|| text.and_then(read)) {
            *listen.of_mut(service) = given;
        }
        let text = endpoint.url.as_deref();
        let read = |text| problems.ok(&place.key("url"), uri(text));
        *url.of_mut(service) = text.and_then(read);
    }
    (listen, url)
}

fn uri(text: &str) -> Result<Uri, String> {
    let wrong = || format!("`{text}` is not an address such as http://10.0.0.1:9001");
    let uri: Uri = text.parse().map_err(|_| wrong())?;
    let whole = uri.scheme_str() == Some("http") && uri.authority().is_some();
    whole.then_some(uri).ok_or_else(wrong)
}

/// Notes addresses that two parts would listen on; port 0 is a different port each time.
fn shared_ports(
    problems: &mut Problems,
    web: Option<SocketAddr>,
    services: &ByService<SocketAddr>,
) {
    let mut taken: BTreeMap<SocketAddr, &str> = web.into_iter().map(|web| (web, "web")).collect();
    for (name, &address) in services.iter().filter(|(_, address)| address.port() != 0) {
        if let Some(other) = taken.insert(address, name.name()) {
            let at = Place::root().key("service").key(name.name()).key("listen");
            problems.push(&at, format!("`{other}` listens on {address} too"));
        }
    }
}

#[cfg(test)]
mod tests;
