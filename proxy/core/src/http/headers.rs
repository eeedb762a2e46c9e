//! The header lines of one message.

use std::ops::{Deref, Range};

use super::{Header, Name};

/// The header lines of a message in order, with a note of which there are: most questions about a
/// message are about a header that it does not have, and are answered without a look at its lines.
#[derive(Debug, Clone, Default)]
pub struct Headers<'b> {
    /// The message that the lines stand in.
    message: &'b [u8],
    lines: Vec<Header<'b>>,
    /// A bit for each [`Name`] that a line has.
    names: u64,
}

impl<'b> Headers<'b> {
    /// None yet, with room for some, which stand in `message`.
    pub(super) fn in_message(message: &'b [u8], room: usize) -> Self {
        Self {
            message,
            lines: Vec::with_capacity(room),
            names: 0,
        }
    }

    pub(super) fn push(&mut self, name: Name, raw_name: &'b str, value: &'b [u8]) {
        self.names |= bit(name);
        self.lines.push(Header {
            name,
            raw_name,
            value,
        });
    }

    /// Whether there is a line of this name.
    pub fn has(&self, name: Name) -> bool {
        self.names & bit(name) != 0
    }

    /// The values of the lines of this name.
    pub fn all(&self, name: Name) -> impl DoubleEndedIterator<Item = &'b [u8]> + Clone {
        let lines: &[Header<'b>] = if self.has(name) { &self.lines } else { &[] };
        let lines = lines.iter().filter(move |line| line.name == name);
        lines.map(|line| line.value)
    }

    /// Keeps the lines for which `keeps` holds.
    pub fn retain(&mut self, keeps: impl FnMut(&Header<'b>) -> bool) {
        self.lines.retain(keeps);
        let bits = self.lines.iter().map(|line| bit(line.name));
        self.names = bits.fold(0, |names, bit| names | bit);
    }

    /// Where a line of these stands in the message, line end and all, if it stands there as the edge
    /// would write it: with one space before its value and none behind.
    pub(crate) fn place(&self, line: &Header<'_>) -> Option<Range<usize>> {
        let offset = |at: *const u8| (at as usize).wrapping_sub(self.message.as_ptr() as usize);
        let start = offset(line.raw_name.as_ptr());
        let value = offset(line.value.as_ptr());
        let end = value.wrapping_add(line.value.len());
        let is_plain = value == start.wrapping_add(line.raw_name.len() + ": ".len())
            && self.message.get(value.wrapping_sub(1)) == Some(&b' ')
            && self.message.get(end) == Some(&b'\r')
            && self.message.get(end.wrapping_add(1)) == Some(&b'\n');
        is_plain.then_some(start..end.wrapping_add(2))
    }

    /// What stands at a place of the message.
    pub(crate) fn text(&self, place: Range<usize>) -> &'b [u8] {
        self.message.get(place).unwrap_or_default()
    }
}

impl<'b> Deref for Headers<'b> {
    type Target = [Header<'b>];

    fn deref(&self) -> &Self::Target {
        &self.lines
    }
}

impl<'h, 'b> IntoIterator for &'h Headers<'b> {
    type Item = &'h Header<'b>;
    type IntoIter = std::slice::Iter<'h, Header<'b>>;

    fn into_iter(self) -> Self::IntoIter {
        self.lines.iter()
    }
}

fn bit(name: Name) -> u64 {
    1 << name as u32
}

#[cfg(test)]
mod tests {
    use super::{Header, Name};
    use crate::http::RequestHead;

    #[test]
    fn knows_which_lines_there_are() {
        let text = b"GET / HTTP/1.1\r\nHost: a\r\nte: b\r\nX-A: 1\r\nTE: c\r\n\r\n";
        let mut headers = RequestHead::parse(text).unwrap().headers;
        assert!(headers.has(Name::Te) && headers.has(Name::Other));
        assert!(!headers.has(Name::Vary));
        assert_eq!(headers.all(Name::Te).collect::<Vec<_>>(), [b"b", b"c"]);
        assert_eq!(headers.all(Name::Vary).count(), 0);
        headers.retain(|line| line.name != Name::Te);
        assert!(!headers.has(Name::Te) && headers.has(Name::Host));
        assert_eq!(headers.len(), 2);
    }

    #[test]
    fn a_line_has_a_place_if_it_is_written_as_the_edge_would() {
        let text =
            b"GET / HTTP/1.1\r\nHost: a\r\nA:b\r\nC:  d\r\nE: f \r\nG:\th\r\nI: \r\nK: l\r\n\r\n";
        let headers = RequestHead::parse(text).unwrap().headers;
        let text_of = |line: &Header<'_>| {
            let text = headers.text(headers.place(line)?).to_vec();
            Some(String::from_utf8(text).unwrap())
        };
        let texts: Vec<_> = headers.iter().filter_map(text_of).collect();
        assert_eq!(texts, ["Host: a\r\n", "I: \r\n", "K: l\r\n"]);
    }
}
