//! Internal redirects: a server leaves the answer to another route (nginx's `X-Accel-Redirect`).

use crate::http::{Name, ResponseHead};

/// Where a request goes on, and what the first answer adds to the second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InternalRedirect {
    /// Path and query, as a request would name them.
    pub target: String,
    /// Header lines of the first answer that the client is to get.
    pub kept: Vec<(String, Vec<u8>)>,
}

/// A redirect to something that is no path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadRedirect;

/// The header lines that outlive a redirect, as in nginx.
const KEPT: [&str; 6] = [
    "accept-ranges",
    "cache-control",
    "content-disposition",
    "content-type",
    "expires",
    "set-cookie",
];

impl InternalRedirect {
    /// The redirect that a response asks for, if it does.
    pub fn of(response: &ResponseHead<'_>) -> Result<Option<Self>, BadRedirect> {
        if !response.headers.has(Name::XAccelOther) {
            return Ok(None);
        }
        let mut lines = response.headers.iter();
        let Some(wanted) =
            lines.find(|line| line.raw_name.eq_ignore_ascii_case("x-accel-redirect"))
        else {
            return Ok(None);
        };
        let target = std::str::from_utf8(wanted.value).map_err(|_| BadRedirect)?;
        let odd = |byte: u8| byte.is_ascii_control() || byte == b' ' || byte == b'#';
        if !target.starts_with('/') || target.bytes().any(odd) {
            return Err(BadRedirect);
        }
        let is_kept = |name: &str| KEPT.iter().any(|kept| kept.eq_ignore_ascii_case(name));
        let kept = response
            .headers
            .iter()
            .filter(|line| is_kept(line.raw_name));
        Ok(Some(Self {
            target: target.to_owned(),
            kept: kept
                .map(|line| (line.raw_name.to_owned(), line.value.to_vec()))
                .collect(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &str) -> Result<Option<InternalRedirect>, BadRedirect> {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{lines}\r\n");
        InternalRedirect::of(&ResponseHead::parse(head.as_bytes(), false).unwrap())
    }

    #[test]
    fn a_path_and_what_is_kept() {
        let redirect = of("X-Accel-Redirect: /files/a%20b?c\r\nSet-Cookie: d=e\r\nX-F: g\r\n");
        let redirect = redirect.unwrap().unwrap();
        assert_eq!(redirect.target, "/files/a%20b?c");
        assert_eq!(redirect.kept, [("Set-Cookie".to_owned(), b"d=e".to_vec())]);
        assert_eq!(of(""), Ok(None));
        for bad in ["@named", "http://elsewhere/", "/a b", ""] {
            let redirect = of(&format!("X-Accel-Redirect: {bad}\r\n"));
            assert_eq!(redirect, Err(BadRedirect), "{bad}");
        }
    }
}
