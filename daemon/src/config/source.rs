//! The files that a configuration consists of, as one text with one count of bytes.
//!
//! Spans of all files are told apart by where they are: each file begins where the one before it has
//! ended. So a value needs nothing but its span to be found again, in whichever file it stands.

use std::ops::Range;

/// A file of the configuration.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// Its path.
    pub(super) name: String,
    pub(super) text: String,
    /// Where its first byte is counted.
    pub(super) base: usize,
}

impl Source {
    /// `span`, counted from the beginning of this file.
    pub(super) fn local(&self, span: &Range<usize>) -> Range<usize> {
        let local = |at: usize| at.saturating_sub(self.base).min(self.text.len());
        local(span.start)..local(span.end)
    }

    /// The line and the column of a span, counted from 1.
    pub(super) fn line_and_column(&self, span: &Range<usize>) -> (usize, usize) {
        let before = self.text.get(..self.local(span).start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        (line, column)
    }

    /// `file:line:column`, or only the file where there is no text to point into.
    pub(super) fn place(&self, span: &Range<usize>) -> String {
        if self.text.is_empty() {
            return self.name.clone();
        }
        let (line, column) = self.line_and_column(span);
        format!("{}:{line}:{column}", self.name)
    }
}

/// The files of a configuration, in the order in which they were read.
#[derive(Debug, Clone, Default)]
pub(super) struct Sources(Vec<Source>);

impl Sources {
    /// Adds a file; answers where its first byte is counted.
    pub(super) fn add(&mut self, name: String, text: String) -> usize {
        // One byte more than the text, so that its end is not the beginning of the next.
        let base = self
            .0
            .last()
            .map_or(0, |last| last.base + last.text.len() + 1);
        self.0.push(Source { name, text, base });
        base
    }

    /// The file that a span points into; the first for those that point nowhere.
    pub(super) fn of(&self, span: &Range<usize>) -> Option<&Source> {
        let after = self.0.partition_point(|source| source.base <= span.start);
        self.0.get(after.saturating_sub(1))
    }

    /// `file:line:column` of a span.
    pub(super) fn place(&self, span: &Range<usize>) -> String {
        self.of(span)
            .map(|source| source.place(span))
            .unwrap_or_default()
    }

    /// `file:line` of a span.
    pub(super) fn line(&self, span: &Range<usize>) -> String {
        let Some(source) = self.of(span) else {
            return String::new();
        };
        let (line, _) = source.line_and_column(span);
        format!("{}:{line}", source.name)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Source> {
        self.0.iter()
    }
}
