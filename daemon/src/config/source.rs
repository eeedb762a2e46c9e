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
    /// Where its lines begin.
    starts: Vec<usize>,
}

/// More than is shown around a mistake.
const FEW: usize = 3;

impl Source {
    /// `span`, counted from the beginning of this file.
    pub(super) fn local(&self, span: &Range<usize>) -> Range<usize> {
        let local = |at: usize| at.saturating_sub(self.base).min(self.text.len());
        local(span.start)..local(span.end)
    }

    /// The line and the column of a span, counted from 1.
    pub(super) fn line_and_column(&self, span: &Range<usize>) -> (usize, usize) {
        let start = self.local(span).start;
        let line = self.line_of(start);
        let before = self
            .starts
            .get(line)
            .and_then(|first| self.text.get(*first..start));
        let column = before.unwrap_or_default().chars().count();
        (line + 1, column + 1)
    }

    /// The lines of a span and a few around them: their first, and where they stand in the text.
    pub(super) fn around(&self, span: &Range<usize>) -> (usize, Range<usize>) {
        let local = self.local(span);
        let first = self.line_of(local.start).saturating_sub(FEW);
        let after = self.line_of(local.end) + 1 + FEW;
        let start = |line: usize| self.starts.get(line).copied();
        let range = start(first).unwrap_or_default()..start(after).unwrap_or(self.text.len());
        (first, range)
    }

    /// The number of the line that a byte is in, counted from 0.
    fn line_of(&self, at: usize) -> usize {
        self.starts
            .partition_point(|start| *start <= at)
            .saturating_sub(1)
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
        let starts = text.match_indices('\n').map(|(end, _)| end + 1);
        let starts = std::iter::once(0).chain(starts).collect();
        self.0.push(Source {
            name,
            text,
            base,
            starts,
        });
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
