//! Server reflection, both versions, on every service.

use hifate_backend::service::Service;
use tonic_reflection::pb::{v1, v1alpha};

use crate::app::TestApp;

#[tokio::test]
async fn every_service_lists_itself_and_can_be_described() {
    use v1::server_reflection_client::ServerReflectionClient;
    use v1::server_reflection_request::MessageRequest;
    use v1::server_reflection_response::MessageResponse;

    let app = TestApp::start().await;
    for service in Service::ALL {
        let mut client = ServerReflectionClient::new(app.channel(service).await);
        let mut asked = Vec::new();
        for question in [
            MessageRequest::ListServices(String::new()),
            MessageRequest::FileContainingSymbol(service.full_name().to_owned()),
        ] {
            let request = v1::ServerReflectionRequest {
                host: String::new(),
                message_request: Some(question),
            };
            let stream = futures_util::stream::iter([request]);
            let mut answers = client
                .server_reflection_info(stream)
                .await
                .unwrap()
                .into_inner();
            asked.push(
                answers
                    .message()
                    .await
                    .unwrap()
                    .unwrap()
                    .message_response
                    .unwrap(),
            );
        }
        let MessageResponse::ListServicesResponse(listed) = &asked[0] else {
            panic!("{service}: {:?}", asked[0]);
        };
        let names: Vec<_> = listed
            .service
            .iter()
            .map(|service| &*service.name)
            .collect();
        assert!(names.contains(&service.full_name()), "{service}: {names:?}");
        assert!(
            names.contains(&"grpc.health.v1.Health"),
            "{service}: {names:?}"
        );
        assert!(
            matches!(&asked[1], MessageResponse::FileDescriptorResponse(file)
                if !file.file_descriptor_proto.is_empty()),
            "{service}: {:?}",
            asked[1]
        );
    }
}

#[tokio::test]
async fn the_older_version_works_too() {
    use v1alpha::server_reflection_client::ServerReflectionClient;
    use v1alpha::server_reflection_request::MessageRequest;

    let app = TestApp::start().await;
    let mut client = ServerReflectionClient::new(app.channel(Service::BaziCore).await);
    let request = v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let stream = futures_util::stream::iter([request]);
    let mut answers = client
        .server_reflection_info(stream)
        .await
        .unwrap()
        .into_inner();
    assert!(
        answers
            .message()
            .await
            .unwrap()
            .unwrap()
            .message_response
            .is_some()
    );
}
