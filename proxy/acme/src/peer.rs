//! Asking another edge what to answer to an authority.

use std::time::Duration;

use bytes::Bytes;
use edge_core::address::Address;
use edge_core::challenge::is_answer;
use edge_core::config::ServerAddress;
use http::header::{HOST, MAX_FORWARDS};
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

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
                exchange(UnixStream::connect(path).await.ok()?, host, token).await
            }
            ServerAddress::At(Address::Tcp(address)) => {
                exchange(TcpStream::connect(address).await.ok()?, host, token).await
            }
            ServerAddress::Name { host: at, port } => {
                let stream = TcpStream::connect((at.as_str(), *port)).await.ok()?;
                exchange(stream, host, token).await
            }
        }
    };
    timeout(PATIENCE, asked).await.ok().flatten()
}

async fn exchange<S>(stream: S, host: &str, token: &str) -> Option<String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    let request = Request::get(format!("/.well-known/acme-challenge/{token}"))
        .header(HOST, host)
        .header(MAX_FORWARDS, "0")
        .body(Empty::<Bytes>::new())
        .ok()?;
    let answer = async {
        let answer = sender.send_request(request).await.ok()?;
        let is_good = answer.status() == StatusCode::OK;
        let body = Limited::new(answer.into_body(), LONGEST);
        let body = body.collect().await.ok()?.to_bytes();
        let text = String::from_utf8(body.to_vec()).ok()?;
        (is_good && is_answer(&text, token)).then_some(text)
    };
    let driven = async {
        connection.await.unwrap_or_default();
        std::future::pending::<std::convert::Infallible>().await
    };
    tokio::select! {
        answer = answer => answer,
        never = driven => match never {},
    }
}
