//! Puts the parts of one process together, and takes them apart again.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use store::{Cache, Database};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tonic::transport::Uri;

use crate::client::Client;
use crate::config::Config;
use crate::grpc;
use crate::http::{self, Web};
use crate::metrics::Metrics;
use crate::monitor::Monitor;
use crate::service::{ByService, Service};

/// A part of the backend that a process may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The Web App.
    Web,
    /// A gRPC service.
    Service(Service),
}

impl Part {
    /// All eight.
    pub fn all() -> BTreeSet<Self> {
        Service::ALL
            .map(Self::Service)
            .into_iter()
            .chain([Self::Web])
            .collect()
    }

    /// The name in logs, and of the flag for its address.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Service(service) => service.name(),
        }
    }
}

/// Why the process cannot start.
#[derive(Debug, Error)]
pub enum Error {
    /// A port cannot be listened on.
    #[error(
        "{} cannot listen on {address}: {source} (--{} chooses another address)",
        part.name(),
        part.name().replace('_', "-")
    )]
    Listen {
        /// Which part.
        part: Part,
        /// Where it should listen.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] store::Error),
    /// A metric is declared wrongly.
    #[error(transparent)]
    Metrics(#[from] daemon::metrics::Error),
}

/// The running parts of this process.
#[derive(Debug)]
pub struct App {
    addresses: Vec<(Part, SocketAddr)>,
    web: Running,
    grpc: Running,
    database: Option<Database>,
}

impl App {
    /// Starts `parts`; when this returns, all of them answer.
    pub async fn start(config: &Config, parts: &BTreeSet<Part>) -> Result<Self, Error> {
        let metrics = Metrics::new()?;
        let mut app = Self {
            addresses: Vec::new(),
            web: Running::new(config.web_grace),
            grpc: Running::new(config.grpc_grace),
            database: None,
        };
        // The services first: the Web App looks for them when it starts.
        let mut urls = ByService::from_fn(|service| {
            config
                .url
                .of(service)
                .clone()
                .unwrap_or_else(|| url(*config.listen.of(service)))
        });
        for service in Service::ALL {
            let part = Part::Service(service);
            if !parts.contains(&part) {
                continue;
            }
            let listener = app.listen(part, *config.listen.of(service)).await?;
            if let (Ok(address), None) = (listener.local_addr(), config.url.of(service)) {
                *urls.of_mut(service) = url(address);
            }
            let serving = grpc::serve(
                service,
                listener,
                metrics.clone(),
                app.grpc.stop.child_token(),
            );
            app.grpc.tasks.spawn(async move {
                if let Err(error) = serving.await {
                    tracing::error!(service = service.name(), %error, "a service ended");
                }
            });
        }
        if parts.contains(&Part::Web) {
            app.start_web(config, Client::new(&urls), metrics).await?;
        }
        Ok(app)
    }

    /// Where each part listens.
    pub fn addresses(&self) -> &[(Part, SocketAddr)] {
        &self.addresses
    }

    /// Stops every part: the Web App first, because the services answer it.
    pub async fn stop(self) {
        self.web.end().await;
        self.grpc.end().await;
        if let Some(database) = self.database {
            database.close().await;
        }
    }

    async fn start_web(
        &mut self,
        config: &Config,
        client: Client,
        metrics: Metrics,
    ) -> Result<(), Error> {
        let listener = self.listen(Part::Web, config.web).await?;
        let database = Database::open(&config.database).await?;
        database.migrate().await?;
        let monitor = Monitor::new(database.clone(), client.clone());
        monitor.look().await;
        let web = Web {
            client,
            cache: Cache::new(config.cache_size, config.cache_lifetime),
            database: database.clone(),
            monitor: monitor.clone(),
            metrics,
            max_body: config.max_body,
        };
        let stop = &self.web.stop;
        self.web.tasks.spawn(monitor.watch(stop.clone()));
        let router = http::router(web);
        self.web.tasks.spawn(http::serve(
            listener,
            router,
            stop.clone(),
            config.web_grace,
        ));
        self.database = Some(database);
        Ok(())
    }

    async fn listen(&mut self, part: Part, address: SocketAddr) -> Result<TcpListener, Error> {
        let error = |source| Error::Listen {
            part,
            address,
            source,
        };
        let listener = TcpListener::bind(address).await.map_err(error)?;
        let address = listener.local_addr().map_err(error)?;
        self.addresses.push((part, address));
        Ok(listener)
    }
}

/// Tasks that end when they are told to.
#[derive(Debug)]
struct Running {
    tasks: JoinSet<()>,
    stop: CancellationToken,
    grace: Duration,
}

impl Running {
    fn new(grace: Duration) -> Self {
        Self {
            tasks: JoinSet::new(),
            stop: CancellationToken::new(),
            grace,
        }
    }

    /// Tells the tasks to end and waits for them; what is then left is cut off.
    async fn end(mut self) {
        self.stop.cancel();
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(self.grace + SETTLE, ended).await.is_err() {
            tracing::warn!(grace_ms = self.grace.as_millis(), "calls were cut off");
        }
    }
}

/// Where a service that listens on `address` is found from this process.
fn url(address: SocketAddr) -> Uri {
    let mut reachable = address;
    if address.ip().is_unspecified() {
        reachable.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    // The text of a socket address is always an authority; the default is never used.
    format!("http://{reachable}").parse().unwrap_or_default()
}

/// Tasks that mind their grace themselves get this much more to notice its end.
const SETTLE: Duration = Duration::from_millis(100);
