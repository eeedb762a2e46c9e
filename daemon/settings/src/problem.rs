//! Mistakes in a configuration, collected so that all are reported at once.

use std::fmt;

use crate::Place;

/// One mistake in a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands.
    pub at: Place,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// What to write instead, where that is known.
    pub help: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

/// Collects problems while a written configuration is turned into its meaning.
#[derive(Debug, Clone, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Notes a problem.
    pub fn push(&mut self, at: &Place, message: impl Into<String>) {
        self.0.push(Problem {
            at: at.clone(),
            message: message.into(),
            help: None,
        });
    }

    /// Notes a problem together with what to do about it.
    pub fn push_with_help(
        &mut self,
        at: &Place,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let help = Some(help.into());
        self.0.push(Problem {
            at: at.clone(),
            message: message.into(),
            help,
        });
    }

    /// Unwraps a result, noting its error at `at`.
    pub fn ok<T, E: fmt::Display>(&mut self, at: &Place, result: Result<T, E>) -> Option<T> {
        result
            .map_err(|error| self.push(at, error.to_string()))
            .ok()
    }

    /// Whether none was noted so far.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value, or every problem noted on the way to it.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Vec<Problem>> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self.0),
        }
    }
}
