//! Accepts connections and, in the end, lets them go.

use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// Answers requests until `stop`; then closes idle connections at once and waits up to `grace` for
/// the answers that are in flight.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
    grace: Duration,
) {
    let service = TowerToHyperService::new(router);
    let connections = GracefulShutdown::new();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                // Out of descriptors, most likely: accepting again at once would only spin.
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection broke before its first request");
        }
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(IDLE)
            .serve_connection(TokioIo::new(stream), service.clone());
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    if timeout(grace, connections.shutdown()).await.is_err() {
        tracing::warn!(grace_ms = grace.as_millis(), "requests were cut off");
    }
}

/// How long a connection may wait for its next request: longer than an edge keeps idle connections
/// to an upstream (60 s), so that it is the edge that closes them.
const IDLE: Duration = Duration::from_secs(75);
