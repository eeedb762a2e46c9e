//! One request over a connection that is there, and its answer.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::future::pending;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Body;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

/// Why there is no answer.
pub(crate) type Failure = Box<dyn StdError + Send + Sync>;

/// Asks, and reads an answer with no more than `longest` bytes of content.
pub(crate) async fn exchange<B>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<B>,
    longest: usize,
) -> Result<Response<Bytes>, Failure>
where
    B: Body<Data = Bytes, Error = Infallible> + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let asked = async {
        let (head, body) = sender.send_request(request).await?.into_parts();
        let body = Limited::new(body, longest).collect().await?.to_bytes();
        Ok(Response::from_parts(head, body))
    };
    let driven = async {
        // What goes wrong here is seen by who waits for the answer.
        connection.await.unwrap_or_default();
        pending::<Infallible>().await
    };
    tokio::select! {
        answer = asked => answer,
        never = driven => match never {},
    }
}
