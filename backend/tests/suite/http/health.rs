//! `/health` and its relatives.

use axum::http::StatusCode;
use insta::assert_json_snapshot;

use crate::app::TestApp;

#[tokio::test]
async fn a_whole_node_is_healthy_and_says_what_is_not_built() {
    let app = TestApp::start().await;
    // The services are looked at one after another, in the background, from the start.
    let mut health = app.get("/health").await.json();
    while health["services"]["fortune_rule"] != "not_serving" {
        tokio::task::yield_now().await;
        health = app.get("/api/v1/health").await.json();
    }
    for changing in ["/timestamp", "/database/node", "/database/created_at"] {
        let value = health.pointer_mut(changing).unwrap();
        assert!(
            value.as_str().is_some_and(|text| text.len() >= 20),
            "{changing}: {value}"
        );
        *value = "[changes]".into();
    }
    assert_json_snapshot!(health, @r#"
    {
      "cache": {
        "bytes": 0,
        "entries": 0
      },
      "database": {
        "created_at": "[changes]",
        "node": "[changes]",
        "reachable": true,
        "schema_version": 1
      },
      "services": {
        "bazi_analyzer": "not_serving",
        "bazi_core": "serving",
        "bazi_fortune": "not_serving",
        "bazi_rule": "not_serving",
        "fortune_analysis": "not_serving",
        "fortune_rule": "not_serving",
        "payment_service": "not_serving"
      },
      "status": "healthy",
      "timestamp": "[changes]",
      "version": "0.1.0"
    }
    "#);
}

#[tokio::test]
async fn probes_say_yes() {
    let app = TestApp::start().await;
    for path in ["/api/v1/health/live", "/api/v1/health/ready"] {
        let answer = app.get(path).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(
            answer.text(),
            r#"{"success":true,"message":null}"#,
            "{path}"
        );
    }
}
