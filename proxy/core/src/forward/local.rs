//! Responses that the edge makes itself.

use super::phrase::reason_phrase;
use super::response::{write_own_headers, write_status_line};
use super::{Connection, write_header, write_number};
use crate::headers::Edit;

/// A response that the edge makes itself.
#[derive(Debug, Clone, Copy)]
pub struct LocalResponse<'a> {
    /// Its status.
    pub status: u16,
    /// The current date in the form of RFC 9110 §5.6.7.
    pub date: &'a str,
    /// What happens to the connection.
    pub connection: Connection,
    /// Why there is no other, for a client that may know.
    pub reason: Option<&'a str>,
    /// Header lines that belong to it.
    pub lines: &'a [(&'static str, Vec<u8>)],
    /// What the configuration changes.
    pub edit: &'a Edit<'a>,
    /// Media type and content.
    pub content: Option<(&'a str, &'a [u8])>,
    /// Whether the client asked for the head only.
    pub to_head_request: bool,
}

/// Writes a whole response that the edge makes itself; the bytes of body written.
pub fn write_local_response(out: &mut Vec<u8>, response: &LocalResponse<'_>) -> usize {
    write_status_line(out, response.status, reason_phrase(response.status));
    write_own_headers(out, response.date, response.connection);
    if let Some(reason) = response.reason {
        write_header(out, "Edge-Reason", reason.as_bytes());
    }
    for (name, value) in response.lines {
        if !response.edit.drops(name) {
            write_header(out, name, value);
        }
    }
    let (kind, body) = response.content.unwrap_or_default();
    if !kind.is_empty() && !response.edit.drops("Content-Type") {
        write_header(out, "Content-Type", kind.as_bytes());
    }
    response.edit.write(out);
    response.edit.write_defaults(out, |_| false);
    // RFC 9110 §8.6: these never have content, and say nothing of its length.
    if !matches!(response.status, 204 | 304) {
        out.extend_from_slice(b"Content-Length: ");
        write_number(out, body.len() as u64);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
    if response.to_head_request {
        return 0;
    }
    out.extend_from_slice(body);
    body.len()
}

/// A URL as it may stand in a Location header (RFC 3986 §2.1): spaces, control characters and bytes
/// beyond ASCII are escaped, so that what a client sent cannot end the line. nginx lets them
/// through.
pub fn location(url: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(url.len());
    for byte in url {
        match byte {
            b'!'..=b'~' => escaped.push(*byte),
            other => escaped.extend_from_slice(format!("%{other:02X}").as_bytes()),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{Connection, Edit, LocalResponse, location, write_local_response};

    #[test]
    fn a_location_cannot_end_its_line() {
        let url = "http://a/b c\r\nSet-Cookie: x=1/\u{e9}?q=%20";
        let escaped = String::from_utf8(location(url.as_bytes())).unwrap();
        assert_eq!(
            escaped,
            "http://a/b%20c%0D%0ASet-Cookie:%20x=1/%C3%A9?q=%20"
        );
    }

    #[test]
    fn what_has_no_content_has_no_length() {
        let written = |status, content| {
            let response = LocalResponse {
                status,
                date: "D",
                connection: Connection::Keep,
                reason: None,
                lines: &[],
                edit: &Edit::default(),
                content,
                to_head_request: false,
            };
            let mut out = Vec::new();
            write_local_response(&mut out, &response);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            written(204, None),
            "HTTP/1.1 204 No Content\r\nServer: hifate-edge\r\nDate: D\r\n\r\n"
        );
        assert!(written(200, None).ends_with("Content-Length: 0\r\n\r\n"));
        let text = written(200, Some(("text/plain", b"ok")));
        assert!(text.ends_with("Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"));
    }
}
