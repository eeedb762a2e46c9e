//! TLS to servers: whom to trust, what to show, and the handshake.

use std::sync::Arc;

use edge_core::address::Address;
use edge_core::config;
use pingora::protocols::Stream;
use pingora::protocols::l4::stream::Stream as TransportStream;
use pingora::protocols::tls::client::handshake;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio_rustls::TlsConnector;

use crate::tls::{Error, pem, provider, roots};

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
        let provider = Arc::clone(provider());
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
                builder.with_client_auth_cert(pem::certificates(cert)?, pem::key(key)?)?
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
