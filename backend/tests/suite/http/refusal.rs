//! Requests that are refused, and how.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, Request, StatusCode};
use hifate_backend::app::Part;
use insta::assert_snapshot;

use crate::app::{Answer, BIRTH, TestApp};

fn shown(name: &str, answer: &Answer) -> String {
    let body = serde_json::to_string_pretty(&answer.json()).unwrap();
    format!("{name}: {}\n{body}\n\n", answer.status)
}

#[tokio::test]
async fn wrong_fields_are_all_named_with_what_is_wrong() {
    let app = TestApp::start().await;
    let mut text = String::new();
    for (name, body) in [
        (
            "no such day",
            r#"{"solar_date":"1990-02-30","solar_time":"12:30","gender":"male"}"#,
        ),
        (
            "no such time",
            r#"{"solar_date":"1990-02-28","solar_time":"24:00","gender":"male"}"#,
        ),
        (
            "no such gender",
            r#"{"solar_date":"1990-02-28","solar_time":"12:30","gender":"cat"}"#,
        ),
        (
            "before the tables",
            r#"{"solar_date":"1899-12-31","solar_time":"12:30","gender":"男"}"#,
        ),
        (
            "everything",
            r#"{"solar_date":19900228,"gender":"","zi_mode":"x","calender_type":"solar"}"#,
        ),
        (
            "not yet",
            r#"{"solar_date":"1990-02-28","solar_time":"12:30","gender":"male",
                "calendar_type":"lunar","location":"北京","latitude":39.9,"longitude":116.4}"#,
        ),
        (
            "no such calendar",
            r#"{"solar_date":"1990-02-28","solar_time":"12:30","gender":"male","calendar_type":"julian"}"#,
        ),
        (
            "no such field",
            r#"{"solar_date":"1990-02-28","solar_time":"12:30","gender":"male","colour":"red"}"#,
        ),
        ("nothing", "{}"),
    ] {
        let answer = app.calculate(body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{name}");
        write!(text, "{}", shown(name, &answer)).unwrap();
    }
    assert_snapshot!(text);
}

#[tokio::test]
async fn a_flood_of_unknown_fields_is_answered_shortly() {
    let app = TestApp::start().await;
    let fields: Vec<_> = (0..10_000)
        .map(|n| format!("\"{n}{}\":1", "x".repeat(80)))
        .collect();
    let answer = app.calculate(format!("{{{}}}", fields.join(","))).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.body.len() < 5000, "{}", answer.text());
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let app = TestApp::start().await;
    let mut text = String::new();
    for (name, body) in [
        ("empty", ""),
        ("cut off", r#"{"solar_date":"1990-06-15","#),
        ("an array", "[]"),
        ("not utf-8", "{\"solar_date\":\"\u{fffd}"),
    ] {
        let answer = app.calculate(body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{name}");
        write!(text, "{}", shown(name, &answer)).unwrap();
    }
    let deep = "[".repeat(100_000);
    assert_eq!(app.calculate(deep).await.status, StatusCode::BAD_REQUEST);
    assert_snapshot!(text);
}

#[tokio::test]
async fn only_json_is_read() {
    let app = TestApp::start().await;
    let mut text = String::new();
    for (kind, status) in [
        (None, StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (Some("text/plain"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (
            Some("application/x-www-form-urlencoded"),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ),
        (Some("Application/JSON; charset=utf-8"), StatusCode::OK),
        (Some("application/vnd.api+json"), StatusCode::OK),
    ] {
        let mut request = Request::post("/api/v1/bazi/calculate");
        if let Some(kind) = kind {
            request = request.header(CONTENT_TYPE, kind);
        }
        let answer = app.send(request.body(Body::from(BIRTH)).unwrap()).await;
        assert_eq!(answer.status, status, "{kind:?}");
        if status != StatusCode::OK {
            write!(text, "{}", shown(kind.unwrap_or("none"), &answer)).unwrap();
        }
    }
    assert_snapshot!(text);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_whether_announced_or_not() {
    let app = TestApp::start_with(&Part::all(), |config| config.max_body = 100).await;
    let announced = app.calculate("x".repeat(101)).await;
    assert_snapshot!(shown("announced", &announced), @r#"
    announced: 413 Payload Too Large
    {
      "error": "the body is longer than 100 bytes",
      "error_type": "validation_error",
      "success": false
    }
    "#);
    let parts = [60, 60].map(|length| Ok::<_, std::io::Error>("x".repeat(length)));
    let body = Body::from_stream(futures_util::stream::iter(parts));
    assert_eq!(
        app.calculate(body).await.status,
        StatusCode::PAYLOAD_TOO_LARGE
    );
}

#[tokio::test]
async fn wrong_paths_and_methods_get_the_same_envelope() {
    let app = TestApp::start().await;
    let nothing = app.get("/api/v1/nothing").await;
    assert_snapshot!(shown("path", &nothing), @r#"
    path: 404 Not Found
    {
      "error": "there is nothing at this path; /docs lists what there is",
      "error_type": "not_found",
      "success": false
    }
    "#);
    let request = Request::builder()
        .method(Method::DELETE)
        .uri("/api/v1/bazi/calculate");
    let method = app.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(method.header("allow"), "POST");
    assert_snapshot!(shown("method", &method), @r#"
    method: 405 Method Not Allowed
    {
      "error": "this path does not answer DELETE",
      "error_type": "method_not_allowed",
      "success": false
    }
    "#);
}

#[tokio::test]
async fn without_bazi_core_the_answer_comes_soon_and_is_kept_by_no_cache() {
    let nowhere = "http://127.0.0.1:1".parse().ok();
    let web = BTreeSet::from([Part::Web]);
    let app = TestApp::start_with(&web, |config| {
        config
            .url
            .of_mut(hifate_backend::service::Service::BaziCore)
            .clone_from(&nowhere);
    })
    .await;
    for _ in 0..2 {
        let began = Instant::now();
        let answer = app.calculate(BIRTH).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.json()["error_type"], "internal_error");
        // Three attempts, with pauses of 0.1 s and 0.2 s between them.
        assert!(
            (300..3000).contains(&began.elapsed().as_millis()),
            "{:?}",
            began.elapsed()
        );
    }
    assert_eq!(
        app.get("/api/v1/health/ready").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(app.get("/health").await.json()["status"], "warning");
    tokio::time::timeout(Duration::from_secs(2), app.stop())
        .await
        .unwrap();
}
