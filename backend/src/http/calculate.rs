//! `POST /api/v1/bazi/calculate`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use rpc::bazi_core::BaziCoreRequest;
use serde::{Deserialize, Serialize};
use tonic::Status;
use utoipa::ToSchema;

use super::failure::Refusal;
use super::input::Fields;
use super::{Failure, Web};
use crate::birth::{Birth, Written};
use crate::chart::json::Data;

/// A birth.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "describes the fields that `birth` takes, for OpenAPI"
)]
pub(super) struct CalculateRequest {
    /// The Gregorian date, 1900 to 2100.
    #[schema(example = "1990-06-15")]
    solar_date: String,
    /// The time of day, UTC+8, `HH:MM` or `HH:MM:SS`.
    #[schema(example = "12:30")]
    solar_time: String,
    /// `male` or `female`; also 男 or 女.
    #[schema(example = "male")]
    gender: String,
    /// The calendar of the date.
    #[schema(inline, default = "solar")]
    calendar_type: Option<CalendarType>,
    /// To which day 23:00 to 24:00 belongs: the next one, or (`late`) the one that ends.
    #[schema(inline, default = "next_day")]
    zi_mode: Option<ZiMode>,
}

/// The calendar of a date.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CalendarType {
    Solar,
}

/// To which day the late zi hour belongs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ZiMode {
    NextDay,
    Late,
}

/// A chart in the envelope of every answer.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CalculateAnswer {
    /// Always true.
    #[schema(example = true)]
    success: bool,
    data: Data,
    /// Always null: there is nothing to add.
    message: Option<String>,
}

/// Calculates a chart of birth.
#[utoipa::path(
    post,
    path = "/api/v1/bazi/calculate",
    tag = "bazi",
    request_body = CalculateRequest,
    responses(
        (status = 200, description = "The chart", body = CalculateAnswer),
        (status = 400, description = "A field is wrong, or the body is not JSON", body = Refusal),
        (status = 413, description = "The body is too long", body = Refusal),
        (status = 415, description = "The body is not declared as JSON", body = Refusal),
        (status = 500, description = "A bug", body = Refusal),
        (status = 503, description = "bazi_core is not available", body = Refusal),
        (status = 504, description = "bazi_core did not answer in time", body = Refusal),
    )
)]
pub(super) async fn calculate(
    State(web): State<Arc<Web>>,
    fields: Fields,
) -> Result<Response, Failure> {
    let birth = birth(fields)?;
    let Birth {
        time,
        gender,
        zi_mode,
    } = birth;
    let key = format!("calculate {time} {gender} {zi_mode}");
    let answer = web.cache.fetch(&key, compute(&web, birth)).await;
    let (body, lookup) = answer.map_err(|status| Failure::from(&*status))?;
    web.metrics.cache(lookup);
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

/// The birth that the fields describe.
fn birth(mut fields: Fields) -> Result<Birth, Failure> {
    let solar_date = fields.required("solar_date");
    let solar_time = fields.required("solar_time");
    let gender = fields.required("gender");
    let zi_mode = fields.take("zi_mode").unwrap_or_default();
    match fields.take("calendar_type").as_deref() {
        None | Some("solar") => {}
        Some("lunar") => fields.note("calendar_type", format!("lunar {LATER}")),
        Some(_) => fields.note("calendar_type", "not a calendar: write solar"),
    }
    for name in ["location", "latitude", "longitude"] {
        if fields.take_any(name).is_some() {
            fields.note(name, LATER);
        }
    }
    // A field that is missing is already noted: what stands in for it must be right.
    let read = Birth::read(Written {
        solar_date: solar_date.as_deref().unwrap_or("2000-01-01"),
        solar_time: solar_time.as_deref().unwrap_or("00:00"),
        gender: gender.as_deref().unwrap_or("male"),
        zi_mode: &zi_mode,
    });
    let birth = read.map_err(|violations| fields.extend(violations)).ok();
    fields.finish(birth)
}

/// The whole answer as it is sent.
async fn compute(web: &Web, birth: Birth) -> Result<Bytes, Status> {
    let request = BaziCoreRequest {
        solar_date: birth.time.date().to_string(),
        solar_time: birth.time.time().to_string(),
        gender: birth.gender.to_string(),
        zi_mode: birth.zi_mode.to_string(),
    };
    let answer = web.client.calculate_bazi(request).await?;
    let data = Data::try_from(answer).map_err(|error| Status::internal(error.to_string()))?;
    let answer = CalculateAnswer {
        success: true,
        data,
        message: None,
    };
    let body = serde_json::to_vec(&answer).map_err(|error| Status::internal(error.to_string()))?;
    Ok(body.into())
}

const LATER: &str = "is not supported yet";
