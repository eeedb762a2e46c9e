//! Asks a program of this node how it is.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The answer to `GET path`, given within a second.
pub(crate) async fn get(address: SocketAddr, path: &str) -> io::Result<(StatusCode, Bytes)> {
    timeout(PATIENCE, exchange(address, path)).await?
}

async fn exchange(address: SocketAddr, path: &str) -> io::Result<(StatusCode, Bytes)> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    let request = Request::get(path).header(HOST, address.to_string());
    let request = request
        .body(Empty::<Bytes>::new())
        .map_err(io::Error::other)?;
    let answer = async {
        let response = sender
            .send_request(request)
            .await
            .map_err(io::Error::other)?;
        let status = response.status();
        let body = Limited::new(response.into_body(), LIMIT).collect().await;
        Ok((status, body.map_err(io::Error::other)?.to_bytes()))
    };
    tokio::select! {
        answer = answer => answer,
        Err(error) = connection => Err(io::Error::other(error)),
    }
}

const PATIENCE: Duration = Duration::from_secs(1);
const LIMIT: usize = 1 << 20;
