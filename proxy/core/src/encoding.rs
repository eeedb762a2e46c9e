//! Whether and how a response is compressed (nginx's `ngx_http_gzip_filter_module` and `gzip_ok`,
//! G1-G4; the same for brotli and zstd, G5).

use crate::http::{BodyLength, Name, ResponseHead, list};

/// What a site says about compression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compression {
    /// What clients can choose from, the most preferred first.
    pub offers: Vec<Offer>,
    /// Shorter bodies are sent as they are; bodies of unknown length count as long.
    pub min_length: u64,
    /// Media types that are compressed; `*` means any.
    pub types: Vec<String>,
}

/// A coding and how hard it tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// The coding.
    pub coding: Coding,
    /// The level, as the coding counts.
    pub level: u32,
}

/// A content coding (RFC 9110 §8.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// RFC 1952.
    Gzip,
    /// RFC 7932.
    Brotli,
    /// RFC 8878 and 9659.
    Zstd,
}

impl Coding {
    /// Its name in Accept-Encoding and Content-Encoding.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }
}

impl Compression {
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
            && !response
                .headers
                .all(Name::CacheControl)
                .flat_map(list)
                .any(|item| item.eq_ignore_ascii_case(b"no-transform"))
    }

    /// What the client likes best by its Accept-Encoding lines, which are one list; of what it likes
    /// equally, the first of the offers. Only what it names counts: as in nginx `*` is no offer, for
    /// it is what scripts send that cannot decompress.
    pub fn choose<'a>(&self, lines: &(impl Iterator<Item = &'a [u8]> + Clone)) -> Option<Offer> {
        // Of equals `max_by_key` takes the last.
        let offers = self.offers.iter().rev();
        offers
            .map(|offer| (quality(offer.coding, lines.clone()), *offer))
            .filter(|(quality, _)| *quality > 0)
            .max_by_key(|(quality, _)| *quality)
            .map(|(_, offer)| offer)
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

/// The codings that a client names, the most liked first; of those it likes equally the smallest
/// files.
pub fn accepted<'a>(lines: &(impl Iterator<Item = &'a [u8]> + Clone)) -> Vec<Coding> {
    let codings = [Coding::Brotli, Coding::Zstd, Coding::Gzip];
    let mut liked: Vec<_> = codings
        .map(|coding| (quality(coding, lines.clone()), coding))
        .into();
    liked.retain(|(quality, _)| *quality > 0);
    liked.sort_by_key(|(quality, _)| std::cmp::Reverse(*quality));
    liked.into_iter().map(|(_, coding)| coding).collect()
}

/// The quality that a client gives to a coding, in thousandths; 0 for one that it does not name.
fn quality<'a>(coding: Coding, lines: impl Iterator<Item = &'a [u8]>) -> u16 {
    let name = coding.name().as_bytes();
    lines
        .flat_map(list)
        .filter_map(|item| {
            let mut parts = item.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
            let is_named = parts.next()?.eq_ignore_ascii_case(name);
            is_named.then(|| parts.find_map(weight).unwrap_or(1000))
        })
        .max()
        .unwrap_or(0)
}

/// The thousandths of `q=0.5` (RFC 9110 §12.4.2); 0 if it is malformed, as in nginx; `None` for
/// another parameter.
fn weight(parameter: &[u8]) -> Option<u16> {
    let value = parameter
        .strip_prefix(b"q=")
        .or_else(|| parameter.strip_prefix(b"Q="))?;
    let (whole, rest) = value.split_first()?;
    let digits = match rest {
        [] => rest,
        [b'.', digits @ ..] => digits,
        _ => return Some(0),
    };
    if digits.len() > 3 || !digits.iter().all(u8::is_ascii_digit) {
        return Some(0);
    }
    let places = digits.iter().chain(b"000").take(3);
    let thousandths = places.fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    match (whole, thousandths) {
        (b'0', _) => Some(thousandths),
        (b'1', 0) => Some(1000),
        _ => Some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::{Coding, Compression, Offer};
    use crate::http::ResponseHead;

    fn offering(codings: &[Coding]) -> Compression {
        let offer = |coding: &Coding| Offer {
            coding: *coding,
            level: 4,
        };
        Compression {
            offers: codings.iter().map(offer).collect(),
            min_length: 20,
            types: vec!["application/json".into()],
        }
    }

    fn chosen(compression: &Compression, lines: &[&str]) -> Option<&'static str> {
        let lines = lines.iter().map(|line| line.as_bytes());
        compression.choose(&lines).map(|offer| offer.coding.name())
    }

    #[test]
    fn g3_gzip_must_be_named_and_wanted() {
        let gzip = offering(&[Coding::Gzip]);
        for (value, accepted) in [
            ("gzip", true),
            ("deflate, gzip, br", true),
            ("br;q=1.0, gzip;q=0.8, *;q=0.1", true),
            ("gzip;q=0.001", true),
            ("gzip ; Q=1.000", true),
            ("GZIP", true),
            ("gzip;q=0", false),
            ("gzip; q=0.000", false),
            ("gzip;q=0.", false),
            ("gzip;q=1.001", false),
            ("gzip;q=2", false),
            ("gzip;q=0.0001", false),
            ("gzip;q=-1", false),
            ("gzip;q=0,5", false),
            ("*", false),
            ("br", false),
            ("", false),
            ("xgzip", false),
        ] {
            let expected = accepted.then_some("gzip");
            assert_eq!(chosen(&gzip, &[value]), expected, "{value}");
        }
    }

    #[test]
    fn g5_the_client_s_quality_decides_then_the_server_s_order() {
        let all = offering(&[Coding::Zstd, Coding::Brotli, Coding::Gzip]);
        for (lines, expected) in [
            (&["gzip, deflate, br, zstd"][..], Some("zstd")),
            (&["gzip, deflate, br"], Some("br")),
            (&["gzip, deflate"], Some("gzip")),
            (&["zstd;q=0.5, br;q=0.5, gzip;q=0.5"], Some("zstd")),
            (&["zstd;q=0.5, br;q=0.8, gzip;q=0.79"], Some("br")),
            (&["zstd;q=0.5, br;q=0.8, gzip"], Some("gzip")),
            (&["zstd;q=0, br;q=0.001, gzip;q=0"], Some("br")),
            (&["gzip;q=0.9", "br;q=0.95", "zstd;q=0.1"], Some("br")),
            (&["gzip;q=0.1, gzip;q=0.9, br;q=0.5"], Some("gzip")),
            (&["Br;x=y;q=0.5"], Some("br")),
            (&["zstd;q=0, br;q=0"], None),
            (&["brotli, zst, identity"], None),
            (&["*;q=1"], None),
            (&[], None),
        ] {
            assert_eq!(chosen(&all, lines), expected, "{lines:?}");
        }
        let other = offering(&[Coding::Gzip, Coding::Brotli]);
        assert_eq!(chosen(&other, &["zstd, br, gzip"]), Some("gzip"));
        assert_eq!(chosen(&other, &["zstd, br, gzip;q=0.9"]), Some("br"));
        assert_eq!(chosen(&other, &["zstd"]), None);
    }

    #[test]
    fn g1_what_is_compressed() {
        let gzip = offering(&[Coding::Gzip]);
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
