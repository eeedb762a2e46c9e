//! Whether a response is compressed (nginx's `ngx_http_gzip_filter_module` and `gzip_ok`, G1-G4).

use crate::http::{BodyLength, Name, ResponseHead, list};

/// What a site says about compression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gzip {
    /// zlib's level, 1 (fast) to 9 (small).
    pub level: u32,
    /// Shorter bodies are sent as they are; bodies of unknown length count as long.
    pub min_length: u64,
    /// Media types that are compressed; `*` means any.
    pub types: Vec<String>,
}

impl Gzip {
    /// Whether a response may be compressed, whoever asks for it: what `Vary` depends on.
    pub fn is_eligible(&self, response: &ResponseHead<'_>) -> bool {
        let long_enough = match response.body {
            BodyLength::Known(length) => length >= self.min_length,
            BodyLength::Chunked | BodyLength::UntilClose => true,
            BodyLength::Empty => false,
        };
        matches!(response.status, 200 | 403 | 404)
            && long_enough
            && response.value(Name::ContentEncoding).is_none()
            && response
                .value(Name::ContentType)
                .is_some_and(|kind| self.covers(kind))
            && !response.headers.iter().any(|header| {
                header.name == Name::CacheControl
                    && list(header.value).any(|item| item.eq_ignore_ascii_case(b"no-transform"))
            })
    }

    fn covers(&self, content_type: &[u8]) -> bool {
        let essence = content_type
            .split(|byte| *byte == b';')
            .next()
            .unwrap_or_default();
        let essence = essence.trim_ascii();
        self.types
            .iter()
            .any(|kind| kind == "*" || essence.eq_ignore_ascii_case(kind.as_bytes()))
    }
}

/// Whether an Accept-Encoding value names gzip with a quality above 0. As in nginx `*` is no offer:
/// it is what scripts send that cannot decompress.
pub fn accepts_gzip(accept_encoding: &[u8]) -> bool {
    list(accept_encoding).any(|item| {
        let mut parts = item.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let coding = parts.next().unwrap_or_default();
        coding.eq_ignore_ascii_case(b"gzip") && !parts.any(is_zero_quality)
    })
}

/// `q=0`, `q=0.0`, `q=0.000` (RFC 9110 §12.4.2).
fn is_zero_quality(parameter: &[u8]) -> bool {
    let value = parameter
        .strip_prefix(b"q=")
        .or_else(|| parameter.strip_prefix(b"Q="));
    value.is_some_and(|value| {
        !value.is_empty() && value.iter().all(|byte| matches!(byte, b'0' | b'.'))
    })
}

#[cfg(test)]
mod tests {
    use super::{Gzip, accepts_gzip};
    use crate::http::ResponseHead;

    #[test]
    fn g3_gzip_must_be_named_and_wanted() {
        for (value, accepted) in [
            ("gzip", true),
            ("deflate, gzip, br", true),
            ("br;q=1.0, gzip;q=0.8, *;q=0.1", true),
            ("gzip;q=0.001", true),
            ("GZIP", true),
            ("gzip;q=0", false),
            ("gzip; q=0.000", false),
            ("*", false),
            ("br", false),
            ("", false),
            ("xgzip", false),
        ] {
            assert_eq!(accepts_gzip(value.as_bytes()), accepted, "{value}");
        }
    }

    #[test]
    fn g1_what_is_compressed() {
        let gzip = Gzip {
            level: 6,
            min_length: 20,
            types: vec!["application/json".into()],
        };
        for (lines, eligible) in [
            (
                "Content-Type: application/json\r\nContent-Length: 20\r\n",
                true,
            ),
            (
                "Content-Type: application/json; charset=utf-8\r\nContent-Length: 900\r\n",
                true,
            ),
            (
                "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n",
                true,
            ),
            (
                "Content-Type: application/json\r\nContent-Length: 19\r\n",
                false,
            ),
            ("Content-Type: text/plain\r\nContent-Length: 900\r\n", false),
            ("Content-Length: 900\r\n", false),
            (
                "Content-Type: application/json\r\nContent-Encoding: br\r\n",
                false,
            ),
            (
                "Content-Type: application/json\r\nCache-Control: private, no-transform\r\n",
                false,
            ),
        ] {
            let head = format!("HTTP/1.1 200 OK\r\n{lines}\r\n");
            let head = ResponseHead::parse(head.as_bytes(), false).unwrap();
            assert_eq!(gzip.is_eligible(&head), eligible, "{lines}");
        }
        let head =
            b"HTTP/1.1 206 P\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n";
        assert!(!gzip.is_eligible(&ResponseHead::parse(head, false).unwrap()));
    }
}
