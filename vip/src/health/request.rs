//! One HTTP request.

use std::io;

use http::Request;
use http::header::{CONNECTION, HOST};
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::config::HttpUrl;

/// Asks for `url` over a connection of its own; an error unless the answer is 2xx.
pub(crate) async fn get(url: &HttpUrl) -> io::Result<()> {
    let stream = TcpStream::connect(&url.authority).await?;
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(io::Error::other)?;
    let request = Request::get(&url.path)
        .header(HOST, &url.authority)
        .header(CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(io::Error::other)?;
    let asked = sender.send_request(request);
    tokio::pin!(asked, connection);
    let answer = tokio::select! {
        answer = &mut asked => answer,
        // The answer may have come with the end of the connection.
        ended = &mut connection => match ended {
            Ok(()) => asked.await,
            Err(error) => return Err(io::Error::other(error)),
        },
    };
    let status = answer.map_err(io::Error::other)?.status();
    if status.is_success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("{status}")))
    }
}
