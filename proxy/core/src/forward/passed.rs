//! Header lines on their way from one message to another.

use std::ops::Range;

use super::write_header;
use crate::http::{Header, Headers};

/// Header lines that go on as they came. Those that stood one behind the other are copied together.
#[derive(Debug)]
pub(super) struct Passed<'h, 'b> {
    headers: &'h Headers<'b>,
    /// What of the message is still to be written.
    waiting: Range<usize>,
}

impl<'h, 'b> Passed<'h, 'b> {
    pub(super) fn of(headers: &'h Headers<'b>) -> Self {
        Self {
            headers,
            waiting: 0..0,
        }
    }

    /// Passes a line on, sooner or later.
    pub(super) fn pass(&mut self, out: &mut Vec<u8>, line: &Header<'_>) {
        match self.headers.place(line) {
            Some(place) if place.start == self.waiting.end => self.waiting.end = place.end,
            Some(place) => {
                self.finish(out);
                self.waiting = place;
            }
            None => {
                self.finish(out);
                write_header(out, line.raw_name, line.value);
            }
        }
    }

    /// Writes what waits; what is written next comes behind it.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        let waiting = std::mem::take(&mut self.waiting);
        out.extend_from_slice(self.headers.text(waiting));
    }
}
