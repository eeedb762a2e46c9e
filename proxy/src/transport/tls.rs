//! TLS to servers: whom to trust, what to show, and the handshake.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use edge_core::address::Address;
use edge_core::config;
use pingora::protocols::Stream;
use pingora::protocols::l4::stream::Stream as TransportStream;
use pingora::protocols::tls::client::handshake;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_rustls::TlsConnector;

/// Why TLS to an upstream cannot be set up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A file cannot be read or holds something else.
    #[error("{}: {why}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The system's authorities cannot be read.
    #[error("the certificate authorities of the system cannot be read: {0}; name a file with `ca`")]
    Roots(std::io::Error),
    /// Certificate and key do not fit, or the name is none.
    #[error("{0}")]
    Rustls(#[from] rustls::Error),
    /// Not a name that a certificate can be for.
    #[error("`{0}` is no name of a server")]
    Name(String),
}

/// TLS as one upstream wants it.
pub(super) struct Tls {
    connector: TlsConnector,
    name: Option<String>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Tls {
    pub(super) fn new(config: &config::Tls, http2: bool) -> Result<Self, Error> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let builder = if config.verify {
            builder.with_root_certificates(roots(config.ca.as_deref())?)
        } else {
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
        };
        let mut client = match &config.client {
            None => builder.with_no_client_auth(),
            Some((cert, key)) => {
                let read = PrivateKeyDer::from_pem_file(key);
                let read = read.map_err(|error| file(key, &error))?;
                builder.with_client_auth_cert(certificates(cert)?, read)?
            }
        };
        if http2 {
            // RFC 9113 §3.2; without it a server takes us for an HTTP/1 client.
            client.alpn_protocols = vec![b"h2".to_vec()];
        }
        if let Some(name) = &config.server_name {
            ServerName::try_from(name.as_str()).map_err(|_| Error::Name(name.clone()))?;
        }
        Ok(Self {
            connector: TlsConnector::from(Arc::new(client)),
            name: config.server_name.clone(),
        })
    }

    /// Agrees with the server at `address`, of whom the configured name is expected, or the address
    /// itself: never nothing, since an empty name would not be verified at all.
    pub(super) async fn handshake(
        &self,
        address: &Address,
        stream: TransportStream,
    ) -> Result<Stream, Box<pingora::Error>> {
        let name = match (&self.name, address) {
            (Some(name), _) => name.clone(),
            (None, Address::Tcp(address)) => address.ip().to_string(),
            (None, Address::Unix(path)) => path.to_string_lossy().into_owned(),
        };
        Ok(Box::new(handshake(&self.connector, &name, stream).await?))
    }
}

fn roots(ca: Option<&Path>) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = ca {
        for certificate in certificates(path)? {
            roots.add(certificate).map_err(|error| file(path, &error))?;
        }
    } else {
        let found = rustls_native_certs::load_native_certs().map_err(Error::Roots)?;
        roots.add_parsable_certificates(found);
    }
    Ok(roots)
}

/// At least one certificate.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found = CertificateDer::pem_file_iter(path).map_err(|error| file(path, &error))?;
    let found: Vec<_> = found
        .collect::<Result<_, _>>()
        .map_err(|error| file(path, &error))?;
    if found.is_empty() {
        return Err(file(path, &"holds no certificate"));
    }
    Ok(found)
}

fn file(path: &Path, why: &dyn std::fmt::Display) -> Error {
    Error::File {
        path: path.to_owned(),
        why: why.to_string(),
    }
}

/// Takes any certificate, as `verify = false` wants; that the server holds its key is still checked.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, cert, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, cert, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
