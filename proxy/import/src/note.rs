//! What is to be said about directives that were not simply taken over.

use std::cell::RefCell;
use std::collections::HashSet;

use serde::Serialize;

use crate::syntax::{At, Directive};

/// How much something matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It is not taken over, and clients or servers will see that.
    Lost,
    /// It is taken over, and something about it is not the same.
    Differs,
    /// Nothing is different; it is good to know.
    Info,
}

/// A word about a directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// How much it matters.
    pub severity: Severity,
    /// Where the directive stands.
    pub at: At,
    /// The directive.
    pub directive: String,
    /// What becomes of it.
    pub message: String,
    /// What to do about it, if there is something to do.
    pub help: Option<String>,
}

/// Collects notes, and which directives have been looked at.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    noted: RefCell<Vec<Note>>,
    seen: RefCell<HashSet<usize>>,
}

impl Notes {
    pub(crate) fn note(
        &self,
        severity: Severity,
        directive: &Directive,
        message: &str,
        help: &str,
    ) {
        self.seen(directive);
        let note = Note {
            severity,
            at: directive.at.clone(),
            directive: directive.to_string(),
            message: message.to_owned(),
            help: Some(help.to_owned()).filter(|help| !help.is_empty()),
        };
        let mut noted = self.noted.borrow_mut();
        // What many locations have from outside is looked at for each of them.
        if !noted.contains(&note) {
            noted.push(note);
        }
    }

    pub(crate) fn lost(&self, directive: &Directive, message: &str, help: &str) {
        self.note(Severity::Lost, directive, message, help);
    }

    pub(crate) fn differs(&self, directive: &Directive, message: &str, help: &str) {
        self.note(Severity::Differs, directive, message, help);
    }

    pub(crate) fn info(&self, directive: &Directive, message: &str, help: &str) {
        self.note(Severity::Info, directive, message, help);
    }

    /// Remembers that a directive has been looked at.
    pub(crate) fn seen(&self, directive: &Directive) {
        self.seen.borrow_mut().insert(directive.id);
    }

    pub(crate) fn is_seen(&self, directive: &Directive) -> bool {
        self.seen.borrow().contains(&directive.id)
    }

    /// How many notes there are so far.
    pub(crate) fn len(&self) -> usize {
        self.noted.borrow().len()
    }

    /// What was lost since there were `mark` notes, as comments for the place where it would stand.
    pub(crate) fn lost_since(&self, mark: usize) -> Vec<String> {
        let noted = self.noted.borrow();
        let lost = noted.iter().skip(mark);
        let lost = lost.filter(|note| note.severity == Severity::Lost);
        let comment = |note: &Note| {
            let file = note.at.file.name.rsplit('/').next().unwrap_or_default();
            format!(
                "nginx: {} ({file}:{}): {}",
                note.directive, note.at.line, note.message
            )
        };
        lost.map(comment).collect()
    }

    /// All of them: what matters most first, and then in the order of the files.
    pub(crate) fn into_vec(self) -> Vec<Note> {
        let mut noted = self.noted.into_inner();
        noted.sort_by_key(|note| note.severity);
        noted
    }
}
