//! Looking up the names of servers, again and again, without ever being in the way.
//!
//! The edge starts whether or not names can be looked up: a name without addresses has no servers
//! yet. Addresses once found are kept until others are found, however long the name server is away.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use edge_core::config::{self, ServerAddress};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use tokio::task::JoinSet;

use crate::edge::Edge;
use crate::snapshot::Snapshot;
use crate::upstream::Servers;

/// After a failure a name is looked up again after the first of these times, then after twice that,
/// up to the second.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// Looks up every name in `snapshot`, as part of `tasks`.
pub(crate) fn start(edge: &Arc<Edge>, snapshot: &Snapshot, tasks: &mut JoinSet<()>) {
    let config = &snapshot.config.resolver;
    let mut resolver = None;
    for upstream in &snapshot.upstreams {
        for server in &upstream.config.servers {
            let ServerAddress::Name { host, port } = &server.address else {
                continue;
            };
            let resolver = resolver.get_or_insert_with(|| Arc::new(self::resolver(config)));
            let name = Name {
                host: host.clone(),
                port: *port,
                servers: Arc::clone(&upstream.servers),
                ttl: config.ttl,
            };
            tasks.spawn(name.follow(Arc::clone(edge), Arc::clone(resolver)));
        }
    }
}

/// A name and whose servers it stands for.
struct Name {
    host: String,
    port: u16,
    servers: Arc<Servers>,
    ttl: (Duration, Duration),
}

impl Name {
    #[expect(clippy::infinite_loop, reason = "it ends when its set is dropped")]
    async fn follow(self, edge: Arc<Edge>, resolver: Arc<Option<TokioResolver>>) {
        let mut failure = String::new();
        let mut pause = PAUSES.0;
        loop {
            let found = match &*resolver {
                Some(resolver) => self.look_up(resolver).await,
                None => Err("the system's resolver configuration cannot be read".to_owned()),
            };
            let wait = match found {
                Ok((addresses, until)) => {
                    (failure, pause) = (String::new(), PAUSES.0);
                    let key = format!("{}:{}", self.host, self.port);
                    self.servers.found(&key, addresses, &edge.metrics);
                    let ttl = until.saturating_duration_since(Instant::now());
                    ttl.clamp(self.ttl.0, self.ttl.1)
                }
                Err(error) => {
                    if error != failure {
                        let host = &self.host;
                        tracing::warn!(host, %error, "the name cannot be looked up; what was known of it stays");
                        failure = error;
                    }
                    let wait = pause;
                    pause = (pause * 2).min(PAUSES.1);
                    wait
                }
            };
            tokio::time::sleep(wait).await;
        }
    }

    async fn look_up(
        &self,
        resolver: &TokioResolver,
    ) -> Result<(Vec<SocketAddr>, Instant), String> {
        let found = resolver.lookup_ip(self.host.as_str()).await;
        let found = found.map_err(|error| error.to_string())?;
        let mut addresses: Vec<SocketAddr> = found
            .iter()
            .map(|ip| SocketAddr::new(ip, self.port))
            .collect();
        // Name servers rotate what they say; that is no change.
        addresses.sort_unstable();
        addresses.dedup();
        Ok((addresses, found.valid_until()))
    }
}

fn resolver(config: &config::Resolver) -> Option<TokioResolver> {
    let provider = TokioRuntimeProvider::default();
    let mut builder = if config.servers.is_empty() {
        TokioResolver::builder(provider).ok()?
    } else {
        let servers = config.servers.iter().map(name_server).collect();
        let config = ResolverConfig::from_parts(None, Vec::new(), servers);
        TokioResolver::builder_with_config(config, provider)
    };
    set_options(builder.options_mut(), config);
    let built = builder.build();
    if let Err(error) = &built {
        tracing::error!(%error, "names of servers cannot be looked up");
    }
    built.ok()
}

fn set_options(options: &mut ResolverOpts, config: &config::Resolver) {
    options.timeout = config.timeout;
    // Each lookup is made because the last one is out of date.
    options.cache_size = 0;
    options.ip_strategy = if config.ipv6 {
        LookupIpStrategy::Ipv4AndIpv6
    } else {
        LookupIpStrategy::Ipv4Only
    };
}

fn name_server(address: &SocketAddr) -> NameServerConfig {
    let mut server = NameServerConfig::udp_and_tcp(address.ip());
    for connection in &mut server.connections {
        connection.port = address.port();
    }
    server
}
