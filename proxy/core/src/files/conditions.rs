//! Conditional requests and ranges (RFC 9110 §13, §14).

use std::ops::Range;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use headers::{ETag, HeaderValue, IfMatch, IfModifiedSince, IfNoneMatch, IfRange};
use headers::{IfUnmodifiedSince, LastModified};

use crate::http::{Method, RequestHead};

/// A version of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// Its length in bytes.
    pub length: u64,
    /// When it was written, Unix time in seconds.
    pub modified: u64,
}

/// How much of a file answers a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Whole,
    /// These parts of it, of which there is at least one.
    Parts(Vec<Range<u64>>),
    /// The client has it already (304).
    NotModified,
    /// It is not the version that the client speaks of (412).
    OtherVersion,
    /// It does not reach so far (416).
    Unsatisfiable,
}

/// The most parts that one answer has; clients that ask for more get the whole.
const MOST_PARTS: usize = 16;

impl Version {
    /// The entity tag, made as nginx makes it: so clients keep what they had from nginx.
    pub fn tag(self) -> String {
        format!("\"{:x}-{:x}\"", self.modified, self.length)
    }

    /// For Last-Modified.
    pub fn last_modified(self) -> String {
        httpdate::fmt_http_date(self.time())
    }

    fn time(self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.modified)
    }
}

/// How much of this version of a file a GET or HEAD request gets, by the order of RFC 9110 §13.2.2.
/// A condition that cannot be read is as good as none.
pub fn extent(head: &RequestHead<'_>, version: Version) -> Extent {
    let Ok(tag) = version.tag().parse::<ETag>() else {
        return Extent::Whole;
    };
    let modified = version.time();
    let other_version = match read::<IfMatch>(head) {
        Some(wanted) => !wanted.precondition_passes(&tag),
        None => read::<IfUnmodifiedSince>(head)
            .is_some_and(|since| !since.precondition_passes(modified)),
    };
    if other_version {
        return Extent::OtherVersion;
    }
    let is_new = match read::<IfNoneMatch>(head) {
        Some(known) => known.precondition_passes(&tag),
        None => read::<IfModifiedSince>(head).is_none_or(|since| since.is_modified(modified)),
    };
    if !is_new {
        return Extent::NotModified;
    }
    let since = read::<IfRange>(head);
    let last_modified = LastModified::from(modified);
    if since.is_some_and(|since| since.is_modified(Some(&tag), Some(&last_modified))) {
        return Extent::Whole;
    }
    parts(head, version.length)
}

/// The parts that a request asks for. A HEAD request gets none (RFC 9110 §14.2), and one whose ranges
/// cannot be read gets the whole.
fn parts(head: &RequestHead<'_>, length: u64) -> Extent {
    let lines = head.headers.iter();
    let mut lines = lines.filter(|line| line.raw_name.eq_ignore_ascii_case("range"));
    let line = match (lines.next(), lines.next()) {
        (Some(line), None) if head.method == Method::Get => line,
        _ => return Extent::Whole,
    };
    let ranges = std::str::from_utf8(line.value).ok().and_then(ranges);
    let Some(ranges) = ranges else {
        return Extent::Whole;
    };
    let parts: Vec<_> = ranges
        .into_iter()
        .map(|range| match range {
            Asked::Last(count) => length.saturating_sub(count)..length,
            Asked::From(from, to) => from..to.saturating_add(1).min(length),
        })
        .filter(|part| part.start < part.end)
        .collect();
    let asked: u64 = parts.iter().map(|part| part.end - part.start).sum();
    match parts.as_slice() {
        [] => Extent::Unsatisfiable,
        // Ranges that overlap or are many cost the server more than the file (RFC 9110 §14.2).
        _ if parts.len() > MOST_PARTS || asked > length => Extent::Whole,
        _ => Extent::Parts(parts),
    }
}

/// A part that is asked for.
enum Asked {
    /// From one byte to another, both included.
    From(u64, u64),
    /// So many at the end.
    Last(u64),
}

/// The ranges of `bytes=0-499,-500` (RFC 9110 §14.1.2), if all can be read.
fn ranges(value: &str) -> Option<Vec<Asked>> {
    let (unit, list) = value.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let number = |digits: &str| {
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        // What does not fit is beyond the end of every file.
        plain.then(|| digits.parse().unwrap_or(u64::MAX))
    };
    let range = |text: &str| match text.trim().split_once('-')? {
        ("", last) => number(last).map(Asked::Last),
        (from, "") => Some(Asked::From(number(from)?, u64::MAX)),
        (from, to) => {
            let (from, to) = (number(from)?, number(to)?);
            (from <= to).then_some(Asked::From(from, to))
        }
    };
    list.split(',').map(range).collect()
}

