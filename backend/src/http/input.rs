//! Reads the JSON body of a request, and finds everything that is wrong with it.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use http_body_util::LengthLimitError;
use serde_json::{Map, Value};
use settings::closest;
use tokio::time::timeout;

use super::{Failure, Web};
use crate::birth::Violation;

/// The fields of a request body, to be taken one by one.
///
/// Each taking notes what is wrong and goes on, so that [`Fields::finish`] can report all of it.
#[derive(Debug)]
pub(super) struct Fields {
    unread: Map<String, Value>,
    known: Vec<&'static str>,
    violations: Vec<Violation>,
}

impl Fields {
    /// The text of a field that must be there.
    pub(super) fn required(&mut self, name: &'static str) -> Option<String> {
        let text = self.take(name);
        if text.is_none()
            && !self
                .violations
                .iter()
                .any(|violation| violation.field == name)
        {
            self.note(name, "missing");
        }
        text
    }

    /// The text of a field that may be left out or null.
    pub(super) fn take(&mut self, name: &'static str) -> Option<String> {
        let value = self.take_any(name)?;
        if let Value::String(text) = value {
            return Some(text);
        }
        self.note(name, format!("expected a string, found {}", kind(&value)));
        None
    }

    /// The value of a field that may be left out or null.
    pub(super) fn take_any(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.unread.remove(name).filter(|value| !value.is_null())
    }

    /// Notes what is wrong with a field.
    pub(super) fn note(&mut self, name: &str, message: impl Into<String>) {
        self.violations.push(Violation::new(name, message));
    }

    /// Notes several at once.
    pub(super) fn extend(&mut self, violations: Vec<Violation>) {
        self.violations.extend(violations);
    }

    /// `value`, unless something was wrong or a field was not taken.
    pub(super) fn finish<T>(mut self, value: Option<T>) -> Result<T, Failure> {
        for name in self.unread.keys().take(UNKNOWN) {
            let name = shown(name);
            let message = match closest(&name, self.known.iter().copied()) {
                Some(meant) => format!("unknown field; did you mean {meant}?"),
                None => format!("unknown field; known are {}", self.known.join(", ")),
            };
            self.violations.push(Violation::new(&name, message));
        }
        match value {
            Some(value) if self.violations.is_empty() => Ok(value),
            _ => Err(Failure::invalid(self.violations)),
        }
    }
}

impl FromRequest<Arc<Web>> for Fields {
    type Rejection = Failure;

    async fn from_request(request: Request, web: &Arc<Web>) -> Result<Self, Failure> {
        let kind = request
            .headers()
            .get(CONTENT_TYPE)
            .map(|value| value.to_str().unwrap_or("?"));
        if !kind.is_some_and(is_json) {
            return Err(Failure::unsupported(kind));
        }
        let body = whole(request, web.max_body).await?;
        match serde_json::from_slice(&body) {
            Ok(Value::Object(unread)) => Ok(Self {
                unread,
                known: Vec::new(),
                violations: Vec::new(),
            }),
            Ok(other) => {
                let found = self::kind(&other);
                Err(Failure::malformed(format!(
                    "the body is {found}, not a JSON object"
                )))
            }
            Err(error) => Err(Failure::malformed(format!("the body is not JSON: {error}"))),
        }
    }
}

/// The whole body, within its limits of length and time.
async fn whole(request: Request, limit: usize) -> Result<Bytes, Failure> {
    let body = request.into_body();
    match timeout(PATIENCE, to_bytes(body, limit)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(error)) if is_too_long(&error) => Err(Failure::too_large(limit)),
        Ok(Err(_)) => Err(Failure::malformed("the body ended early")),
        Err(_) => Err(Failure::too_slow()),
    }
}

fn is_too_long(error: &axum::Error) -> bool {
    error
        .source()
        .is_some_and(<dyn Error>::is::<LengthLimitError>)
}

/// Whether a content type is JSON, with or without parameters.
fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let subtype = essence.to_ascii_lowercase();
    subtype == "application/json"
        || (subtype.starts_with("application/") && subtype.ends_with("+json"))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Enough of a field's name to recognise it, however long it is.
fn shown(name: &str) -> String {
    name.chars().take(64).collect()
}

/// How many unknown fields are named: enough for any mistake, and not for a flood.
const UNKNOWN: usize = 10;

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(20);
