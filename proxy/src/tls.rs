//! TLS with clients: one listener's certificates, how sessions are resumed, the handshake.

mod certificate;
mod metrics;
mod names;
mod peer;
pub(crate) mod pem;
mod roots;
mod session;
mod suites;
mod tickets;

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use edge_acme::Store;
use edge_core::config::{
    Acme, AcmeChallenge, ListenerCertificate, ListenerTls, OrderedCertificate, TlsVersion,
};
use edge_core::tls::Session;
use rustls::crypto::CryptoProvider;
use rustls::server::{Acceptor, ClientHello, NoServerSessionStorage};
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, ServerConnection};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio_rustls::server::TlsStream;
use tokio_rustls::{LazyConfigAcceptor, TlsAcceptor};

pub(crate) use self::certificate::Certificate;
pub(crate) use self::metrics::TlsMetrics;
use self::names::Names;
pub(crate) use self::pem::Error;
pub(crate) use self::roots::roots;
use self::tickets::Ticketer;
use crate::buffer::lock;
use crate::metrics::Metrics;
use crate::stamp::Stamp;
use crate::stream::Replay;

/// The cryptography that is used throughout, and that exchanges keys in a way that is safe from quantum
/// computers where the other side can (docs/adr/0011-tls.md).
pub(crate) fn provider() -> &'static Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> =
        LazyLock::new(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    &PROVIDER
}

/// TLS at one listener.
#[derive(Debug)]
pub(crate) struct ServerTls {
    /// What it was made from.
    pub(crate) config: ListenerTls,
    http2: bool,
    /// Where the answers are for authorities that come to see a certificate, if they may.
    challenges: Option<Store>,
    tickets: Option<Arc<Ticketer>>,
    ready: ArcSwap<Ready>,
    read: Mutex<Vec<Option<Stamp>>>,
}

/// What a handshake takes.
#[derive(Debug)]
struct Ready {
    server: Arc<ServerConfig>,
    certificates: Vec<Certificate>,
}

impl ServerTls {
    /// Reads the files of a listener.
    pub(crate) fn new(
        config: &ListenerTls,
        http2: bool,
        acme: Option<&Acme>,
    ) -> Result<Self, Error> {
        let seen = acme.filter(|acme| acme.challenge == AcmeChallenge::TlsAlpn01);
        let tickets = config.tickets.as_ref().map(Ticketer::new).transpose()?;
        let tickets = tickets.map(Arc::new);
        // Before they are read, so that a change meanwhile is noticed.
        let read = stamps(config);
        let ready = Ready::new(config, tickets.as_ref(), http2)?;
        Ok(Self {
            config: config.clone(),
            http2,
            challenges: seen.map(|acme| Store::new(&acme.folder)),
            tickets,
            ready: ArcSwap::from_pointee(ready),
            read: Mutex::new(read),
        })
    }

    /// Agrees with a client; `None` if it was an authority that has seen what it came for.
    pub(crate) async fn accept(
        &self,
        stream: Replay,
    ) -> std::io::Result<Option<TlsStream<Replay>>> {
        let server = Arc::clone(&self.ready.load().server);
        let Some(challenges) = &self.challenges else {
            let accepted = TlsAcceptor::from(server).accept(stream).await;
            return accepted.map(Some);
        };
        let begun = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let hello = begun.client_hello();
        let proof = asked_for_proof(&hello)
            .and_then(|name| edge_acme::challenge_config(challenges, &name, provider()));
        let Some(proof) = proof else {
            return begun.into_stream(server).await.map(Some);
        };
        let mut stream = begun.into_stream(proof).await?;
        // RFC 8737 §3: nothing is said on such a connection.
        stream.shutdown().await?;
        Ok(None)
    }

    /// Says how long the certificates are valid.
    pub(crate) fn show(&self, metrics: &Metrics) {
        for certificate in &self.ready.load().certificates {
            let expiry = metrics.tls.expiry.with_label_values(&[&certificate.label]);
            expiry.set(certificate.not_after);
        }
    }

    /// Reads files again that have changed. Ones that cannot be used leave everything as it is.
    pub(crate) fn follow(&self, metrics: &Metrics) {
        if let Some(tickets) = &self.tickets {
            tickets.follow();
        }
        let now = stamps(&self.config);
        {
            let mut read = lock(&self.read);
            if *read == now {
                return;
            }
            *read = now;
        }
        let result = self.read_again();
        let label = if result.is_ok() { "success" } else { "failure" };
        metrics.tls.reads.with_label_values(&[label]).inc();
        match result {
            Ok(()) => {
                self.show(metrics);
                let names = self.certificates();
                tracing::info!(certificates = names, "certificates read again");
                let message = format!("certificates read again: {names}");
                metrics
                    .events
                    .push("certificate", &message, json!({ "result": "success" }));
            }
            Err(error) => {
                let message = format!("{error}; the certificates before stay in use");
                tracing::error!("{message}");
                metrics
                    .events
                    .push("certificate", &message, json!({ "result": "failure" }));
            }
        }
    }

