//! The response as the client gets it.

use super::phrase::reason_phrase;
use super::{Passed, is_named, names_headers, write_header, write_number};
use crate::encoding::Coding;
use crate::headers::Edit;
use crate::http::{BodyLength, Header, Name, ResponseHead};

/// What happens to the client's connection after the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// It stays, as HTTP/1.1 has it by default.
    Keep,
    /// It stays, and an HTTP/1.0 client has to be told.
    SayKeep,
    /// It is closed.
    Close,
}

/// What changes between the upstream's response and the client's.
#[derive(Debug, Clone, Copy)]
pub struct ResponseForm<'a> {
    /// The body as it is sent on. [`BodyLength::Empty`] leaves a Content-Length as it came: it
    /// tells a HEAD request how long the body would be.
    pub body: BodyLength,
    /// What happens to the connection.
    pub connection: Connection,
    /// The current date in the form of RFC 9110 §5.6.7.
    pub date: &'a str,
    /// How the body is compressed by the edge on its way, if it is.
    pub coding: Option<Coding>,
    /// Whether the answer depends on Accept-Encoding.
    pub vary: bool,
    /// A cookie of the edge's own.
    pub cookie: Option<Cookie<'a>>,
    /// What the configuration changes.
    pub edit: &'a Edit<'a>,
    /// The status, if it is not the server's.
    pub status: Option<u16>,
    /// What URLs in Location and Refresh become that begin so; the first that fits.
    pub redirects: &'a [(&'a str, Vec<u8>)],
    /// Header lines of the answer that redirected here (`X-Accel-Redirect`); those that this answer
    /// has itself win, cookies add up.
    pub kept: &'a [(String, Vec<u8>)],
}

/// A cookie that the edge gives to a client.
#[derive(Debug, Clone, Copy)]
pub struct Cookie<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its value.
    pub value: &'a str,
    /// Its attributes with the semicolon before each.
    pub attributes: &'a str,
}

/// Writes the response head to `out`, its empty line included.
///
/// A head that switches protocols says so and to which, and of the connection nothing else.
///
/// Date and Server are the edge's own, X-Accel-* headers are for the edge only, and X-Pad is for
/// browsers of the last century, as in nginx (`proxy_hide_header`'s defaults). A compressed body loses its length, its ranges and the
/// strength of its entity tag (RFC 9110 §8.8.1).
pub fn write_response(out: &mut Vec<u8>, head: &ResponseHead<'_>, form: &ResponseForm<'_>) {
    write_beginning(out, head, form);
    let named = names_headers(&head.headers);
    let edits = form.edit.drops_some();
    // RFC 9110 §8.6: what switches has none.
    let mut has_length = form.body != BodyLength::Empty || head.status == 101;
    let mut passed = Passed::of(&head.headers);
    for header in &head.headers {
        let again = header.name == Name::ContentLength && std::mem::replace(&mut has_length, true);
        let dropped = !is_forwarded(header.name)
            || again
            || (header.name == Name::AcceptRanges && form.coding.is_some())
            || (named && is_named(&head.headers, header))
            || (edits && form.edit.drops(header.raw_name));
        if dropped {
            continue;
        }
        if header.name == Name::Etag && form.coding.is_some() {
            passed.finish(out);
            write_weak_etag(out, header.value);
        } else if let Some(value) = redirected(header, form.redirects) {
            passed.finish(out);
            write_header(out, header.raw_name, &value);
        } else {
            passed.pass(out, header);
        }
    }
    passed.finish(out);
    if let Some(coding) = form.coding {
        write_header(out, "Content-Encoding", coding.name().as_bytes());
    }
    if form.vary {
        out.extend_from_slice(b"Vary: Accept-Encoding\r\n");
    }
    for (name, value) in form.kept {
        let is_same = |line: &Header<'_>| line.raw_name.eq_ignore_ascii_case(name);
        if name.eq_ignore_ascii_case("set-cookie") || !head.headers.iter().any(is_same) {
            write_header(out, name, value);
        }
    }
    if let Some(cookie) = &form.cookie {
        write_cookie(out, cookie);
    }
    form.edit.write(out);
    form.edit.write_defaults(out, |name| {
        let mut lines = head.headers.iter();
        lines.any(|line| line.raw_name.eq_ignore_ascii_case(name))
    });
    match form.body {
        BodyLength::Known(length) => {
            out.extend_from_slice(b"Content-Length: ");
            write_number(out, length);
            out.extend_from_slice(b"\r\n");
        }
        BodyLength::Chunked => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
        BodyLength::Empty | BodyLength::UntilClose => {}
    }
    out.extend_from_slice(b"\r\n");
}