/// A header of the request, if it is there and can be read.
fn read<H: headers::Header>(head: &RequestHead<'_>) -> Option<H> {
    let lines = head.headers.iter().filter(|line| {
        let name = line.raw_name.as_bytes();
        name.eq_ignore_ascii_case(H::name().as_str().as_bytes())
    });
    let values: Vec<HeaderValue> = lines
        .filter_map(|line| HeaderValue::from_bytes(line.value).ok())
        .collect();
    // The crate reads a list without a line as an empty one.
    let is_there = !values.is_empty();
    is_there
        .then(|| H::decode(&mut values.iter()).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::{Extent, Version, extent};
    use crate::http::RequestHead;

    const FILE: Version = Version {
        length: 1000,
        modified: 645_453_000,
    };

    fn of(method: &str, lines: &str) -> Extent {
        let head = format!("{method} /a HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
        extent(&RequestHead::parse(head.as_bytes()).unwrap(), FILE)
    }

    #[test]
    fn conditions_in_their_order() {
        let same = "\"2678d4c8-3e8\"";
        assert_eq!(FILE.tag(), same);
        let date = "Fri, 15 Jun 1990 12:30:00 GMT";
        assert_eq!(FILE.last_modified(), date);
        for (lines, expected) in [
            (String::new(), Extent::Whole),
            (format!("If-None-Match: {same}\r\n"), Extent::NotModified),
            (
                format!("If-None-Match: \"x\", W/{same}\r\n"),
                Extent::NotModified,
            ),
            ("If-None-Match: *\r\n".into(), Extent::NotModified),
            (
                format!("If-None-Match: \"x\"\r\nIf-Modified-Since: {date}\r\n"),
                Extent::Whole,
            ),
            (
                format!("If-Modified-Since: {date}\r\n"),
                Extent::NotModified,
            ),
            (
                "If-Modified-Since: Fri, 15 Jun 1990 12:29:59 GMT\r\n".into(),
                Extent::Whole,
            ),
            ("If-Modified-Since: yesterday\r\n".into(), Extent::Whole),
            (format!("If-Match: {same}\r\n"), Extent::Whole),
            ("If-Match: \"x\"\r\n".into(), Extent::OtherVersion),
            (format!("If-Match: W/{same}\r\n"), Extent::OtherVersion),
            (format!("If-Unmodified-Since: {date}\r\n"), Extent::Whole),
            (
                "If-Unmodified-Since: Fri, 15 Jun 1990 12:29:59 GMT\r\n".into(),
                Extent::OtherVersion,
            ),
        ] {
            assert_eq!(of("GET", &lines), expected, "{lines}");
        }
    }

    #[test]
    fn ranges() {
        let parts = |parts: &[(u64, u64)]| {
            let parts = parts.iter().map(|(from, to)| *from..*to);
            Extent::Parts(parts.collect())
        };
        for (lines, expected) in [
            ("Range: bytes=0-0\r\n", parts(&[(0, 1)])),
            ("Range: bytes=990-\r\n", parts(&[(990, 1000)])),
            ("Range: bytes=-5\r\n", parts(&[(995, 1000)])),
            ("Range: bytes=-5000\r\n", parts(&[(0, 1000)])),
            ("Range: bytes=10-19,30-39\r\n", parts(&[(10, 20), (30, 40)])),
            ("Range: bytes=990-5000\r\n", parts(&[(990, 1000)])),
            ("Range: bytes=0-0,5000-\r\n", parts(&[(0, 1)])),
            ("Range: bytes=1000-\r\n", Extent::Unsatisfiable),
            ("Range: bytes=0-,0-,0-\r\n", Extent::Whole),
            ("Range: lines=1-2\r\n", Extent::Whole),
            ("Range: bytes=2-1\r\n", Extent::Whole),
            (
                "Range: bytes=0-0\r\nIf-Range: \"2678d4c8-3e8\"\r\n",
                parts(&[(0, 1)]),
            ),
            ("Range: bytes=0-0\r\nIf-Range: \"x\"\r\n", Extent::Whole),
            (
                "Range: bytes=0-0\r\nIf-Range: Fri, 15 Jun 1990 12:30:00 GMT\r\n",
                parts(&[(0, 1)]),
            ),
            (
                "Range: bytes=0-0\r\nIf-None-Match: \"2678d4c8-3e8\"\r\n",
                Extent::NotModified,
            ),
        ] {
            assert_eq!(of("GET", lines), expected, "{lines}");
        }
        assert_eq!(of("HEAD", "Range: bytes=0-0\r\n"), Extent::Whole);
    }
}
