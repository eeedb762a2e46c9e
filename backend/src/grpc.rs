//! The gRPC servers: one for each service, on a port of its own.
//!
//! Every server also speaks `grpc.health.v1` (its service and the empty name answer alike) and both
//! versions of server reflection.

use std::io;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;
use tonic_health::server::health_reporter;

use crate::metrics::Metrics;
use crate::service::Service;

mod core;
mod later;
mod observe;

use self::core::Core;
use self::later::Later;
use self::observe::Observe;

/// Answers the calls of one service until `stop`; then finishes what is in flight.
pub async fn serve(
    service: Service,
    listener: TcpListener,
    metrics: Metrics,
    stop: CancellationToken,
) -> io::Result<()> {
    use rpc::bazi_analyzer::bazi_analyzer_service_server::BaziAnalyzerServiceServer;
    use rpc::bazi_core::bazi_core_service_server::BaziCoreServiceServer;
    use rpc::bazi_fortune::bazi_fortune_service_server::BaziFortuneServiceServer;
    use rpc::bazi_rule::bazi_rule_service_server::BaziRuleServiceServer;
    use rpc::fortune_analysis::fortune_analysis_service_server::FortuneAnalysisServiceServer;
    use rpc::fortune_rule::fortune_rule_service_server::FortuneRuleServiceServer;
    use rpc::payment::payment_service_server::PaymentServiceServer;

    let (reporter, health) = health_reporter();
    let status = if service.is_built() {
        ServingStatus::Serving
    } else {
        ServingStatus::NotServing
    };
    for name in [service.full_name(), ""] {
        reporter.set_service_status(name, status).await;
    }
    let mut server = Server::builder()
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
        .layer(Observe::new(service, metrics));
    let router = match service {
        Service::BaziCore => server.add_service(BaziCoreServiceServer::new(Core)),
        Service::BaziFortune => server.add_service(BaziFortuneServiceServer::new(Later)),
        Service::BaziAnalyzer => server.add_service(BaziAnalyzerServiceServer::new(Later)),
        Service::BaziRule => server.add_service(BaziRuleServiceServer::new(Later)),
        Service::FortuneAnalysis => server.add_service(FortuneAnalysisServiceServer::new(Later)),
        Service::Payment => server.add_service(PaymentServiceServer::new(Later)),
        Service::FortuneRule => server.add_service(FortuneRuleServiceServer::new(Later)),
    };
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(rpc::DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .with_service_name(service.full_name())
            .with_service_name("grpc.health.v1.Health")
    };
    router
        .add_service(health)
        .add_service(reflection().build_v1().map_err(io::Error::other)?)
        .add_service(reflection().build_v1alpha().map_err(io::Error::other)?)
        .serve_with_incoming_shutdown(
            TcpIncoming::from(listener).with_nodelay(Some(true)),
            stop.cancelled_owned(),
        )
        .await
        .map_err(io::Error::other)
}

/// How often an open connection is asked whether it still lives.
const KEEPALIVE: Duration = Duration::from_mins(5);

/// How long it may take to say so.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);
