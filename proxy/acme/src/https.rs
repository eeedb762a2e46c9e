//! How the authority is asked: one connection for each request, since there are few.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::Full;
use instant_acme::{BodyWrapper, BytesResponse, HttpClient};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::error::Error;
use crate::exchange::{Failure, exchange};

/// For one request, from the connection to the end of the answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The longest answer: chains of certificates are some kilobytes.
const LONGEST: usize = 1 << 20;

/// A client of the authority.
#[derive(Clone)]
pub(crate) struct Https {
    connector: TlsConnector,
}

impl Https {
    /// One that trusts `roots`.
    pub(crate) fn new(provider: &Arc<CryptoProvider>, roots: RootCertStore) -> Result<Self, Error> {
        let builder = ClientConfig::builder_with_provider(Arc::clone(provider));
        let builder = builder.with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| Error::Authority(error.to_string()))?;
        let config = builder.with_root_certificates(roots).with_no_client_auth();
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
        })
    }
}

impl HttpClient for Https {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, instant_acme::Error>> + Send>> {
        let connector = self.connector.clone();
        Box::pin(async move {
            let host = request.uri().host().unwrap_or_default().to_owned();
            let answer = timeout(PATIENCE, ask(connector, request)).await;
            let answer = answer.unwrap_or_else(|_| Err("no answer in time".into()));
            match answer {
                Ok(response) => Ok(BytesResponse::from(response.map(Full::new))),
                Err(why) => Err(instant_acme::Error::Other(format!("{host}: {why}").into())),
            }
        })
    }
}

async fn ask(
    connector: TlsConnector,
    mut request: Request<BodyWrapper<Bytes>>,
) -> Result<Response<Bytes>, Failure> {
    let uri = std::mem::take(request.uri_mut());
    let host = uri.host().ok_or("the URL names no host")?;
    if uri.scheme_str() != Some("https") {
        return Err("the URL is not of https".into());
    }
    let authority = uri.authority().ok_or("the URL names no host")?;
    // As RFC 9112 §3.2.2 wants it of who asks no proxy.
    let host_line = HeaderValue::from_str(authority.as_str())?;
    request.headers_mut().insert(HOST, host_line);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = Uri::try_from(path)?;
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(bare.to_owned())?;
    let stream = TcpStream::connect((bare, uri.port_u16().unwrap_or(443))).await?;
    let stream = connector.connect(name, stream).await?;
    exchange(stream, request, LONGEST).await
}
