//! The Web App.
//!
//! A request passes, from the outside in: `observe` (id, time, log, metrics, panics), the router,
//! and the handler, which reads its body through `input` and fails through `failure`.

use std::sync::Arc;

use axum::Router;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use store::{Cache, Database};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;

use crate::client::Client;
use crate::metrics::Metrics;
use crate::monitor::Monitor;

mod calculate;
mod failure;
mod health;
mod input;
mod observe;
mod serve;

pub use serve::serve;

use failure::Failure;

/// What the handlers work with.
#[derive(Debug, Clone)]
pub struct Web {
    /// The gRPC services.
    pub client: Client,
    /// Finished answers.
    pub cache: Cache,
    /// The database.
    pub database: Database,
    /// What the Web App depends on, and how it is.
    pub monitor: Monitor,
    /// What is counted.
    pub metrics: Metrics,
    /// The longest body that is read.
    pub max_body: usize,
}

/// Every route of the Web App.
pub fn router(web: Web) -> Router {
    let web = Arc::new(web);
    let (routes, document) = routed().with_state(Arc::clone(&web)).split_for_parts();
    routes
        .merge(SwaggerUi::new("/docs").url("/openapi.json", document))
        .fallback(async || Failure::not_found())
        .method_not_allowed_fallback(async |method: Method| Failure::not_allowed(&method))
        .layer(from_fn_with_state(web, observe::observe))
}

/// The `OpenAPI` 3.1 description of every route.
pub fn document() -> utoipa::openapi::OpenApi {
    routed().into_openapi()
}

fn routed() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(calculate::calculate))
        .routes(routes!(health::health))
        .routes(routes!(health::health_of_api))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::metrics))
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "HiFate",
        description = "Charts of birth 八字. Every answer is `{success, data, message}`, every \
                       refusal `{success: false, error, error_type, details}`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "bazi", description = "Charts of birth"),
        (name = "operation", description = "For the edge, probes and dashboards"),
    )
)]
struct Document;
