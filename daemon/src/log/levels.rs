//! How much is logged, and of which module how much else.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use settings::Level;
use tracing_subscriber::filter::EnvFilter;

/// How much is logged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Levels {
    /// Of everything that is not named.
    pub level: Level,
    /// Of modules and those below them, by their paths (`h2`, `hifate_edge::probe`).
    #[serde(rename = "levels")]
    pub modules: BTreeMap<String, Level>,
}

impl From<Level> for Levels {
    fn from(level: Level) -> Self {
        Self {
            level,
            modules: BTreeMap::new(),
        }
    }
}

impl Levels {
    /// The filter for these levels. What frameworks say to themselves, or of every client that says
    /// something wrong, is kept back until somebody asks for it.
    pub(super) fn filter(&self) -> EnvFilter {
        let quiet: &[(&str, Level)] = match self.level {
            Level::Error | Level::Trace => &[],
            Level::Warn => &[("rustls", Level::Error)],
            Level::Info => &[
                ("pingora", Level::Warn),
                ("pingora_core", Level::Warn),
                ("pingora_proxy", Level::Warn),
                ("h2", Level::Warn),
                ("rustls", Level::Error),
            ],
            Level::Debug => &[("h2", Level::Info), ("hyper", Level::Info)],
        };
        let asked = self.modules.iter();
        let asked = asked.map(|(module, level)| (module.as_str(), *level));
        let mut text = self.level.word().to_owned();
        for (module, level) in quiet.iter().copied().chain(asked) {
            text = format!("{text},{module}={}", level.word());
        }
        EnvFilter::new(text)
    }
}

impl fmt::Display for Levels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.level.word())?;
        for (module, level) in &self.modules {
            write!(f, " {module}={}", level.word())?;
        }
        Ok(())
    }
}
