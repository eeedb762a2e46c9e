//! Logs: `tracing` events, and those of the `log` crate, as text or JSON.
//!
//! `RUST_LOG`, where set, decides what is logged; otherwise the configured level does.

use std::env;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
pub use settings::Level;
use thiserror::Error;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{Layer, Registry, fmt, reload};

/// The filter for a level. The framework's own chatter stays one level quieter.
fn filter_of(level: Level) -> EnvFilter {
    EnvFilter::new(match level {
        Level::Error => "error",
        Level::Warn => "warn",
        Level::Info => "info,pingora=warn,pingora_core=warn,pingora_proxy=warn,h2=warn",
        Level::Debug => "debug,h2=info,hyper=info",
        Level::Trace => "trace",
    })
}

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

/// Changes the level of a running log.
#[derive(Debug, Clone)]
pub struct Handle {
    filter: Option<reload::Handle<EnvFilter, Registry>>,
}

impl Handle {
    /// Logs at `level` from now on, unless `RUST_LOG` decides.
    pub fn set_level(&self, level: Level) {
        if let Some(filter) = &self.filter
            && filter.reload(filter_of(level)).is_err()
        {
            tracing::error!("the log level cannot be changed: the log has ended");
        }
    }
}

/// Starts the log of this process, written to `writer` (usually [`std::io::stderr`]).
pub fn start<W>(level: Level, format: Format, writer: W) -> Result<Handle, Error>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let from_env = env::var("RUST_LOG")
        .ok()
        .and_then(|text| EnvFilter::try_new(text).ok());
    let decided = from_env.is_some();
    let (filter, handle) = reload::Layer::new(from_env.unwrap_or_else(|| filter_of(level)));
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
        filter: (!decided).then_some(handle),
    })
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// One test, because a process has one log.
    #[test]
    fn takes_both_kinds_of_event_and_changes_its_level() {
        let captured = Captured::default();
        let writer = captured.clone();
        let handle = start(Level::Info, Format::Json, move || writer.clone()).unwrap();
        tracing::info!(peer.addr = "10.0.0.1:80", "connected");
        tracing::debug!("hidden");
        ::log::warn!("from the log crate");
        handle.set_level(Level::Debug);
        tracing::debug!("shown");

        let text = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let messages: Vec<_> = lines.iter().map(|line| &line["message"]).collect();
        assert_eq!(messages, ["connected", "from the log crate", "shown"]);
        assert_eq!(lines[0]["peer.addr"], "10.0.0.1:80");
        assert!(start(Level::Info, Format::Text, io::stderr).is_err());
    }
}
