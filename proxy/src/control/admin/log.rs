//! `/api/v1/log`: how much is logged, for as long as the process runs or until somebody changes it.

use std::collections::BTreeMap;

use daemon::admin::{Body, failure, json};
use daemon::log::{Handle, Level};
use edge_core::config::is_module;
use hyper::{Response, StatusCode};
use serde::Deserialize;
use serde_json::json;

/// What may be changed. What is absent stays as it is; a module whose level is `null` goes with the rest.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    level: Option<Level>,
    #[serde(default)]
    levels: BTreeMap<String, Option<Level>>,
}

/// The levels in use, and who has decided on them.
pub(super) fn show(log: &Handle) -> Response<Body> {
    let (levels, source) = log.levels();
    let shown = json!({ "level": levels.level, "levels": levels.modules, "set_by": source });
    json(StatusCode::OK, &shown)
}

/// Changes levels.
pub(super) fn change(log: &Handle, body: &[u8]) -> Response<Body> {
    let change: Change = match serde_json::from_slice(body) {
        Ok(change) => change,
        Err(error) => return failure(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    if let Some(module) = change.levels.keys().find(|module| !is_module(module)) {
        let message = format!("`{module}` is no module's path, such as h2 or hifate_edge::probe");
        return failure(StatusCode::BAD_REQUEST, &message);
    }
    let (mut levels, _) = log.levels();
    levels.level = change.level.unwrap_or(levels.level);
    for (module, level) in change.levels {
        match level {
            Some(level) => drop(levels.modules.insert(module, level)),
            None => drop(levels.modules.remove(&module)),
        }
    }
    tracing::info!(%levels, "log levels changed by an operator");
    log.set(levels);
    show(log)
}

/// Goes back to what is configured.
pub(super) fn reset(log: &Handle) -> Response<Body> {
    log.reset();
    tracing::info!("log levels are the configured ones again");
    show(log)
}
