//! `POST /api/v1/bazi/calculate`

use axum::http::StatusCode;
use insta::assert_json_snapshot;
use serde_json::json;

use crate::app::{BIRTH, TestApp};

#[tokio::test]
async fn the_golden_sample_is_complete() {
    let app = TestApp::start().await;
    let answer = app.calculate(BIRTH).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-cache");
    assert_json_snapshot!("golden", answer.json());
}

#[tokio::test]
async fn the_same_birth_is_computed_once_however_it_is_written() {
    let app = TestApp::start().await;
    let first = app.calculate(BIRTH).await;
    let birth = json!({
        "gender": "男", "solar_time": "12:30:00", "solar_date": "1990-06-15",
        "calendar_type": "solar", "zi_mode": "next_day", "location": null,
    });
    let second = app.calculate(birth.to_string()).await;
    assert_eq!(first.body, second.body);
    let metrics = app.get("/metrics").await;
    for result in ["hit", "miss"] {
        let line =
            format!("hifate_cache_requests_total{{result=\"{result}\",tier=\"memory\"}} 1\n");
        assert!(metrics.text().contains(&line), "{}", metrics.text());
    }
    let calls = "hifate_grpc_requests_total{code=\"OK\",method=\"CalculateBazi\",\
                 service=\"bazi.core.BaziCoreService\"} 1\n";
    assert!(metrics.text().contains(calls), "{}", metrics.text());
}

#[tokio::test]
async fn the_zi_mode_decides_the_day_of_the_late_zi_hour() {
    let app = TestApp::start().await;
    let mut days = Vec::new();
    for zi_mode in ["next_day", "late"] {
        let birth = json!({
            "solar_date": "1990-06-15", "solar_time": "23:30", "gender": "female",
            "zi_mode": zi_mode,
        });
        let answer = app.calculate(birth.to_string()).await.json();
        assert_eq!(answer["data"]["bazi"]["basic_info"]["zi_mode"], zi_mode);
        assert_eq!(
            answer["data"]["bazi"]["details"]["day"]["main_star"],
            "元女"
        );
        days.push(answer["data"]["rizhu"].clone());
    }
    assert_eq!(days, ["壬子", "辛亥"]);
}
