//! The one place where a failure becomes a response.

use axum::Json;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tonic::{Code, Status};
use tonic_types::StatusExt;
use utoipa::ToSchema;

use crate::birth::Violation;

/// Why a request is not answered with what it asked for.
#[derive(Debug)]
pub(super) struct Failure {
    status: StatusCode,
    refusal: Refusal,
}

/// The body of every refusal.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Refusal {
    /// Always false.
    #[schema(example = false)]
    success: bool,
    /// What is wrong, for people.
    #[schema(example = "gender: \"x\" is not a gender: write male or female")]
    error: String,
    /// What kind of failure it is.
    error_type: Kind,
    /// The wrong field, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// Every wrong field with what is wrong with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    details: Vec<Detail>,
}

/// A wrong field.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Detail {
    field: String,
    message: String,
}

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// The request is wrong.
    ValidationError,
    /// There is nothing at this path.
    NotFound,
    /// There is, but not for this method.
    MethodNotAllowed,
    /// The request may be right; the server cannot answer it.
    InternalError,
}

impl Failure {
    /// Fields with wrong values; there is at least one.
    pub(super) fn invalid(violations: Vec<Violation>) -> Self {
        let named = |violation: &Violation| format!("{}: {}", violation.field, violation.message);
        let error = violations.iter().map(named).collect::<Vec<_>>().join("; ");
        let mut failure = Self::wrong(StatusCode::BAD_REQUEST, error);
        failure.refusal.field = violations.first().map(|violation| violation.field.clone());
        failure.refusal.details = violations
            .into_iter()
            .map(|Violation { field, message }| Detail { field, message })
            .collect();
        failure
    }

    /// A body that is not a JSON object.
    pub(super) fn malformed(what: impl Into<String>) -> Self {
        Self::wrong(StatusCode::BAD_REQUEST, what)
    }

    /// A body in another format.
    pub(super) fn unsupported(found: Option<&str>) -> Self {
        let found = found.map_or_else(|| "none".to_owned(), |found| format!("{found:?}"));
        let error = format!("content-type: expected application/json, found {found}");
        Self::wrong(StatusCode::UNSUPPORTED_MEDIA_TYPE, error)
    }

    /// A body longer than `limit` bytes.
    pub(super) fn too_large(limit: usize) -> Self {
        let error = format!("the body is longer than {limit} bytes");
        Self::wrong(StatusCode::PAYLOAD_TOO_LARGE, error)
    }

    /// A body that did not arrive in time.
    pub(super) fn too_slow() -> Self {
        Self::wrong(
            StatusCode::REQUEST_TIMEOUT,
            "the body took too long to arrive",
        )
    }

    /// A path that leads nowhere.
    pub(super) fn not_found() -> Self {
        let error = "there is nothing at this path; /docs lists what there is";
        Self::new(StatusCode::NOT_FOUND, Kind::NotFound, error)
    }

    /// A method that this path does not have.
    pub(super) fn not_allowed(method: &Method) -> Self {
        let error = format!("this path does not answer {method}");
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            Kind::MethodNotAllowed,
            error,
        )
    }

    /// A bug, or something else that is no business of the client.
    pub(super) fn internal() -> Self {
        Self::broken(StatusCode::INTERNAL_SERVER_ERROR, "internal error")
    }

    fn wrong(status: StatusCode, error: impl Into<String>) -> Self {
        Self::new(status, Kind::ValidationError, error)
    }

    fn broken(status: StatusCode, error: &str) -> Self {
        Self::new(status, Kind::InternalError, error)
    }

    fn new(status: StatusCode, error_type: Kind, error: impl Into<String>) -> Self {
        let error = error.into();
        let refusal = Refusal {
            success: false,
            error,
            error_type,
            field: None,
            details: Vec::new(),
        };
        Self { status, refusal }
    }
}

/// What a service refused, in the words of HTTP. What is the service's fault is logged here.
impl From<&Status> for Failure {
    fn from(status: &Status) -> Self {
        if status.code() == Code::InvalidArgument {
            let violations = status.get_details_bad_request().into_iter();
            let violations: Vec<_> = violations
                .flat_map(|details| details.field_violations)
                .map(|found| Violation {
                    field: found.field,
                    message: found.description,
                })
                .collect();
            return match &*violations {
                [] => Self::malformed(status.message()),
                [..] => Self::invalid(violations),
            };
        }
        tracing::error!(grpc.code = ?status.code(), reason = status.message(), "a service failed");
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "all other codes are bugs here"
        )]
        match status.code() {
            Code::Unavailable => {
                let error = "a service is not available; try again in a moment";
                Self::broken(StatusCode::SERVICE_UNAVAILABLE, error)
            }
            Code::DeadlineExceeded => Self::broken(
                StatusCode::GATEWAY_TIMEOUT,
                "a service did not answer in time",
            ),
            _ => Self::internal(),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status, Json(self.refusal)).into_response()
    }
}
