//! Finding where a message head ends, before anything in it is parsed.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// What a buffer holds of a message head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadEnd {
    /// The head is not complete; nothing before this offset needs to be looked at again.
    Partial(usize),
    /// The head, its empty line included, ends at this offset.
    Complete(usize),
    /// A line ends in LF without CR. RFC 9112 §2.2 lets a recipient accept it; since not all do,
    /// two readers of one byte stream may disagree where a request ends, so it is refused.
    BareLineFeed,
}

/// How many bytes of `buffer` are empty lines before a request line, which are passed over
/// (RFC 9112 §2.2).
pub fn leading_empty_lines(buffer: &[u8]) -> usize {
    let pairs = buffer.as_chunks::<2>().0;
    2 * pairs.iter().take_while(|pair| *pair == b"\r\n").count()
}

/// Looks for the end of the head in `buffer`, of which the first `searched` bytes are known not to
/// hold it.
///
/// Each byte is looked at once however slowly the head arrives, so that a client that sends a byte
/// at a time costs no more than one that sends it at once.
pub fn find_head_end(buffer: &[u8], searched: usize) -> HeadEnd {
    static EMPTY_LINE: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(b"\n\r\n"));
    // Its beginning may have been there before.
    let from = searched.saturating_sub(2);
    let unseen = buffer.get(from..).unwrap_or_default();
    let end = EMPTY_LINE.find(unseen).map(|at| from + at + 3);
    let head = buffer.get(..end.unwrap_or(buffer.len()));
    if has_bare_line_feed(head.unwrap_or_default(), searched) {
        return HeadEnd::BareLineFeed;
    }
    end.map_or(HeadEnd::Partial(buffer.len()), HeadEnd::Complete)
}

/// Whether a line of the `head` ends in LF without CR, the first `searched` bytes aside. There is no
/// branch in it, so that the compiler looks at many bytes at once.
fn has_bare_line_feed(head: &[u8], searched: usize) -> bool {
    let before = head.get(searched.saturating_sub(1)..).unwrap_or_default();
    let pairs = before.iter().zip(before.get(1..).unwrap_or_default());
    let at_once = searched == 0 && head.first() == Some(&b'\n');
    let found = pairs.fold(u8::from(at_once), |found, (before, byte)| {
        found | (u8::from(*byte == b'\n') & u8::from(*before != b'\r'))
    });
    found != 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{HeadEnd, find_head_end, leading_empty_lines};

    #[test]
    fn counts_empty_lines_before_a_request() {
        for (text, length) in [("", 0), ("\r\n\r\nGET", 4), ("\r\n\r", 2), ("\n\r\n", 0)] {
            assert_eq!(leading_empty_lines(text.as_bytes()), length, "{text:?}");
        }
    }

    #[test]
    fn stops_after_the_empty_line() {
        let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\nbody";
        assert_eq!(
            find_head_end(request, 0),
            HeadEnd::Complete(request.len() - 4)
        );
        assert_eq!(
            find_head_end(b"GET / HTTP/1.1\r\nHost", 0),
            HeadEnd::Partial(20)
        );
        assert_eq!(
            find_head_end(b"GET / HTTP/1.1\nHost: a\n\n", 0),
            HeadEnd::BareLineFeed
        );
        assert_eq!(find_head_end(b"", 0), HeadEnd::Partial(0));
    }

    proptest! {
        #[test]
        fn arriving_in_pieces_changes_nothing(text in "[ab\r\n]{0,40}", cut in 0usize..40) {
            let bytes = text.as_bytes();
            let whole = find_head_end(bytes, 0);
            let cut = cut.min(bytes.len());
            let first = find_head_end(&bytes[..cut], 0);
            let HeadEnd::Partial(searched) = first else {
                prop_assert_eq!(whole, first);
                return Ok(());
            };
            prop_assert_eq!(whole, find_head_end(bytes, searched));
        }
    }
}
