//! Asking another edge what to answer to an authority.

use std::time::Duration;

use bytes::Bytes;
use edge_core::address::Address;
use edge_core::challenge::is_answer;
use edge_core::config::ServerAddress;
use http::header::{HOST, MAX_FORWARDS};
use http::{Request, Response, StatusCode};
use http_body_util::Empty;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::exchange::{Failure, exchange};

/// An authority waits for ten seconds or so.
const PATIENCE: Duration = Duration::from_secs(2);

/// A token, a dot, and the digest of a key.
const LONGEST: usize = 256;

/// What `peer` answers to who asks it for `path` at `host`, if that is the answer to a challenge. It is told
/// not to ask others in turn.
pub async fn ask_peer(peer: &ServerAddress, host: &str, token: &str) -> Option<String> {
    let asked = async {
        match peer {
            ServerAddress::At(Address::Unix(path)) => {
                ask(UnixStream::connect(path).await?, host, token).await
            }
            ServerAddress::At(Address::Tcp(address)) => {
                ask(TcpStream::connect(address).await?, host, token).await
            }
            ServerAddress::Name { host: at, port } => {
                ask(TcpStream::connect((at.as_str(), *port)).await?, host, token).await
            }
        }
    };
    let answer = timeout(PATIENCE, asked).await.ok()?.ok()?;
    let is_good = answer.status() == StatusCode::OK;
    let text = String::from_utf8(answer.into_body().to_vec()).ok()?;
    (is_good && is_answer(&text, token)).then_some(text)
}

async fn ask(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    host: &str,
    token: &str,
) -> Result<Response<Bytes>, Failure> {
    let request = Request::get(format!("/.well-known/acme-challenge/{token}"))
        .header(HOST, host)
        .header(MAX_FORWARDS, "0")
        .body(Empty::<Bytes>::new())?;
    exchange(stream, request, LONGEST).await
}
