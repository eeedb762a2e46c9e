//! `/openapi.json` and `/docs`.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use insta::assert_json_snapshot;

use crate::app::TestApp;

#[tokio::test]
async fn the_description_is_as_it_was_agreed() {
    let app = TestApp::start().await;
    let answer = app.get("/openapi.json").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["openapi"], "3.1.0");
    assert_json_snapshot!("openapi", answer.json());
}

#[tokio::test]
async fn everything_described_is_there() {
    let app = TestApp::start().await;
    let document = app.get("/openapi.json").await.json();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let request = Request::builder().method(method.clone()).uri(path);
            let status = app.send(request.body(Body::empty()).unwrap()).await.status;
            let described = &document["paths"][path][method.as_str().to_lowercase()]["responses"];
            assert!(
                !described[status.as_str()].is_null(),
                "{method} {path} answers {status}"
            );
        }
    }
}

#[tokio::test]
async fn the_page_needs_nothing_from_elsewhere() {
    let app = TestApp::start().await;
    let page = app.get("/docs/").await;
    assert_eq!(page.status, StatusCode::OK);
    let sources = page
        .text()
        .split(['"', '\''])
        .filter(|text| text.contains("//"));
    assert_eq!(sources.collect::<Vec<_>>(), Vec::<&str>::new());
    for file in [
        "swagger-ui.css",
        "swagger-ui-bundle.js",
        "swagger-initializer.js",
    ] {
        let answer = app.get(&format!("/docs/{file}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{file}");
    }
    let start = app.get("/docs/swagger-initializer.js").await;
    assert!(start.text().contains("/openapi.json"), "{}", start.text());
}
