//! Request targets and the path that routes are matched on.

use std::borrow::Cow;

use crate::hex;
use crate::reason::Reason;

/// A path that has no one meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.reason().meaning)]
pub enum BadPath {
    /// `%` without two hexadecimal digits.
    Escape,
    /// `%00`.
    ZeroByte,
    /// More `..` than there are segments.
    AboveRoot,
}

impl BadPath {
    /// The same in the table of all reasons.
    pub fn reason(self) -> Reason {
        match self {
            Self::Escape => Reason::BAD_PATH_ESCAPE,
            Self::ZeroByte => Reason::ZERO_BYTE_IN_PATH,
            Self::AboveRoot => Reason::PATH_ABOVE_ROOT,
        }
    }
}

/// The path as nginx matches locations on it: percent-decoded, `.` and `..` resolved, runs of
/// slashes merged (`merge_slashes on`).
///
/// `path` is the part of the target before `?` and starts with `/`. Decoded bytes need not be UTF-8.
pub fn normalise_path(path: &str) -> Result<Cow<'_, [u8]>, BadPath> {
    if is_normal(path) {
        return Ok(Cow::Borrowed(path.as_bytes()));
    }
    let decoded = decode(path)?;
    let mut segments: Vec<&[u8]> = Vec::new();
    let mut parts = decoded.split(|byte| *byte == b'/').peekable();
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        match part {
            b"" | b"." => {}
            b".." => {
                segments.pop().ok_or(BadPath::AboveRoot)?;
            }
            segment => segments.push(segment),
        }
        // A trailing "/", "/." or "/.." names a directory: keep its slash.
        if last && matches!(part, b"" | b"." | b"..") {
            segments.push(b"");
        }
    }
    let mut normal = Vec::with_capacity(decoded.len());
    for segment in segments {
        normal.push(b'/');
        normal.extend_from_slice(segment);
    }
    Ok(Cow::Owned(normal))
}

/// Appends a normalised path to a target, escaped so that it can stand in a request line (RFC 3986
/// §3.3): the opposite of [`normalise_path`].
pub fn escape_path(path: &[u8], target: &mut String) {
    for byte in path {
        if byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@".contains(byte) {
            target.push(char::from(*byte));
        } else {
            escape(*byte, target);
        }
    }
}

/// A path and query as they can stand in a request line, whatever bytes they are made of: what would end
/// the target, or the line, is escaped, and nothing else.
pub fn escape_target(bytes: &[u8]) -> String {
    let mut target = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'!'..=b'~' if *byte != b'#' => target.push(char::from(*byte)),
            byte => escape(*byte, &mut target),
        }
    }
    target
}

fn escape(byte: u8, target: &mut String) {
    target.push('%');
    target.extend(hex::digits(byte).map(|digit| digit.to_ascii_uppercase()));
}

/// Whether nothing in `path` needs decoding, resolving or merging.
fn is_normal(path: &str) -> bool {
    let bytes = path.as_bytes();
    memchr::memchr(b'%', bytes).is_none()
        && memchr::memchr_iter(b'/', bytes)
            .all(|slash| !matches!(bytes.get(slash + 1), Some(b'/' | b'.')))
}

fn decode(path: &str) -> Result<Vec<u8>, BadPath> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let (Some(high), Some(low)) = (digit(bytes.next()), digit(bytes.next())) else {
            return Err(BadPath::Escape);
        };
        match u8::try_from(high * 16 + low) {
            Ok(0) | Err(_) => return Err(BadPath::ZeroByte),
            Ok(byte) => decoded.push(byte),
        }
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{BadPath, escape_target, normalise_path};

    #[test]
    fn as_nginx_does() {
        for (path, normal) in [
            ("/", "/"),
            ("/a/b.css", "/a/b.css"),
            ("//a///b/", "/a/b/"),
            ("/docs/../health/%41", "/health/A"),
            ("/a/./b/.", "/a/b/"),
            ("/a/b/..", "/a/"),
            ("/a/%2e%2e/b", "/b"),
            ("/.hidden", "/.hidden"),
            ("/..a", "/..a"),
        ] {
            assert_eq!(
                normalise_path(path).as_deref(),
                Ok(normal.as_bytes()),
                "{path}"
            );
        }
        assert_eq!(normalise_path("/../a"), Err(BadPath::AboveRoot));
        assert_eq!(normalise_path("/a%00"), Err(BadPath::ZeroByte));
        assert_eq!(normalise_path("/a%4"), Err(BadPath::Escape));
    }

    #[test]
    fn a_target_stays_one_word() {
        let written = escape_target(b"/a%20b?c=d e\r\nHost: x#y\xff");
        assert_eq!(written, "/a%20b?c=d%20e%0D%0AHost:%20x%23y%FF");
    }

    proptest! {
        #[test]
        fn never_leaves_the_root(path in "/[a./%2e]{0,30}") {
            if let Ok(normal) = normalise_path(&path) {
                prop_assert!(normal.starts_with(b"/"));
                prop_assert!(normal.windows(2).all(|pair| pair != b"//"));
                prop_assert!(normal.split(|byte| *byte == b'/').all(|segment| segment != b".."));
            }
        }
    }
}
