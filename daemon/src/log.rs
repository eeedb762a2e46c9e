//! Logs: `tracing` events, and those of the `log` crate, as text or JSON.
//!
//! What is logged is decided, in this order, by whoever changes the levels of the running program, by
//! `RUST_LOG` where it is set, and by the configuration.

mod file;
mod levels;

use std::env;
use std::sync::{Arc, Mutex, PoisonError};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
pub use settings::Level;
use thiserror::Error;
use tracing_subscriber::filter::{EnvFilter, LevelFilter};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{Layer, Registry, fmt, reload};

pub use self::file::{Line, LogFile};
pub use self::levels::Levels;

/// How a log line is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object on each line.
    Json,
}

/// The log could not be started: something else already receives the events of this process.
#[derive(Debug, Error)]
#[error("the log is already started: {0}")]
pub struct Error(#[from] TryInitError);

/// Who has decided what is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The configuration.
    Configuration,
    /// The variable `RUST_LOG`.
    Environment,
    /// Whoever asked the running program for it.
    Operator,
}

/// Changes the levels of a running log.
#[derive(Debug, Clone)]
pub struct Handle {
    filter: reload::Handle<EnvFilter, Registry>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    configured: Levels,
    /// `RUST_LOG`, if it is set and can be read.
    environment: Option<String>,
    /// What an operator has asked for.
    asked_for: Option<Levels>,
}

impl State {
    fn filter(&self) -> EnvFilter {
        match (&self.asked_for, &self.environment) {
            (Some(levels), _) => levels.filter(),
            (None, Some(text)) => EnvFilter::new(text),
            (None, None) => self.configured.filter(),
        }
    }
}

impl Handle {
    /// Logs as the configuration says from now on. What an operator has asked for stays, unless the
    /// configuration has changed its mind.
    pub fn configure(&self, levels: Levels) {
        self.change(|state| {
            if state.configured != levels {
                state.asked_for = None;
                state.configured = levels;
            }
        });
    }

    /// Logs at these levels from now on, whatever else has been said.
    pub fn set(&self, levels: Levels) {
        self.change(|state| state.asked_for = Some(levels));
    }

    /// Forgets what an operator has asked for.
    pub fn reset(&self) {
        self.change(|state| state.asked_for = None);
    }

    /// The levels in use and who has decided on them. Those of `RUST_LOG` are not taken apart; what the
    /// configuration says is told in their place.
    pub fn levels(&self) -> (Levels, Source) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match (&state.asked_for, &state.environment) {
            (Some(levels), _) => (levels.clone(), Source::Operator),
            (None, Some(_)) => (state.configured.clone(), Source::Environment),
            (None, None) => (state.configured.clone(), Source::Configuration),
        }
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        let filter = state.filter();
        let most = most(&filter);
        if self.filter.reload(filter).is_ok() {
            log::set_max_level(most);
        } else {
            tracing::error!("the log level cannot be changed: the log has ended");
        }
    }
}

/// The least important events of the `log` crate that pass; it has to be told, or it asks nobody.
fn most(filter: &EnvFilter) -> log::LevelFilter {
    let hint = Layer::<Registry>::max_level_hint(filter).and_then(LevelFilter::into_level);
    match hint {
        Some(tracing::Level::ERROR) => log::LevelFilter::Error,
        Some(tracing::Level::WARN) => log::LevelFilter::Warn,
        Some(tracing::Level::INFO) => log::LevelFilter::Info,
        Some(tracing::Level::DEBUG) => log::LevelFilter::Debug,
        Some(tracing::Level::TRACE) | None => log::LevelFilter::Trace,
    }
}

/// Starts the log of this process, written to `writer` (usually [`std::io::stderr`]).
pub fn start<W>(levels: impl Into<Levels>, format: Format, writer: W) -> Result<Handle, Error>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let environment = env::var("RUST_LOG").ok();
    let state = State {
        configured: levels.into(),
        environment: environment.filter(|text| EnvFilter::try_new(text).is_ok()),
        asked_for: None,
    };
    let (filter, handle) = reload::Layer::new(state.filter());
    let lines = match format {
        Format::Text => fmt::layer().with_ansi(false).with_writer(writer).boxed(),
        Format::Json => fmt::layer()
            .json()
            .flatten_event(true)
            .with_writer(writer)
            .boxed(),
    };
    tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .try_init()?;
    Ok(Handle {
        filter: handle,
        state: Arc::new(Mutex::new(state)),
    })
}

#[cfg(test)]
mod tests;
