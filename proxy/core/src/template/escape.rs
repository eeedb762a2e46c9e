//! How values are written so that no client can forge a line.

/// nginx's `escape` parameter of `log_format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Escape {
    /// `\xXX` for `"`, `\` and every byte that is no printable ASCII; `-` for what is not there.
    #[default]
    Default,
    /// As inside a JSON string; nothing for what is not there.
    Json,
    /// As it is: only for values that the edge itself makes.
    None,
}

impl Escape {
    /// Appends a value; `None`: it is not there, which is not the same as empty.
    pub(super) fn write(self, out: &mut Vec<u8>, value: Option<&[u8]>) {
        match (self, value) {
            (Self::Default, None) => out.push(b'-'),
            (Self::Json | Self::None, None) => {}
            (Self::Default, Some(value)) => default(out, value),
            (Self::Json, Some(value)) => json(out, value),
            (Self::None, Some(value)) => out.extend_from_slice(value),
        }
    }
}

const UPPER: &[u8; 16] = b"0123456789ABCDEF";

/// nginx's `ngx_http_log_escape`.
fn default(out: &mut Vec<u8>, value: &[u8]) {
    plain_runs(out, value, is_plain, |out, byte| {
        out.extend_from_slice(b"\\x");
        hex(out, byte);
    });
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'
}

/// nginx's `ngx_escape_json`. nginx lets bytes through that are not UTF-8, after which the line is
/// no JSON; each such sequence becomes U+FFFD here.
fn json(out: &mut Vec<u8>, value: &[u8]) {
    if value
        .iter()
        .all(|byte| byte.is_ascii() && is_json_plain(*byte))
    {
        out.extend_from_slice(value);
        return;
    }
    for chunk in value.utf8_chunks() {
        plain_runs(out, chunk.valid().as_bytes(), is_json_plain, |out, byte| {
            let short = match byte {
                b'"' | b'\\' => byte,
                b'\n' => b'n',
                b'\r' => b'r',
                b'\t' => b't',
                0x08 => b'b',
                0x0c => b'f',
                _ => {
                    out.extend_from_slice(b"\\u00");
                    hex(out, byte);
                    return;
                }
            };
            out.extend_from_slice(&[b'\\', short]);
        });
        if !chunk.invalid().is_empty() {
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
}

fn is_json_plain(byte: u8) -> bool {
    byte >= b' ' && byte != b'"' && byte != b'\\'
}

/// Copies runs of plain bytes at once: nearly always the whole value is one.
fn plain_runs(
    out: &mut Vec<u8>,
    mut value: &[u8],
    is_plain: impl Fn(u8) -> bool,
    escape: impl Fn(&mut Vec<u8>, u8),
) {
    while let Some(at) = value.iter().position(|byte| !is_plain(*byte)) {
        let (plain, rest) = value.split_at(at);
        out.extend_from_slice(plain);
        if let Some((byte, rest)) = rest.split_first() {
            escape(out, *byte);
            value = rest;
        }
    }
    out.extend_from_slice(value);
}

fn hex(out: &mut Vec<u8>, byte: u8) {
    for digit in [byte >> 4, byte & 15] {
        out.extend(UPPER.get(usize::from(digit)));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Escape;

    fn written(escape: Escape, value: Option<&[u8]>) -> String {
        let mut out = Vec::new();
        escape.write(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn as_nginx_does() {
        let odd = b"a\"b\\c\x01\x1f\x7e\x7f\x80\xff\n";
        assert_eq!(
            written(Escape::Default, Some(odd)),
            r"a\x22b\x5Cc\x01\x1F~\x7F\x80\xFF\x0A"
        );
        assert_eq!(
            written(
                Escape::Json,
                Some(b"\"\\\n\r\t\x08\x0c\x01\x1f\x7f\xc3\xa9")
            ),
            "\\\"\\\\\\n\\r\\t\\b\\f\\u0001\\u001F\u{7f}\u{e9}"
        );
        assert_eq!(written(Escape::Json, Some(b"a\xffb")), "a\u{fffd}b");
        assert_eq!(written(Escape::None, Some(b"\"\\")), "\"\\");
    }

    #[test]
    fn missing_is_not_empty() {
        assert_eq!(written(Escape::Default, None), "-");
        assert_eq!(written(Escape::Default, Some(b"")), "");
        assert_eq!(written(Escape::Json, None), "");
        assert_eq!(written(Escape::None, None), "");
    }

    proptest! {
        /// Whatever a client sends, a line stays one line and a quoted value stays quoted.
        #[test]
        fn no_value_ends_its_field(value in prop::collection::vec(any::<u8>(), 0..60)) {
            let text = written(Escape::Default, Some(&value));
            prop_assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"'));
            let json = written(Escape::Json, Some(&value));
            prop_assert!(json.bytes().all(|byte| byte >= b' '));
            let unescaped = json.replace("\\\\", "").replace("\\\"", "");
            prop_assert!(!unescaped.contains('"'));
        }
    }
}
