//! A backend on ports of its own, and a client for it.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use hifate_backend::app::{App, Part};
use hifate_backend::config::{Config, Overrides, file};
use hifate_backend::service::{ByService, Service};
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tonic::transport::Channel;

/// A running backend.
pub(crate) struct TestApp {
    app: App,
    client: Client<HttpConnector, Body>,
}

/// An answer over HTTP.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

impl TestApp {
    /// Starts all eight parts.
    pub(crate) async fn start() -> Self {
        Self::start_with(&Part::all(), |_| {}).await
    }

    /// Starts some parts, with a configuration that `change` has changed.
    pub(crate) async fn start_with(
        parts: &BTreeSet<Part>,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let services = ByService::from_fn(|_| Some(any));
        let overrides = Overrides {
            web: Some(any),
            services,
            database: None,
        };
        let mut config = Config::resolve(&file::Config::default(), &overrides).unwrap();
        change(&mut config);
        let app = App::start(&config, parts).await.unwrap();
        Self {
            app,
            client: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    /// Where a part listens.
    pub(crate) fn address(&self, part: Part) -> SocketAddr {
        let found = self.app.addresses().iter().find(|(own, _)| *own == part);
        found.map(|(_, address)| *address).unwrap()
    }

    /// A connection to a service.
    pub(crate) async fn channel(&self, service: Service) -> Channel {
        let address = self.address(Part::Service(service));
        Channel::from_shared(format!("http://{address}"))
            .unwrap()
            .connect()
            .await
            .unwrap()
    }

    pub(crate) async fn send(&self, mut request: Request<Body>) -> Answer {
        let path = request.uri().path_and_query().unwrap().clone();
        let whole = format!("http://{}{path}", self.address(Part::Web));
        *request.uri_mut() = whole.parse().unwrap();
        let response = self.client.request(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    pub(crate) async fn post(&self, path: &str, json: impl Into<Body>) -> Answer {
        let request = Request::builder().method(Method::POST).uri(path);
        let request = request.header(CONTENT_TYPE, "application/json");
        self.send(request.body(json.into()).unwrap()).await
    }

    pub(crate) async fn calculate(&self, json: impl Into<Body>) -> Answer {
        self.post("/api/v1/bazi/calculate", json).await
    }

    pub(crate) async fn stop(self) {
        self.app.stop().await;
    }
}

/// The birth of the golden sample.
pub(crate) const BIRTH: &str =
    r#"{"solar_date":"1990-06-15","solar_time":"12:30","gender":"male"}"#;
