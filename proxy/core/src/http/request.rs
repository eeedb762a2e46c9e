//! Request heads, and which of them are refused.

use std::mem::MaybeUninit;

use super::limits::{LONG_HEADER_LINE, LONG_REQUEST_LINE, MANY_HEADERS, MOST_HEADERS};
use super::{BodyLength, HeadLimits, Header, Name, Version, list};

/// A request method. Those of RFC 9110 by name, since retries, bodies and metrics ask for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the method of that name")]
pub enum Method<'b> {
    Delete,
    Get,
    Head,
    Options,
    Patch,
    Post,
    Put,
    /// Any other, as sent.
    Other(&'b str),
}

impl<'b> Method<'b> {
    fn of(method: &'b str) -> Self {
        match method {
            "GET" => Self::Get,
            "POST" => Self::Post,
            "HEAD" => Self::Head,
            "PUT" => Self::Put,
            "DELETE" => Self::Delete,
            "OPTIONS" => Self::Options,
            "PATCH" => Self::Patch,
            other => Self::Other(other),
        }
    }

    /// As it stands in the request line.
    pub fn as_str(&self) -> &'b str {
        match self {
            Self::Delete => "DELETE",
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Other(method) => method,
        }
    }

    /// Whether sending it twice has the effect of sending it once, as nginx decides
    /// (`proxy_next_upstream` without `non_idempotent`): all but POST, LOCK and PATCH.
    pub fn is_idempotent(&self) -> bool {
        !matches!(self, Self::Post | Self::Patch | Self::Other("LOCK"))
    }
}

/// Why a request is refused without asking anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejection {
    /// The status to answer with.
    pub status: u16,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl Rejection {
    pub(super) const fn new(status: u16, reason: &'static str) -> Self {
        Self { status, reason }
    }

    const fn bad(reason: &'static str) -> Self {
        Self::new(400, reason)
    }
}

/// A request head with exactly one meaning.
#[derive(Debug)]
pub struct RequestHead<'b> {
    /// The request line as sent, without its line end.
    pub line: &'b str,
    /// The method.
    pub method: Method<'b>,
    /// Path and query, byte for byte as sent; starts with `/`.
    pub target: &'b str,
    /// The protocol version.
    pub version: Version,
    /// The authority asked for, without its port; empty only in HTTP/1.0.
    pub host: &'b str,
    /// The Host header as sent, port and all; empty where there is none.
    pub authority: &'b str,
    /// All header lines in order, but for those whose name holds an underscore: CGI-like servers
    /// read `X_Real_IP` as `X-Real-IP`, so nginx drops them (`underscores_in_headers off`).
    pub headers: Vec<Header<'b>>,
    /// Where the body ends.
    pub body: BodyLength,
    /// Whether the client lets the connection serve another request.
    pub keep_alive: bool,
    /// Whether the client waits for `100 Continue` before it sends the body.
    pub expects_continue: bool,
}

impl<'b> RequestHead<'b> {
    /// Reads a complete head, its empty line included (see [`find_head_end`](super::find_head_end)).
    /// It may be as large as [`HeadLimits::default`] says.
    pub fn parse(bytes: &'b [u8]) -> Result<Self, Rejection> {
        Self::parse_within(bytes, &HeadLimits::default())
    }

    /// As [`RequestHead::parse`], with limits of one's own.
    pub fn parse_within(bytes: &'b [u8], limits: &HeadLimits) -> Result<Self, Rejection> {
        let line = request_line(bytes, limits.request_line)?;
        let mut parsed = httparse::Request::new(&mut []);
        let mut lines = [const { MaybeUninit::uninit() }; MOST_HEADERS];
        match parsed.parse_with_uninit_headers(bytes, &mut lines) {
            Ok(httparse::Status::Complete(_)) => {}
            Ok(httparse::Status::Partial) => return Err(Rejection::bad("the head is incomplete")),
            Err(error) => return Err(syntax(error, line)),
        }
        let version = match parsed.version {
            Some(0) => Version::Http10,
            _ => Version::Http11,
        };
        let method = method(parsed.method.unwrap_or_default())?;
        let (authority_form, target) = split_target(parsed.path.unwrap_or_default())?;
        if parsed.headers.len() > limits.headers {
            return Err(MANY_HEADERS);
        }
        let mut fields = Fields::default();
        let mut headers = Vec::with_capacity(parsed.headers.len());
        for line in parsed.headers.iter() {
            let header = Header {
                name: Name::of(line.name),
                raw_name: line.name,
                value: line.value,
            };
            if line.name.len() + ": ".len() + line.value.len() > limits.header_line {
                return Err(LONG_HEADER_LINE);
            }
            fields.read(&header, bytes)?;
            if !line.name.contains('_') {
                headers.push(header);
            }
        }
        let authority = fields.authority(authority_form, version)?;
        let body = fields.body(version)?;
        Ok(Self {
            line,
            method,
            target,
            version,
            host: without_port(authority),
            authority,
            headers,
            body,
            keep_alive: !fields.close && (version == Version::Http11 || fields.keep_alive),
            expects_continue: fields.expects_continue && version == Version::Http11,
        })
    }

