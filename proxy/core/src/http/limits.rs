//! How large a request head may be.

use crate::reason::Reason;

/// What a request head may be at most (nginx's `large_client_header_buffers` and `max_headers`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadLimits {
    /// Bytes of the request line.
    pub request_line: usize,
    /// Bytes of one header line.
    pub header_line: usize,
    /// Bytes in all.
    pub head: usize,
    /// Header lines; no more than the default, for which there is room.
    pub headers: usize,
}

/// The most header lines that are read (pingora's own limit, kept).
pub(super) const MOST_HEADERS: usize = 256;

impl Default for HeadLimits {
    fn default() -> Self {
        Self {
            request_line: 8 << 10,
            header_line: 8 << 10,
            head: 32 << 10,
            headers: MOST_HEADERS,
        }
    }
}

impl HeadLimits {
    /// Refuses a head of which `partial` has arrived and which is already too large: there is no
    /// need to wait for the rest.
    pub fn check_partial(&self, partial: &[u8]) -> Result<(), Reason> {
        // With the line end, of which a part may still be under way.
        if let Some(line) = partial.get(..self.request_line.saturating_add(2))
            && memchr::memchr(b'\n', line).is_none()
        {
            return Err(Reason::URI_TOO_LONG);
        }
        if partial.len() >= self.head {
            return Err(Reason::HEADER_TOO_LARGE);
        }
        Ok(())
    }

    /// Refuses a complete head of `length` bytes if it is too large.
    pub fn check_length(&self, length: usize) -> Result<(), Reason> {
        if length > self.head {
            Err(Reason::HEADER_TOO_LARGE)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::HeadLimits;
    use crate::http::{HeadEnd, RequestHead, find_head_end};

    const LIMITS: HeadLimits = HeadLimits {
        request_line: 30,
        header_line: 20,
        head: 80,
        headers: 3,
    };

    fn status(head: &str) -> u16 {
        RequestHead::parse_within(head.as_bytes(), &LIMITS).map_or_else(|no| no.status, |_| 200)
    }

    #[test]
    fn each_limit_is_exact() {
        let line = |length: usize| {
            let path = "a".repeat(length - "GET / HTTP/1.1".len());
            format!("GET /{path} HTTP/1.1\r\nHost: a\r\n\r\n")
        };
        assert_eq!((status(&line(30)), status(&line(31))), (200, 414));
        let header = |length: usize| {
            let value = "b".repeat(length - "X: ".len());
            format!("GET / HTTP/1.1\r\nHost: a\r\nX: {value}\r\n\r\n")
        };
        assert_eq!((status(&header(20)), status(&header(21))), (200, 431));
        let many = |count: usize| {
            let lines = "A: b\r\n".repeat(count - 1);
            format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n")
        };
        assert_eq!((status(&many(3)), status(&many(4))), (200, 400));
        let refused = |partial: &str| LIMITS.check_partial(partial.as_bytes()).err();
        assert_eq!(refused(&"a".repeat(33)).map(|no| no.status), Some(414));
        assert_eq!(refused(&"a\n".repeat(40)).map(|no| no.status), Some(431));
        assert_eq!(refused(&"a\n".repeat(39)), None);
        let longest = "a".repeat(30);
        assert_eq!(refused(&format!("{longest}\r")), None);
    }

    proptest! {
        /// A head that would be served is never refused half way.
        #[test]
        fn a_partial_head_is_judged_as_the_whole(
            path in "[a-z]{0,40}", value in "[a-z]{0,30}", cut in 0usize..120,
        ) {
            let head = format!("GET /{path} HTTP/1.1\r\nHost: a\r\nX: {value}\r\n\r\n");
            let HeadEnd::Complete(length) = find_head_end(head.as_bytes(), 0) else {
                return Err(TestCaseError::fail("it is complete"));
            };
            let served = LIMITS.check_length(length).is_ok() && status(&head) == 200;
            let partial = &head.as_bytes()[..cut.min(head.len() - 1)];
            if served {
                prop_assert_eq!(LIMITS.check_partial(partial), Ok(()));
            }
        }
    }
}
