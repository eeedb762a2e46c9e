//! `bazi.core`: charts of birth.

use rpc::bazi_core::bazi_core_service_server::BaziCoreService;
use rpc::bazi_core::{BaziCoreRequest, BaziCoreResponse, HealthCheckRequest, HealthCheckResponse};
use tonic::{Code, Request, Response, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use crate::birth::{Birth, Violation, Written};
use crate::chart;

/// The service; it keeps nothing between calls.
#[derive(Debug)]
pub(super) struct Core;

#[tonic::async_trait]
impl BaziCoreService for Core {
    async fn calculate_bazi(
        &self,
        request: Request<BaziCoreRequest>,
    ) -> Result<Response<BaziCoreResponse>, Status> {
        let BaziCoreRequest {
            solar_date,
            solar_time,
            gender,
            zi_mode,
        } = request.get_ref();
        let written = Written {
            solar_date,
            solar_time,
            gender,
            zi_mode,
        };
        let birth = Birth::read(written).map_err(|violations| invalid(&violations))?;
        let chart = birth
            .chart()
            .map_err(|error| Status::internal(error.to_string()))?;
        let answer = chart::response(&chart);
        answer
            .map(Response::new)
            .map_err(|error| Status::internal(error.to_string()))
    }

    async fn health_check(
        &self,
        _: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        Ok(Response::new(HealthCheckResponse {
            status: "ok".to_owned(),
        }))
    }
}

/// A refusal that names every wrong field in its message and as a violation.
fn invalid(violations: &[Violation]) -> Status {
    let named = |violation: &Violation| format!("{}: {}", violation.field, violation.message);
    let message = violations.iter().map(named).collect::<Vec<_>>().join("; ");
    let violation =
        |violation: &Violation| FieldViolation::new(&violation.field, &violation.message);
    let violations: Vec<_> = violations.iter().map(violation).collect();
    Status::with_error_details(
        Code::InvalidArgument,
        message,
        ErrorDetails::with_bad_request(violations),
    )
}