    fn read_again(&self) -> Result<(), Error> {
        let old = self.ready.load();
        let new = Ready::new(&self.config, self.tickets.as_ref(), self.http2)?;
        let now = SystemTime::now();
        for old in old.certificates.iter().filter(|old| old.is_valid(now)) {
            let new = new.certificates.iter().find(|new| new.path == old.path);
            if new.is_none_or(|new| !new.is_valid(now)) {
                return Err(pem::error(&old.path, &"is not valid now"));
            }
        }
        self.ready.store(Arc::new(new));
        Ok(())
    }

    /// The certificates in use, each as `show` says.
    pub(crate) fn each_certificate<T>(&self, show: impl Fn(&Certificate) -> T) -> Vec<T> {
        self.ready.load().certificates.iter().map(show).collect()
    }

    /// The order that a certificate in use has come from, if it was ordered.
    pub(crate) fn ordered(&self, path: &Path) -> Option<&OrderedCertificate> {
        self.orders().find(|ordered| ordered.path == path)
    }

    /// What was ordered and is not in use.
    pub(crate) fn missing(&self) -> impl Iterator<Item = &OrderedCertificate> {
        let paths = self.each_certificate(|one| one.path.clone());
        self.orders().filter(move |one| !paths.contains(&one.path))
    }

    fn orders(&self) -> impl Iterator<Item = &OrderedCertificate> {
        let certificates = self.config.certificates.iter();
        certificates.filter_map(|certificate| match certificate {
            ListenerCertificate::Ordered(ordered) => Some(ordered),
            ListenerCertificate::Files(_) => None,
        })
    }

    fn certificates(&self) -> String {
        let ready = self.ready.load();
        let labels = ready.certificates.iter().map(|one| one.label.as_str());
        labels.collect::<Vec<_>>().join(", ")
    }
}

impl Ready {
    fn new(
        config: &ListenerTls,
        tickets: Option<&Arc<Ticketer>>,
        http2: bool,
    ) -> Result<Self, Error> {
        let versions: &[_] = match config.min_version {
            TlsVersion::V12 => &[&TLS13, &TLS12],
            TlsVersion::V13 => &[&TLS13],
        };
        let provider = suites::provider(config.cipher_suites.as_deref());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)?;
        let (builder, identity) = match &config.client_auth {
            None => (builder.with_no_client_auth(), None),
            Some(auth) => {
                let (verifier, identity) = peer::verifier(auth, &provider)?;
                (builder.with_client_cert_verifier(verifier), Some(identity))
            }
        };
        let certificates: Vec<_> = config
            .certificates
            .iter()
            .filter_map(|from| Certificate::read(from, &provider).transpose())
            .collect::<Result<_, _>>()?;
        let names = Names::new(&certificates, config.reject_unknown_names);
        let mut server = builder.with_cert_resolver(Arc::new(names));
        server.alpn_protocols = vec![HTTP1.to_vec()];
        if http2 {
            server.alpn_protocols.insert(0, H2.to_vec());
        }
        // Sessions are kept by clients only: here they would be lost with the process.
        server.session_storage = Arc::new(NoServerSessionStorage {});
        if let Some(tickets) = tickets {
            server.ticketer = Arc::new(tickets.of(identity.as_deref()));
            // One for each connection that a browser opens next to this one costs more than it saves.
            server.send_tls13_tickets = 1;
        } else {
            server.send_tls13_tickets = 0;
        }
        Ok(Self {
            server: Arc::new(server),
            certificates,
        })
    }
}

/// Protocols by their names in ALPN (RFC 7301).
const H2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

/// What is known of a connection after its handshake.
pub(crate) fn session(connection: &ServerConnection) -> Session {
    session::of(connection)
}

/// The name whose proof a client has come for, if it has (RFC 8737 §3).
fn asked_for_proof(hello: &ClientHello<'_>) -> Option<String> {
    let mut offered = hello.alpn()?;
    let only = offered.next() == Some(edge_acme::ALPN) && offered.next().is_none();
    let name = hello.server_name().filter(|_| only)?;
    Some(name.to_ascii_lowercase())
}

/// What tells when a file has changed.
fn stamps(config: &ListenerTls) -> Vec<Option<Stamp>> {
    let certificates = config.certificates.iter();
    let certificates = certificates.flat_map(ListenerCertificate::paths);
    let auth = config.client_auth.iter();
    let auth = auth.flat_map(|auth| std::iter::once(&auth.ca).chain(&auth.crl));
    let paths = certificates.chain(auth.map(PathBuf::as_path));
    paths.map(Stamp::of).collect()
}
