//! Whether a name leads to who wants a certificate for it.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{aws_lc_rs, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};
use x509_parser::prelude::parse_x509_certificate;

use crate::http::request;

/// RFC 8555 §8.3.
pub(super) fn over_http(
    address: SocketAddr,
    name: &str,
    token: &str,
    expected: &str,
) -> Result<(), String> {
    let reply = request(
        address,
        &format!("GET /.well-known/acme-challenge/{token} HTTP/1.1\r\nHost: {name}\r\n\r\n"),
    );
    if reply.status == 200 && reply.text().trim_end() == expected {
        return Ok(());
    }
    Err(format!("{name} answered {}", reply.status))
}

/// RFC 8737 §3.
pub(super) fn over_tls(address: SocketAddr, name: &str, expected: &str) -> Result<(), String> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"acme-tls/1".to_vec()];
    let name_of = ServerName::try_from(name.to_owned()).unwrap();
    let connection = ClientConnection::new(Arc::new(config), name_of).unwrap();
    let stream = TcpStream::connect(address).map_err(|error| error.to_string())?;
    let mut stream = StreamOwned::new(connection, stream);
    let flushed = stream.conn.complete_io(&mut stream.sock);
    flushed.map_err(|error| error.to_string())?;
    stream.flush().unwrap();
    if stream.conn.alpn_protocol() != Some(b"acme-tls/1") {
        return Err("the protocol is not agreed on".to_owned());
    }
    let shown = stream.conn.peer_certificates().unwrap();
    let (_, shown) = parse_x509_certificate(&shown[0]).unwrap();
    let names = shown.subject_alternative_name().unwrap().unwrap();
    if names.value.general_names.len() != 1 {
        return Err("the certificate is for other names as well".to_owned());
    }
    let extensions = shown.extensions().iter();
    // id-pe-acmeIdentifier
    let mut proofs = extensions.filter(|one| one.oid.to_id_string() == "1.3.6.1.5.5.7.1.31");
    let proof = proofs.next().ok_or("the certificate proves nothing")?;
    let digest = ::aws_lc_rs::digest::digest(&::aws_lc_rs::digest::SHA256, expected.as_bytes());
    let is_right = proof.critical && proof.value == [&[4, 32], digest.as_ref()].concat();
    is_right
        .then_some(())
        .ok_or_else(|| format!("{name} proves something else"))
}

/// What is shown signs itself.
#[derive(Debug)]
struct Anybody;

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
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("TLS 1.3 is spoken".to_owned()))
    }

    /// By the key alone: the certificate has a critical extension, which no browser takes.
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let (_, certificate) = parse_x509_certificate(certificate).unwrap();
        let key = SubjectPublicKeyInfoDer::from(certificate.public_key().raw);
        let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms;
        verify_tls13_signature_with_raw_key(message, &key, signature, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        aws_lc_rs::default_provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}
