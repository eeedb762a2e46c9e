//! A few lines of a file as miette draws them, so that it does not count all lines before them for
//! every finding of a long file.

use std::ops::Range;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::source::Source;

/// The lines around a finding.
#[derive(Debug)]
pub(super) struct Excerpt<'s> {
    name: &'s str,
    text: &'s str,
    /// Where the text begins in its file, and in which line.
    offset: usize,
    line: usize,
}

impl<'s> Excerpt<'s> {
    pub(super) fn new(source: &'s Source, span: &Range<usize>) -> Self {
        let (line, range) = source.around(span);
        Self {
            name: &source.name,
            offset: range.start,
            text: source.text.get(range).unwrap_or_default(),
            line,
        }
    }
}

impl SourceCode for Excerpt<'_> {
    /// As if the span were one of the whole file.
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let start = span.offset().checked_sub(self.offset);
        let start = start.ok_or(MietteError::OutOfBounds)?;
        let within = (start, span.len()).into();
        let found = self.text.read_span(&within, before, after)?;
        let place = found.span();
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.to_owned(),
            found.data(),
            (place.offset() + self.offset, place.len()).into(),
            found.line() + self.line,
            found.column(),
            found.line_count(),
        )))
    }
}
