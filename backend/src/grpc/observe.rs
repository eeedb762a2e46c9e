//! What surrounds every gRPC call: it is counted and timed, and a panic in it stays inside it.

use std::any::Any;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use futures_util::FutureExt;
use http::{Request, Response};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service as Tower};

use crate::metrics::Metrics;
use crate::service::Service;

/// Wraps the server of one service.
#[derive(Debug, Clone)]
pub(super) struct Observe {
    service: Service,
    metrics: Metrics,
}

impl Observe {
    pub(super) fn new(service: Service, metrics: Metrics) -> Self {
        Self { service, metrics }
    }

    fn finished(&self, path: &str, response: &Response<Body>, began: Instant) {
        let (service, method) = labels(self.service, path);
        // A refusal puts its status into the headers. An answer puts it behind the body, where for
        // a single message it can only be OK.
        let code = Status::from_header_map(response.headers()).map_or(Code::Ok, |s| s.code());
        let took = began.elapsed();
        self.metrics.grpc(service, method, name(code), took);
        tracing::debug!(
            grpc.service = service,
            grpc.method = method,
            grpc.code = name(code),
            duration_us = took.as_micros(),
            "call"
        );
    }
}

impl<S> Layer<S> for Observe {
    type Service = Observed<S>;

    fn layer(&self, inner: S) -> Observed<S> {
        Observed {
            observe: self.clone(),
            inner,
        }
    }
}

/// A server that is observed.
#[derive(Debug, Clone)]
pub(super) struct Observed<S> {
    observe: Observe,
    inner: S,
}

impl<S> Tower<Request<Body>> for Observed<S>
where
    S: Tower<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let began = Instant::now();
        let observe = self.observe.clone();
        let path = request.uri().path().to_owned();
        let answered = AssertUnwindSafe(self.inner.call(request)).catch_unwind();
        Box::pin(async move {
            let response = match answered.await {
                Ok(Ok(response)) => response,
                Ok(Err(never)) => match never {},
                Err(panic) => {
                    let reason = reason(&*panic);
                    tracing::error!(grpc.path = %path, reason, "a call panicked");
                    Status::internal("internal error").into_http()
                }
            };
            observe.finished(&path, &response, began);
            Ok(response)
        })
    }
}

/// What a panic said.
fn reason(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("unknown")
}

/// The service and method of a path, or `other` for what this server does not have.
fn labels(service: Service, path: &str) -> (&'static str, &'static str) {
    let Some((name, method)) = path.trim_start_matches('/').split_once('/') else {
        return ("other", "other");
    };
    let own = (service.full_name(), service.methods());
    [own, HEALTH, REFLECTION, REFLECTION_ALPHA]
        .into_iter()
        .find(|(known, _)| *known == name)
        .and_then(|(name, methods)| {
            let method = methods.iter().find(|known| **known == method)?;
            Some((name, *method))
        })
        .unwrap_or(("other", "other"))
}

const HEALTH: (&str, &[&str]) = ("grpc.health.v1.Health", &["Check", "List", "Watch"]);
const REFLECTION: (&str, &[&str]) = (
    "grpc.reflection.v1.ServerReflection",
    &["ServerReflectionInfo"],
);
const REFLECTION_ALPHA: (&str, &[&str]) = (
    "grpc.reflection.v1alpha.ServerReflection",
    &["ServerReflectionInfo"],
);

/// The name of a code in the specification, such as `NOT_FOUND`.
const fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use tower::ServiceExt;
    use tower::service_fn;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_internal_and_counted() {
        let metrics = Metrics::new().unwrap();
        let observe = Observe::new(Service::BaziCore, metrics.clone());
        let broken = service_fn(async |request: Request<Body>| {
            assert!(request.uri().path().is_empty(), "a bug");
            Ok(Response::new(Body::empty()))
        });
        let path = "/bazi.core.BaziCoreService/CalculateBazi";
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = observe.layer(broken).oneshot(request).await.unwrap();
        let status = Status::from_header_map(response.headers()).unwrap();
        assert_eq!(
            (status.code(), status.message()),
            (Code::Internal, "internal error")
        );
        let text = metrics
            .encode(store::Connections { idle: 0, used: 0 })
            .unwrap();
        assert!(
            text.contains("code=\"INTERNAL\",method=\"CalculateBazi\""),
            "{text}"
        );
    }

    #[test]
    fn labels_are_bounded_whatever_is_called() {
        let core = Service::BaziCore;
        assert_eq!(
            labels(core, "/bazi.core.BaziCoreService/CalculateBazi"),
            ("bazi.core.BaziCoreService", "CalculateBazi")
        );
        assert_eq!(
            labels(core, "/bazi.core.BaziCoreService/X"),
            ("other", "other")
        );
        assert_eq!(
            labels(core, "/payment.PaymentService/VerifyPayment"),
            ("other", "other")
        );
        assert_eq!(labels(core, "nonsense"), ("other", "other"));
    }
}
