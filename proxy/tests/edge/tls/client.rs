//! A client that speaks TLS, and tells what it was shown.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, HandshakeKind, RootCertStore,
    SignatureScheme, StreamOwned, SupportedProtocolVersion,
};

use crate::upstream_tls::Authority;

/// A client with sessions of its own.
pub(crate) struct Client {
    pub(crate) config: ClientConfig,
    stapled: Arc<Mutex<Vec<u8>>>,
}

/// An answer, and what is known of the connection on which it came.
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) connection: ClientConnection,
}

impl Answer {
    pub(crate) fn is_resumed(&self) -> bool {
        self.connection.handshake_kind() == Some(HandshakeKind::Resumed)
    }

    /// The certificate that the edge showed.
    pub(crate) fn shown(&self) -> Vec<u8> {
        self.connection.peer_certificates().unwrap()[0].to_vec()
    }
}

impl Client {
    /// One that trusts `authority`.
    pub(crate) fn new(authority: &Authority) -> Self {
        Self::with(
            authority,
            aws_lc_rs::default_provider(),
            rustls::ALL_VERSIONS,
            None,
        )
    }

    /// One that speaks these versions by these means, and shows `FILE.pem`.
    pub(crate) fn with(
        authority: &Authority,
        provider: CryptoProvider,
        versions: &[&'static SupportedProtocolVersion],
        file: Option<&str>,
    ) -> Self {
        let provider = Arc::new(provider);
        let mut roots = RootCertStore::empty();
        let ca = CertificateDer::from_pem_file(authority.path("ca.pem")).unwrap();
        roots.add(ca).unwrap();
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let verifier = Watching {
            inner: verifier.build().unwrap(),
            stapled: Arc::default(),
        };
        let stapled = Arc::clone(&verifier.stapled);
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match file {
            None => builder.with_no_client_auth(),
            Some(file) => {
                let chain = authority.path(&format!("{file}.pem"));
                let chain = vec![CertificateDer::from_pem_file(chain).unwrap()];
                let key = authority.path(&format!("{file}.key"));
                let key = PrivateKeyDer::from_pem_file(key).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        config.resumption = Resumption::in_memory_sessions(8);
        Self { config, stapled }
    }

    /// What the edge's authority has said of its certificate, as the edge shows it.
    pub(crate) fn stapled(&self) -> Vec<u8> {
        self.stapled.lock().unwrap().clone()
    }

    /// A connection to the server of this name.
    pub(crate) fn connect(
        &self,
        address: SocketAddr,
        name: &str,
    ) -> StreamOwned<ClientConnection, TcpStream> {
        let stream = TcpStream::connect(address).unwrap();
        self.over(stream, name)
    }

    /// The same over a connection that is there.
    pub(crate) fn over(
        &self,
        stream: TcpStream,
        name: &str,
    ) -> StreamOwned<ClientConnection, TcpStream> {
        let patience = Some(Duration::from_secs(10));
        stream.set_read_timeout(patience).unwrap();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let connection = ClientConnection::new(Arc::new(self.config.clone()), name).unwrap();
        StreamOwned::new(connection, stream)
    }

    /// Asks for `/` of the server of this name, with these header lines, and reads until it has ended
    /// the connection as TLS wants it.
    pub(crate) fn ask(&self, address: SocketAddr, name: &str, lines: &str) -> io::Result<Answer> {
        let mut stream = self.connect(address, name);
        let head = format!("GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n{lines}\r\n");
        stream.write_all(head.as_bytes())?;
        let mut text = Vec::new();
        stream.read_to_end(&mut text)?;
        Ok(Answer {
            text: String::from_utf8_lossy(&text).into_owned(),
            connection: stream.conn,
        })
    }

    pub(crate) fn get(&self, address: SocketAddr, name: &str) -> Answer {
        let answer = self.ask(address, name, "").unwrap();
        assert!(answer.text.starts_with("HTTP/1.1 200 "), "{}", answer.text);
        answer
    }
}

/// Verifies as usual, and remembers what was stapled.
#[derive(Debug)]
struct Watching {
    inner: Arc<WebPkiServerVerifier>,
    stapled: Arc<Mutex<Vec<u8>>>,
}

impl ServerCertVerifier for Watching {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        *self.stapled.lock().unwrap() = ocsp.to_vec();
        self.inner
            .verify_server_cert(certificate, others, name, &[], now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
