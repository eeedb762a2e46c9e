//! Trailers: header lines after a body in chunks (RFC 9110 §6.5). gRPC has its status there.

use super::write_header;
use crate::http::{Name, RequestHead, list};

/// The most trailer lines that are passed on.
const MOST: usize = 32;

/// Whether the client takes trailers (`TE: trailers`).
pub fn wants_trailers(request: &RequestHead<'_>) -> bool {
    request
        .headers
        .all(Name::Te)
        .flat_map(list)
        .any(|coding| coding.eq_ignore_ascii_case(b"trailers"))
}

/// Writes those of a response's trailer lines that may be there to `out`. Lines that mean something
/// for framing, routing, caching or access come too late in a trailer, and are dropped with
/// everything that is malformed (RFC 9110 §6.5.1).
pub fn write_trailers(out: &mut Vec<u8>, lines: &[u8]) {
    if lines.is_empty() {
        return;
    }
    let mut section = lines.to_vec();
    section.extend_from_slice(b"\r\n");
    let mut parsed = [httparse::EMPTY_HEADER; MOST];
    let Ok(httparse::Status::Complete((_, fields))) =
        httparse::parse_headers(&section, &mut parsed)
    else {
        return;
    };
    for field in fields {
        if may_be_trailer(field.name) {
            write_header(out, field.name, field.value);
        }
    }
}

fn may_be_trailer(name: &str) -> bool {
    const NEVER: [&str; 8] = [
        "age",
        "authorization",
        "content-range",
        "expires",
        "pragma",
        "retry-after",
        "set-cookie",
        "www-authenticate",
    ];
    // Those that the edge knows are all of that kind.
    Name::of(name) == Name::Other && !NEVER.iter().any(|never| name.eq_ignore_ascii_case(never))
}

#[cfg(test)]
mod tests {
    use super::write_trailers;

    fn written(lines: &str) -> String {
        let mut out = Vec::new();
        write_trailers(&mut out, lines.as_bytes());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_comes_too_late_is_dropped() {
        assert_eq!(
            written("grpc-status: 0\r\nContent-Length: 3\r\nSet-Cookie: a=b\r\nX-Sum:1\r\n"),
            "grpc-status: 0\r\nX-Sum: 1\r\n"
        );
        assert_eq!(written("no colon\r\n"), "");
        assert_eq!(written("bad name: 1\r\n"), "");
        assert_eq!(written(""), "");
    }
}
