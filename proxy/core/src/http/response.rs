//! Response heads as upstream servers send them.

use std::mem::MaybeUninit;

use super::{BodyLength, Headers, Name, Version, list};

/// A response that cannot be passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadResponse {
    /// Not an HTTP/1 response head.
    #[error("the response head is malformed")]
    Syntax,
    /// Two lengths, or one that is not a number.
    #[error("the response does not say clearly where its body ends")]
    Length,
    /// `101 Switching Protocols` to a request that asked for no switch.
    #[error("the response switches protocols although nobody asked for it")]
    Upgrade,
}

/// A response head.
#[derive(Debug)]
pub struct ResponseHead<'b> {
    /// The status code, 100 to 599.
    pub status: u16,
    /// The reason phrase as sent.
    pub reason: &'b str,
    /// All header lines in order.
    pub headers: Headers<'b>,
    /// Where the body ends.
    pub body: BodyLength,
    /// Whether the server lets the connection serve another request.
    pub keep_alive: bool,
    /// What `X-Accel-Buffering` says, if it is there.
    pub accel_buffering: Option<bool>,
}

/// The most header lines of a response.
const MOST_HEADERS: usize = 256;

impl<'b> ResponseHead<'b> {
    /// Reads a complete head. `to_head_request`: the answer to HEAD has headers about a body that
    /// is not there (RFC 9112 §6.3).
    pub fn parse(bytes: &'b [u8], to_head_request: bool) -> Result<Self, BadResponse> {
        let head = Self::parse_or_switch(bytes, to_head_request)?;
        if head.status == 101 {
            return Err(BadResponse::Upgrade);
        }
        Ok(head)
    }

    /// The same where the request offered to switch protocols; to which, is for
    /// [`Upgrade::allows`](super::Upgrade::allows) to say.
    pub fn parse_or_switch(bytes: &'b [u8], to_head_request: bool) -> Result<Self, BadResponse> {
        let mut parsed = httparse::Response::new(&mut []);
        let mut lines = [const { MaybeUninit::uninit() }; MOST_HEADERS];
        let config = httparse::ParserConfig::default();
        match config.parse_response_with_uninit_headers(&mut parsed, bytes, &mut lines) {
            Ok(httparse::Status::Complete(_)) => {}
            Ok(httparse::Status::Partial) | Err(_) => return Err(BadResponse::Syntax),
        }
        let status = parsed.code.unwrap_or_default();
        if !(100..=599).contains(&status) {
            return Err(BadResponse::Syntax);
        }
        let version = if parsed.version == Some(0) {
            Version::Http10
        } else {
            Version::Http11
        };
        let mut headers = Headers::in_message(bytes, parsed.headers.len());
        for line in parsed.headers.iter() {
            headers.push(Name::of(line.name), line.name, line.value);
        }
        let length = content_length(&headers)?;
        let body = if to_head_request || status < 200 || status == 204 || status == 304 {
            BodyLength::Empty
        } else {
            body_length(length, &headers, version)?
        };
        let keep_alive = keeps_alive(&headers, version) && body != BodyLength::UntilClose;
        let accel_buffering = headers.all(Name::XAccelBuffering).next();
        let accel_buffering = accel_buffering.map(|value| !value.eq_ignore_ascii_case(b"no"));
        let reason = parsed.reason.unwrap_or_default();
        Ok(Self {
            status,
            reason,
            headers,
            body,
            keep_alive,
            accel_buffering,
        })
    }

    /// The value of a header that the edge knows.
    pub fn value(&self, name: Name) -> Option<&'b [u8]> {
        self.headers.all(name).next()
    }
}

/// The length that the head names. The same one said twice is harmless in a response; two are not,
/// even where no body follows: the client would have to choose.
fn content_length(headers: &Headers<'_>) -> Result<Option<u64>, BadResponse> {
    let mut length = None;
    for value in headers.all(Name::ContentLength) {
        let text = std::str::from_utf8(value).map_err(|_| BadResponse::Length)?;
        let number = text
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| text.parse::<u64>().ok())
            .flatten()
            .ok_or(BadResponse::Length)?;
        if length
            .replace(number)
            .is_some_and(|before| before != number)
        {
            return Err(BadResponse::Length);
        }
    }
    Ok(length)
}

fn body_length(
    length: Option<u64>,
    headers: &Headers<'_>,
    version: Version,
) -> Result<BodyLength, BadResponse> {
    let mut codings = 0;
    for value in headers.all(Name::TransferEncoding) {
        if !value.eq_ignore_ascii_case(b"chunked") {
            return Err(BadResponse::Length);
        }
        codings += 1;
    }
    match (codings, length) {
        (0, Some(0)) => Ok(BodyLength::Empty),
        (0, Some(length)) => Ok(BodyLength::Known(length)),
        (0, None) => Ok(BodyLength::UntilClose),
        (1, None) if version == Version::Http11 => Ok(BodyLength::Chunked),
        _ => Err(BadResponse::Length),
    }
}

fn keeps_alive(headers: &Headers<'_>, version: Version) -> bool {
    let mut options = headers.all(Name::Connection).flat_map(list);
    match version {
        Version::Http11 => !options.any(|option| option.eq_ignore_ascii_case(b"close")),
        Version::Http10 => options.any(|option| option.eq_ignore_ascii_case(b"keep-alive")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{BadResponse, BodyLength, ResponseHead};

    fn body(lines: &str) -> Result<(BodyLength, bool), BadResponse> {
        let head = format!("HTTP/1.1 200 OK\r\n{lines}\r\n");
        ResponseHead::parse(head.as_bytes(), false).map(|head| (head.body, head.keep_alive))
    }

    #[test]
    fn finds_the_end_of_the_body() {
        assert_eq!(
            body("Content-Length: 5\r\n"),
            Ok((BodyLength::Known(5), true))
        );
        assert_eq!(
            body("Transfer-Encoding: chunked\r\n"),
            Ok((BodyLength::Chunked, true))
        );
        assert_eq!(body(""), Ok((BodyLength::UntilClose, false)));
        assert_eq!(
            body("Content-Length: 5\r\nConnection: close\r\n"),
            Ok((BodyLength::Known(5), false))
        );
        assert_eq!(
            body("Content-Length: 5\r\nContent-Length: 6\r\n"),
            Err(BadResponse::Length)
        );
        assert_eq!(
            body("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
            Err(BadResponse::Length)
        );
        assert_eq!(
            body("Transfer-Encoding: gzip\r\n"),
            Err(BadResponse::Length)
        );
    }

    #[test]
    fn some_statuses_have_no_body() {
        for status in [100, 204, 304] {
            let head = format!("HTTP/1.1 {status} X\r\nContent-Length: 5\r\n\r\n");
            let parsed = ResponseHead::parse(head.as_bytes(), false).unwrap();
            assert_eq!(parsed.body, BodyLength::Empty);
        }
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
        assert_eq!(
            ResponseHead::parse(head, true).unwrap().body,
            BodyLength::Empty
        );
        let head = b"HTTP/1.1 304 X\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n";
        assert_eq!(
            ResponseHead::parse(head, false).unwrap_err(),
            BadResponse::Length
        );
    }

    proptest! {
        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _outcome = ResponseHead::parse(&bytes, false);
        }
    }
}