/// A URL that leads elsewhere (nginx's `proxy_redirect`).
fn redirected(header: &Header<'_>, redirects: &[(&str, Vec<u8>)]) -> Option<Vec<u8>> {
    if redirects.is_empty() {
        return None;
    }
    let at = if header.raw_name.eq_ignore_ascii_case("location") {
        0
    } else if header.raw_name.eq_ignore_ascii_case("refresh") {
        let url = memchr::memmem::find(header.value, b"url=");
        url? + b"url=".len()
    } else {
        return None;
    };
    let (before, url) = header.value.split_at_checked(at)?;
    let mut redirects = redirects.iter();
    redirects.find_map(|(from, to)| {
        let rest = url.strip_prefix(from.as_bytes())?;
        Some([before, to, rest].concat())
    })
}

/// Writes the line before a chunk of `size` bytes.
pub fn write_chunk_size(out: &mut Vec<u8>, size: usize) {
    let mut digits = [0; 16];
    let mut rest = size;
    let mut at = digits.len();
    while rest > 0 || at == digits.len() {
        at -= 1;
        if let Some(digit) = digits.get_mut(at) {
            *digit = *b"0123456789abcdef".get(rest % 16).unwrap_or(&b'0');
        }
        rest /= 16;
    }
    out.extend_from_slice(digits.get(at..).unwrap_or_default());
    out.extend_from_slice(b"\r\n");
}

pub(super) fn write_status_line(out: &mut Vec<u8>, status: u16, reason: &str) {
    out.extend_from_slice(b"HTTP/1.1 ");
    write_number(out, u64::from(status));
    out.push(b' ');
    out.extend_from_slice(reason.as_bytes());
    out.extend_from_slice(b"\r\n");
}

pub(super) fn write_own_headers(out: &mut Vec<u8>, date: &str, connection: Connection) {
    out.extend_from_slice(b"Server: hifate-edge\r\nDate: ");
    out.extend_from_slice(date.as_bytes());
    out.extend_from_slice(match connection {
        Connection::Keep => b"\r\n".as_slice(),
        Connection::SayKeep => b"\r\nConnection: keep-alive\r\n",
        Connection::Close => b"\r\nConnection: close\r\n",
    });
}

