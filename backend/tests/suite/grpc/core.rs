//! `bazi.core.BaziCoreService`

use hifate_backend::service::Service;
use insta::assert_debug_snapshot;
use rpc::bazi_core::bazi_core_service_client::BaziCoreServiceClient;
use rpc::bazi_core::{BaziCoreRequest, HealthCheckRequest};
use serde_json::Value;
use tonic::Code;
use tonic_types::StatusExt;

use crate::app::TestApp;

fn request(date: &str, time: &str, gender: &str) -> BaziCoreRequest {
    BaziCoreRequest {
        solar_date: date.to_owned(),
        solar_time: time.to_owned(),
        gender: gender.to_owned(),
        zi_mode: String::new(),
    }
}

#[tokio::test]
async fn the_golden_sample_crosses_the_wire_whole() {
    let app = TestApp::start().await;
    let mut client = BaziCoreServiceClient::new(app.channel(Service::BaziCore).await);
    let answer = client
        .calculate_bazi(request("1990-06-15", "12:30", "男"))
        .await
        .unwrap();
    let answer = answer.into_inner();
    let lunar: Value = serde_json::from_str(&answer.basic_info["lunar_date"]).unwrap();
    assert_eq!(lunar["month"], 5);
    for (name, json) in answer.ten_gods_stats.iter().chain(&answer.elements) {
        serde_json::from_str::<Value>(json).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    assert_debug_snapshot!("golden", answer);
}

#[tokio::test]
async fn every_wrong_field_is_a_violation() {
    let app = TestApp::start().await;
    let mut client = BaziCoreServiceClient::new(app.channel(Service::BaziCore).await);
    let refused = client
        .calculate_bazi(request("1990-02-30", "12:60", ""))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let violations = refused.get_details_bad_request().unwrap().field_violations;
    let fields: Vec<_> = violations
        .iter()
        .map(|violation| &*violation.field)
        .collect();
    assert_eq!(fields, ["solar_date", "solar_time", "gender"]);
    assert!(
        refused.message().contains("February 1990 has 28 days"),
        "{refused}"
    );
}

#[tokio::test]
async fn it_says_that_it_is_well() {
    let app = TestApp::start().await;
    let mut client = BaziCoreServiceClient::new(app.channel(Service::BaziCore).await);
    let answer = client.health_check(HealthCheckRequest {}).await.unwrap();
    assert_eq!(answer.get_ref().status, "ok");
}