    /// The path, without the query.
    pub fn path(&self) -> &'b str {
        self.target
            .split_once('?')
            .map_or(self.target, |(path, _)| path)
    }

    /// The query, without its question mark; empty if there is none.
    pub fn query(&self) -> &'b str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// The value of a cookie, if it is text (RFC 6265 §5.4); names differ by case.
    pub fn cookie(&self, name: &str) -> Option<&'b str> {
        let cookies = self
            .headers
            .iter()
            .filter(|line| line.raw_name.eq_ignore_ascii_case("cookie"));
        let mut pairs = cookies.flat_map(|line| line.value.split(|byte| *byte == b';'));
        let value = pairs.find_map(|pair| {
            let pair = pair.trim_ascii();
            let rest = pair.strip_prefix(name.as_bytes())?;
            rest.strip_prefix(b"=")
        })?;
        std::str::from_utf8(value).ok()
    }

    /// The first value of a header, if it is text.
    pub fn header(&self, name: &str) -> Option<&'b str> {
        let header = self
            .headers
            .iter()
            .find(|line| line.raw_name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(header.value).ok()
    }
}

/// What the header lines say together.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is the word of one header"
)]
struct Fields<'b> {
    host: Option<&'b [u8]>,
    length: Option<u64>,
    chunked: bool,
    close: bool,
    keep_alive: bool,
    expects_continue: bool,
}

impl<'b> Fields<'b> {
    fn read(&mut self, header: &Header<'b>, head: &[u8]) -> Result<(), Rejection> {
        let value = header.value;
        if header.name == Name::Host {
            if self.host.replace(value).is_some() {
                return Err(Rejection::bad("more than one Host header"));
            }
        } else if header.name == Name::ContentLength {
            if self.length.replace(content_length(value)?).is_some() {
                return Err(Rejection::bad("more than one Content-Length"));
            }
        } else if header.name == Name::TransferEncoding {
            self.transfer_encoding(value, head)?;
        } else if header.name == Name::Connection {
            self.connection(value)?;
        } else if header.name == Name::Expect {
            if !value.eq_ignore_ascii_case(b"100-continue") {
                return Err(Rejection::new(
                    417,
                    "an expectation other than 100-continue",
                ));
            }
            self.expects_continue = true;
        }
        Ok(())
    }

    /// RFC 9112 §6.1: only `chunked`, once. Any other coding would have to be undone here before
    /// the next server could find the body's end.
    fn transfer_encoding(&mut self, value: &[u8], head: &[u8]) -> Result<(), Rejection> {
        if self.chunked {
            return Err(Rejection::bad("more than one Transfer-Encoding"));
        }
        if !value.eq_ignore_ascii_case(b"chunked") {
            return Err(Rejection::new(
                501,
                "a Transfer-Encoding other than chunked",
            ));
        }
        // Some servers do not take a tab before the value for white space, and see no coding.
        let start = (value.as_ptr() as usize).wrapping_sub(head.as_ptr() as usize);
        let before = start.checked_sub(1).and_then(|at| head.get(at));
        if !matches!(before, Some(b' ' | b':')) {
            return Err(Rejection::bad(
                "a control character before the Transfer-Encoding",
            ));
        }
        self.chunked = true;
        Ok(())
    }

    fn connection(&mut self, value: &[u8]) -> Result<(), Rejection> {
        for option in list(value) {
            if option.eq_ignore_ascii_case(b"close") {
                self.close = true;
            } else if option.eq_ignore_ascii_case(b"keep-alive") {
                self.keep_alive = true;
            } else if is_protected(option) {
                // RFC 9110 §7.6.1 lets a client name headers that the next hop must not see. One
                // that names these wants the next server to misjudge who is asking for what.
                return Err(Rejection::bad(
                    "Connection names a header that must be forwarded",
                ));
            }
        }
        Ok(())
    }

