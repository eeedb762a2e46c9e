//! The health service of gRPC (`grpc.health.v1.Health/Check`), over HTTP/2.

use crate::stream::Stream;
use bytes::Bytes;
use edge_core::probe::{Unwell, grpc_request, judge_grpc};
use http::{HeaderMap, Request};

use super::Error;

/// Asks whether `service` is serving.
pub(super) async fn ask(stream: Stream, authority: &str, service: &str) -> Result<(), Error> {
    let (mut sender, connection) = h2::client::handshake(stream).await?;
    let asking = async {
        let request = Request::post(format!("http://{authority}/grpc.health.v1.Health/Check"))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("user-agent", "hifate-edge (health check)")
            .body(())
            .map_err(|_| Error::NotHttp)?;
        let (response, mut body) = sender.send_request(request, false)?;
        body.send_data(Bytes::from(grpc_request(service)), true)?;
        let (head, mut body) = response.await?.into_parts();
        if head.status != 200 {
            return Err(Unwell::Status(head.status.as_u16()).into());
        }
        let mut message = Vec::new();
        while let Some(data) = body.data().await {
            let data = data?;
            body.flow_control().release_capacity(data.len())?;
            message.extend_from_slice(&data);
            if message.len() > 1024 {
                return Err(Unwell::Malformed.into());
            }
        }
        let trailers = body.trailers().await?;
        // A failure without a message has its status in the headers.
        status(trailers.as_ref().unwrap_or(&head.headers))?;
        Ok(judge_grpc(&message)?)
    };
    tokio::select! {
        result = asking => result,
        ended = connection => Err(ended.err().map_or(Error::NotHttp, Error::Http2)),
    }
}

/// `grpc-status`: 5 (`NOT_FOUND`) is what the health service says of a service it does not know.
fn status(headers: &HeaderMap) -> Result<(), Unwell> {
    let status = headers.get("grpc-status");
    let status = status.and_then(|status| status.to_str().ok()?.parse().ok());
    match status {
        Some(0) => Ok(()),
        Some(5) => Err(Unwell::NotServing("NOT_FOUND")),
        Some(status) => Err(Unwell::Grpc(status)),
        None => Err(Unwell::Malformed),
    }
}
