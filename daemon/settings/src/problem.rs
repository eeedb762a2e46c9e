//! Mistakes in a configuration, collected so that all are reported at once.

use std::fmt;

use crate::Place;

/// One mistake in a configuration file, or one trap that is not a mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands.
    pub at: Place,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// What to write instead, where that is known.
    pub help: Option<String>,
    /// Another place that it is about: of two things that exclude each other, the first.
    pub other: Option<Place>,
    /// Places that the judgement rests on. Where one of them was left out because of a mistake of
    /// its own, nobody knows, and the problem is not reported.
    pub rests_on: Vec<Place>,
}

impl Problem {
    /// A problem at `at`.
    pub fn new(at: &Place, message: impl Into<String>) -> Self {
        Self {
            at: at.clone(),
            message: message.into(),
            help: None,
            other: None,
            rests_on: Vec::new(),
        }
    }

    /// Says what to write instead.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        let help = Some(help.into());
        Self { help, ..self }
    }

    /// Names the other place that it is about.
    #[must_use]
    pub fn other(self, place: &Place) -> Self {
        let other = Some(place.clone());
        Self { other, ..self }
    }

    /// Names a place that the judgement rests on.
    #[must_use]
    pub fn rests_on(mut self, place: Place) -> Self {
        self.rests_on.push(place);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.message)?;
        if let Some(other) = &self.other {
            write!(f, " [{other}]")?;
        }
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
    pub fn note(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Notes a problem of which only the place and the message are to be said.
    pub fn push(&mut self, at: &Place, message: impl Into<String>) {
        self.note(Problem::new(at, message));
    }

    /// Notes a problem together with what to do about it.
    pub fn push_with_help(
        &mut self,
        at: &Place,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.note(Problem::new(at, message).help(help));
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

    /// The problems in the order in which they were noted.
    pub fn into_vec(self) -> Vec<Problem> {
        self.0
    }

    /// The value, or every problem noted on the way to it.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Vec<Problem>> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self.0),
        }
    }
}
