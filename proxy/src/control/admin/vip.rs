//! `/api/v1/vip`: what the VIP daemon of this machine says of itself, for the page, which may ask
//! nobody but its own origin.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use daemon::admin::{Body, json, text};
use hyper::{Response, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Control;

/// It is on this machine.
const PATIENCE: Duration = Duration::from_secs(1);

/// More than any number of addresses needs.
const LONGEST: u64 = 256 * 1024;

/// Asks the daemon; 204 if there is none.
pub(super) async fn answer(control: &Control) -> Response<Body> {
    let address = control.edge.live.load().config.admin.vip;
    let asked = tokio::time::timeout(PATIENCE, ask(address)).await;
    match asked.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
        Ok(status) => json(StatusCode::OK, &status),
        // Many machines have none, and browsers report every 4xx as an error of the page.
        Err(error) => {
            tracing::debug!(%address, %error, "no VIP daemon answers");
            text(StatusCode::NO_CONTENT, "")
        }
    }
}

async fn ask(address: SocketAddr) -> io::Result<Value> {
    let mut stream = TcpStream::connect(address).await?;
    // HTTP/1.0: the answer ends with the connection.
    let request = format!("GET /api/v1/status HTTP/1.0\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    if head.split(' ').nth(1) != Some("200") {
        return Err(io::Error::other("it does not answer 200"));
    }
    serde_json::from_str(body).map_err(io::Error::other)
}