fn write_cookie(out: &mut Vec<u8>, cookie: &Cookie<'_>) {
    out.extend_from_slice(b"Set-Cookie: ");
    for part in [cookie.name, "=", cookie.value, cookie.attributes, "\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
}

/// The status line, and the lines that are the edge's own.
fn write_beginning(out: &mut Vec<u8>, head: &ResponseHead<'_>, form: &ResponseForm<'_>) {
    match form.status.filter(|status| *status != head.status) {
        Some(status) => write_status_line(out, status, reason_phrase(status)),
        None => write_status_line(out, head.status, head.reason),
    }
    if head.status == 101 {
        write_own_headers(out, form.date, Connection::Keep);
        write_switch(out, head);
    } else {
        write_own_headers(out, form.date, form.connection);
    }
}

/// RFC 9110 §7.8.
fn write_switch(out: &mut Vec<u8>, head: &ResponseHead<'_>) {
    out.extend_from_slice(b"Connection: Upgrade\r\n");
    for protocols in head.headers.all(Name::Upgrade) {
        write_header(out, "Upgrade", protocols);
    }
}

/// A strong tag becomes weak; what is no tag is dropped (nginx's `ngx_http_weak_etag`).
fn write_weak_etag(out: &mut Vec<u8>, tag: &[u8]) {
    if tag.starts_with(b"W/") {
        write_header(out, "ETag", tag);
    } else if tag.starts_with(b"\"") {
        out.extend_from_slice(b"ETag: W/");
        out.extend_from_slice(tag);
        out.extend_from_slice(b"\r\n");
    }
}

fn is_forwarded(name: Name) -> bool {
    !matches!(
        name,
        Name::Connection
            | Name::Date
            | Name::KeepAlive
            | Name::ProxyConnection
            | Name::Server
            | Name::Te
            | Name::Trailer
            | Name::TransferEncoding
            | Name::Upgrade
            | Name::XAccelBuffering
            | Name::XAccelOther
            | Name::XPad
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Connection, Edit, ResponseForm, write_chunk_size, write_response};
    use crate::encoding::Coding;
    use crate::http::{BodyLength, ResponseHead};

    fn forwarded(response: &str, form: &ResponseForm<'_>) -> String {
        let head = ResponseHead::parse(response.as_bytes(), false).unwrap();
        let mut out = Vec::new();
        write_response(&mut out, &head, form);
        String::from_utf8(out).unwrap()
    }

    const RESPONSE: &str = "HTTP/1.1 200 OK\r\nServer: x\r\nDate: y\r\nContent-Length: 5\r\n\
                            ETag: \"a\"\r\nAccept-Ranges: bytes\r\nConnection: keep-alive\r\n\
                            X-Accel-Buffering: no\r\nX-A: b\r\n\r\n";

    fn form<'a>(body: BodyLength, gzip: bool, edit: &'a Edit<'a>) -> ResponseForm<'a> {
        ResponseForm {
            edit,
            body,
            connection: Connection::Keep,
            date: "D",
            coding: gzip.then_some(Coding::Gzip),
            vary: gzip,
            cookie: None,
            status: None,
            redirects: &[],
            kept: &[],
        }
    }

    #[test]
    fn passes_on_what_is_end_to_end() {
        assert_eq!(
            forwarded(
                RESPONSE,
                &form(BodyLength::Known(5), false, &Edit::default())
            ),
            "HTTP/1.1 200 OK\r\nServer: hifate-edge\r\nDate: D\r\nETag: \"a\"\r\n\
             Accept-Ranges: bytes\r\nX-A: b\r\nContent-Length: 5\r\n\r\n"
        );
    }

    #[test]
    fn a_switch_of_protocols_is_passed_on() {
        let response = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\
                        Connection: Upgrade, X-Hop\r\nX-Hop: 1\r\nContent-Length: 5\r\n\
                        Transfer-Encoding: chunked\r\nSec-WebSocket-Accept: x\r\n\r\n";
        let head = ResponseHead::parse_or_switch(response.as_bytes(), false).unwrap();
        let mut out = Vec::new();
        let edit = Edit::default();
        write_response(&mut out, &head, &form(BodyLength::Empty, false, &edit));
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "HTTP/1.1 101 Switching Protocols\r\nServer: hifate-edge\r\nDate: D\r\n\
             Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n"
        );
    }

    #[test]
    fn compression_weakens_the_tag_and_drops_length_and_ranges() {
        assert_eq!(
            forwarded(RESPONSE, &form(BodyLength::Chunked, true, &Edit::default())),
            "HTTP/1.1 200 OK\r\nServer: hifate-edge\r\nDate: D\r\nETag: W/\"a\"\r\nX-A: b\r\n\
             Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n\
             Transfer-Encoding: chunked\r\n\r\n"
        );
    }

    #[test]
    fn the_answer_to_head_keeps_its_length() {
        let sent = forwarded(RESPONSE, &form(BodyLength::Empty, false, &Edit::default()));
        assert!(sent.contains("Content-Length: 5\r\n"), "{sent}");
        let twice = RESPONSE.replace("ETag", "Content-Length: 5\r\nETag");
        let sent = forwarded(&twice, &form(BodyLength::Empty, false, &Edit::default()));
        assert_eq!(sent.matches("Content-Length").count(), 1, "{sent}");
    }

    proptest! {
        #[test]
        fn chunk_sizes_are_hexadecimal(size in any::<usize>()) {
            let mut out = Vec::new();
            write_chunk_size(&mut out, size);
            prop_assert_eq!(String::from_utf8(out).unwrap(), format!("{size:x}\r\n"));
        }
    }
}
