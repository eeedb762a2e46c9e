//! What surrounds every request: ids, times, metrics.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};

use crate::app::{BIRTH, TestApp};

#[tokio::test]
async fn every_answer_carries_an_id_and_the_time_it_took() {
    let app = TestApp::start().await;
    for path in ["/health", "/nothing", "/docs/"] {
        let answer = app.get(path).await;
        assert_eq!(answer.header("x-request-id").len(), 36, "{path}");
        assert!(
            answer.header("x-process-time").parse::<f64>().unwrap() < 1.0,
            "{path}"
        );
    }
    for (given, kept) in [
        ("edge-42.a_b", true),
        ("a b", false),
        (&*"x".repeat(129), false),
    ] {
        let request = Request::get("/health").header("x-request-id", given);
        let answer = app.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.header("x-request-id") == given, kept, "{given}");
    }
}

#[tokio::test]
async fn labels_stay_few_whatever_is_asked() {
    let app = TestApp::start().await;
    for number in 0..20 {
        let path = format!("/api/v1/bazi/{number}");
        assert_eq!(app.get(&path).await.status, StatusCode::NOT_FOUND);
        let method = Method::from_bytes(format!("BREW{number}").as_bytes()).unwrap();
        let request = Request::builder().method(method).uri("/health");
        let answer = app.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    }
    app.calculate(BIRTH).await;
    let metrics = app.get("/metrics").await;
    let counted = |line: &&str| line.starts_with("hifate_http_requests_total{");
    let lines: Vec<_> = metrics.text().lines().filter(counted).collect();
    assert_eq!(
        lines,
        [
            r#"hifate_http_requests_total{code="200",method="POST",route="/api/v1/bazi/calculate"} 1"#,
            r#"hifate_http_requests_total{code="404",method="GET",route="unmatched"} 20"#,
            r#"hifate_http_requests_total{code="405",method="other",route="/health"} 20"#,
        ]
    );
}

#[tokio::test]
async fn metrics_follow_the_conventions() {
    let app = TestApp::start().await;
    app.calculate(BIRTH).await;
    let metrics = app.get("/metrics").await;
    assert_eq!(
        metrics.header("content-type"),
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let mut names = BTreeSet::new();
    for line in metrics.text().lines() {
        if let Some(declared) = line.strip_prefix("# TYPE ") {
            let (name, kind) = declared.split_once(' ').unwrap();
            assert_eq!(name.ends_with("_total"), kind == "counter", "{name}");
            assert!(
                metrics.text().contains(&format!("# HELP {name} ")),
                "{name}"
            );
            names.insert(name.to_owned());
        }
    }
    for name in [
        "hifate_cache_requests_total",
        "hifate_db_pool_connections",
        "hifate_grpc_request_duration_seconds",
        "hifate_grpc_requests_total",
        "hifate_http_request_duration_seconds",
        "process_resident_memory_bytes",
    ] {
        assert!(names.contains(name), "{name}");
    }
}
