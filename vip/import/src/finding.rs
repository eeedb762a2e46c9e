//! What is to be said about a configuration.

use serde::Serialize;

use crate::syntax::At;

/// How much something matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It does not do, with keepalived, what it seems to do.
    Problem,
    /// It is not taken over, and that will be seen.
    Lost,
    /// It is taken over, and something about it is not the same.
    Differs,
    /// Nothing is different; it is good to know.
    Note,
}

/// A word about a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is about, for those who look for one kind: `L1` to `L14`, or a word such as `not-translated`.
    pub id: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// Where it stands.
    pub at: At,
    /// What is the matter. Passwords are not repeated.
    pub message: String,
    /// What to do about it, if there is something to do.
    pub help: Option<String>,
}

/// Collects findings.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<Finding>);

impl Findings {
    pub(crate) fn add(
        &mut self,
        (id, severity): (&'static str, Severity),
        at: &At,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let finding = Finding {
            id,
            severity,
            at: at.clone(),
            message: message.into(),
            help: Some(help.into()).filter(|help| !help.is_empty()),
        };
        // What several instances share is looked at for each of them.
        if !self.0.contains(&finding) {
            self.0.push(finding);
        }
    }

    pub(crate) fn into_vec(mut self) -> Vec<Finding> {
        self.0.sort_by(|a, b| {
            let order = a.severity.cmp(&b.severity);
            let order = order.then_with(|| a.at.file.cmp(&b.at.file));
            order.then(a.at.line.cmp(&b.at.line))
        });
        self.0
    }
}
