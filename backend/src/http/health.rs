//! How the Web App is: for load balancers, probes and dashboards.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use store::Node;
use utoipa::ToSchema;

use super::failure::Refusal;
use super::{Failure, Web};
use crate::client::Standing;
use crate::monitor::Sight;

/// How the Web App is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    status: Status,
    /// When this was seen.
    #[schema(value_type = String, format = DateTime)]
    timestamp: jiff::Timestamp,
    /// The version of this program.
    version: &'static str,
    cache: CacheHealth,
    database: DatabaseHealth,
    /// Each gRPC service.
    services: BTreeMap<&'static str, Standing>,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Status {
    /// Everything that is needed works.
    Healthy,
    /// Something that is needed does not.
    Warning,
}

/// The answers kept in memory.
#[derive(Debug, Serialize, ToSchema)]
struct CacheHealth {
    /// How many.
    entries: u64,
    /// About how much memory they take.
    bytes: u64,
}

/// The database.
#[derive(Debug, Serialize, ToSchema)]
struct DatabaseHealth {
    /// Whether it answers.
    reachable: bool,
    /// The id of this node.
    node: Option<String>,
    /// When the id was given.
    created_at: Option<String>,
    /// The last migration that was applied.
    schema_version: Option<i64>,
}

/// Whether the Web App is there, or can work.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Probe {
    /// What was asked.
    #[schema(example = true)]
    success: bool,
    /// Why not.
    message: Option<String>,
}

/// Tells how everything was when it was last looked at; always 200.
#[utoipa::path(get, path = "/health", tag = "operation",
    responses((status = 200, description = "How it is", body = Health)))]
pub(super) async fn health(State(web): State<Arc<Web>>) -> Json<Health> {
    Json(Health::new(&web))
}

/// The same under the prefix of the API.
#[utoipa::path(get, path = "/api/v1/health", tag = "operation",
    responses((status = 200, description = "How it is", body = Health)))]
pub(super) async fn health_of_api(State(web): State<Arc<Web>>) -> Json<Health> {
    Json(Health::new(&web))
}

/// Answers while the process runs.
#[utoipa::path(get, path = "/api/v1/health/live", tag = "operation",
    responses((status = 200, description = "It runs", body = Probe)))]
pub(super) async fn live() -> Json<Probe> {
    Json(Probe {
        success: true,
        message: None,
    })
}

/// Looks whether the Web App can do its work: `bazi_core` serves and the database answers.
#[utoipa::path(get, path = "/api/v1/health/ready", tag = "operation", responses(
    (status = 200, description = "It can", body = Probe),
    (status = 503, description = "It cannot, and why", body = Probe),
))]
pub(super) async fn ready(State(web): State<Arc<Web>>) -> (StatusCode, Json<Probe>) {
    let sight = web.monitor.look().await;
    let success = sight.is_ready();
    let message = (!success).then(|| match &sight.database {
        None => "the database does not answer".to_owned(),
        Some(_) => "bazi_core does not serve".to_owned(),
    });
    let status = if success {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(Probe { success, message }))
}

/// Everything that is counted, in the Prometheus text format.
#[utoipa::path(get, path = "/metrics", tag = "operation", responses(
    (status = 200, description = "The metrics", body = String, content_type = "text/plain"),
    (status = 500, description = "A bug", body = Refusal),
))]
pub(super) async fn metrics(State(web): State<Arc<Web>>) -> Result<Response, Failure> {
    match web.metrics.encode(web.database.connections()) {
        Ok(text) => Ok(([(CONTENT_TYPE, daemon::metrics::CONTENT_TYPE)], text).into_response()),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written");
            Err(Failure::internal())
        }
    }
}

impl Health {
    fn new(web: &Web) -> Self {
        let sight = web.monitor.last();
        let Sight {
            at,
            database,
            services,
        } = &*sight;
        let (entries, bytes) = web.cache.usage();
        Self {
            status: if sight.is_ready() {
                Status::Healthy
            } else {
                Status::Warning
            },
            timestamp: *at,
            version: env!("CARGO_PKG_VERSION"),
            cache: CacheHealth { entries, bytes },
            database: DatabaseHealth::new(database.as_ref()),
            services: services
                .iter()
                .map(|(name, standing)| (name.name(), *standing))
                .collect(),
        }
    }
}

impl DatabaseHealth {
    fn new(node: Option<&Node>) -> Self {
        Self {
            reachable: node.is_some(),
            node: node.map(|node| node.id.clone()),
            created_at: node.map(|node| node.created_at.clone()),
            schema_version: node.map(|node| node.schema_version),
        }
    }
}
