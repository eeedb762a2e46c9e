//! `grpc.health.v1` on every service.

use hifate_backend::service::Service;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::app::TestApp;

#[tokio::test]
async fn every_service_tells_the_truth_under_both_names() {
    let app = TestApp::start().await;
    for service in Service::ALL {
        let mut client = HealthClient::new(app.channel(service).await);
        let expected = if service.is_built() {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        };
        for name in [service.full_name(), ""] {
            let request = HealthCheckRequest {
                service: name.to_owned(),
            };
            let answer = client.check(request).await.unwrap();
            assert_eq!(answer.get_ref().status(), expected, "{service} as {name:?}");
        }
        let other = HealthCheckRequest {
            service: "other".to_owned(),
        };
        assert_eq!(
            client.check(other).await.unwrap_err().code(),
            Code::NotFound,
            "{service}"
        );
    }
}