    fn authority(&self, form: Option<&'b str>, version: Version) -> Result<&'b str, Rejection> {
        let host = match self.host {
            Some(host) => Some(
                std::str::from_utf8(host)
                    .ok()
                    .filter(|host| is_authority(host))
                    .ok_or(Rejection::bad("the Host header is not a host name"))?,
            ),
            None => None,
        };
        match (form, host) {
            (Some(form), Some(host)) if !form.eq_ignore_ascii_case(host) => Err(Rejection::bad(
                "the request line and the Host header name different hosts",
            )),
            (_, Some(host)) => Ok(host),
            (_, None) if version == Version::Http11 => {
                Err(Rejection::bad("no Host header in HTTP/1.1"))
            }
            (form, None) => Ok(form.unwrap_or_default()),
        }
    }

    fn body(&self, version: Version) -> Result<BodyLength, Rejection> {
        match (self.chunked, self.length) {
            (true, Some(_)) => Err(Rejection::bad("both Content-Length and Transfer-Encoding")),
            (true, None) if version == Version::Http10 => {
                Err(Rejection::bad("Transfer-Encoding in HTTP/1.0"))
            }
            (true, None) => Ok(BodyLength::Chunked),
            (false, None | Some(0)) => Ok(BodyLength::Empty),
            (false, Some(length)) => Ok(BodyLength::Known(length)),
        }
    }
}

/// The request line without its line end; leading empty lines are passed over (RFC 9112 §2.2).
fn request_line(bytes: &[u8], longest: usize) -> Result<&str, Rejection> {
    let line = bytes
        .split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    if line.len() > longest {
        return Err(LONG_REQUEST_LINE);
    }
    std::str::from_utf8(line).map_err(|_| Rejection::bad("the request line is not text"))
}

fn syntax(error: httparse::Error, line: &str) -> Rejection {
    match error {
        httparse::Error::HeaderName => Rejection::bad("a header name is malformed"),
        httparse::Error::HeaderValue => Rejection::bad("a header value is malformed"),
        httparse::Error::NewLine => Rejection::bad("a line does not end in CRLF"),
        httparse::Error::TooManyHeaders => MANY_HEADERS,
        httparse::Error::Version if names_other_version(line) => {
            Rejection::new(505, "an HTTP version other than 1.0 and 1.1")
        }
        httparse::Error::Version | httparse::Error::Status | httparse::Error::Token => {
            Rejection::bad("the request line is malformed")
        }
    }
}

/// Whether the request line is well formed but for its version.
fn names_other_version(line: &str) -> bool {
    let mut words = line.split(' ').skip(2);
    let (Some(version), None) = (words.next(), words.next()) else {
        return false;
    };
    let number = version.strip_prefix("HTTP/").unwrap_or_default().as_bytes();
    matches!(number, [major, b'.', minor] if major.is_ascii_digit() && minor.is_ascii_digit())
}

fn method(method: &str) -> Result<Method<'_>, Rejection> {
    if !method
        .bytes()
        .all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'-'))
    {
        return Err(Rejection::bad("the method is not in upper case"));
    }
    if matches!(method, "CONNECT" | "TRACE") {
        return Err(Rejection::new(405, "the method is CONNECT or TRACE"));
    }
    Ok(Method::of(method))
}

/// Splits absolute-form (`http://host/path`) into authority and path; origin-form has none.
fn split_target(target: &str) -> Result<(Option<&str>, &str), Rejection> {
    if target.starts_with('/') {
        return Ok((None, target));
    }
    let absolute = target.split_once("://").filter(|(scheme, _)| {
        scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
    });
    let Some((_, rest)) = absolute else {
        return Err(Rejection::bad(
            "the request target does not start with a slash",
        ));
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at(end);
    if !is_authority(authority) {
        return Err(Rejection::bad("the request target names no host"));
    }
    match target {
        "" => Ok((Some(authority), "/")),
        path if path.starts_with('/') => Ok((Some(authority), path)),
        _ => Err(Rejection::bad("the request target has no path")),
    }
}

fn content_length(value: &[u8]) -> Result<u64, Rejection> {
    const WRONG: Rejection = Rejection::bad("Content-Length is not one decimal number");
    // `u64::from_str` would accept a plus sign.
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(WRONG);
    }
    let text = std::str::from_utf8(value).map_err(|_| WRONG)?;
    text.parse().map_err(|_| WRONG)
}

/// A host name or address with an optional port: what may stand in a Host header.
fn is_authority(authority: &str) -> bool {
    let (host, port) = split_port(authority);
    let in_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=%".contains(&byte);
    let address = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let host_is_fine = match address {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(in_name),
    };
    host_is_fine && port.is_none_or(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

fn without_port(authority: &str) -> &str {
    split_port(authority).0
}

fn is_protected(option: &[u8]) -> bool {
    let Ok(option) = std::str::from_utf8(option) else {
        return true;
    };
    matches!(
        Name::of(option),
        Name::Host
            | Name::ContentLength
            | Name::TransferEncoding
            | Name::XForwardedFor
            | Name::XForwardedProto
            | Name::XRealIp
    ) || ["authorization", "cookie", "forwarded", "x-forwarded-host"]
        .iter()
        .any(|name| option.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests;
