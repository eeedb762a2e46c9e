//! Request heads, and which of them are refused.

use std::mem::MaybeUninit;

use super::limits::MOST_HEADERS;
use super::{BodyLength, HeadLimits, Headers, Name, Upgrade, Version, list};
use crate::reason::Reason;

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

/// A request head with exactly one meaning.
#[derive(Debug)]
pub struct RequestHead<'b> {
    /// The request line as sent, without its line end.
    pub line: &'b str,
    /// The method.
    pub method: Method<'b>,
    /// Path and query, byte for byte as sent; starts with `/`.
    pub target: &'b str,
    /// The same before it went on elsewhere inside of the edge.
    pub asked: &'b str,
    /// The protocol version.
    pub version: Version,
    /// The authority asked for, without its port; empty only in HTTP/1.0.
    pub host: &'b str,
    /// The Host header as sent, port and all; empty where there is none.
    pub authority: &'b str,
    /// All header lines in order, but for those whose name holds an underscore: CGI-like servers
    /// read `X_Real_IP` as `X-Real-IP`, so nginx drops them (`underscores_in_headers off`).
    pub headers: Headers<'b>,
    /// Where the body ends.
    pub body: BodyLength,
    /// Whether the client lets the connection serve another request.
    pub keep_alive: bool,
    /// Whether the client waits for `100 Continue` before it sends the body.
    pub expects_continue: bool,
    /// The protocols that the client would switch to.
    pub upgrade: Upgrade<'b>,
}

impl<'b> RequestHead<'b> {
    /// Reads a complete head, its empty line included (see [`find_head_end`](super::find_head_end)).
    /// It may be as large as [`HeadLimits::default`] says.
    pub fn parse(bytes: &'b [u8]) -> Result<Self, Reason> {
        Self::parse_within(bytes, &HeadLimits::default())
    }

    /// As [`RequestHead::parse`], with limits of one's own.
    pub fn parse_within(bytes: &'b [u8], limits: &HeadLimits) -> Result<Self, Reason> {
        let line = request_line(bytes, limits.request_line)?;
        let mut parsed = httparse::Request::new(&mut []);
        let mut lines = [const { MaybeUninit::uninit() }; MOST_HEADERS];
        match parsed.parse_with_uninit_headers(bytes, &mut lines) {
            Ok(httparse::Status::Complete(_)) => {}
            Ok(httparse::Status::Partial) => return Err(Reason::HEAD_INCOMPLETE),
            Err(error) => return Err(syntax(error, line)),
        }
        let version = match parsed.version {
            Some(0) => Version::Http10,
            _ => Version::Http11,
        };
        let method = method(parsed.method.unwrap_or_default(), parsed.headers)?;
        let (authority_form, target) = split_target(parsed.path.unwrap_or_default())?;
        if parsed.headers.len() > limits.headers {
            return Err(Reason::TOO_MANY_HEADERS);
        }
        let mut fields = Fields::default();
        let mut headers = Headers::in_message(bytes, parsed.headers.len());
        for line in parsed.headers.iter() {
            if line.name.len() + ": ".len() + line.value.len() > limits.header_line {
                return Err(Reason::HEADER_LINE_TOO_LONG);
            }
            let name = Name::of(line.name);
            fields.read(name, line.value, bytes)?;
            // No name that the edge knows holds an underscore.
            if name != Name::Other || !line.name.contains('_') {
                headers.push(name, line.name, line.value);
            }
        }
        let (authority, host) = fields.authority(authority_form, version)?;
        let body = fields.body(version)?;
        Ok(Self {
            line,
            method,
            target,
            asked: target,
            version,
            host,
            authority,
            headers,
            body,
            keep_alive: !fields.close && (version == Version::Http11 || fields.keep_alive),
            expects_continue: fields.expects_continue && version == Version::Http11,
            // RFC 9110 §7.8: of an HTTP/1.0 client it is not to be heeded.
            upgrade: if fields.upgrades && version == Version::Http11 {
                fields.upgrade
            } else {
                Upgrade::default()
            },
        })
    }

    /// The request for another target.
    pub fn at<'a>(&'a self, target: &'a str) -> RequestHead<'a> {
        RequestHead {
            line: self.line,
            method: self.method,
            target,
            asked: self.asked,
            version: self.version,
            host: self.host,
            authority: self.authority,
            headers: self.headers.clone(),
            body: self.body,
            keep_alive: self.keep_alive,
            expects_continue: self.expects_continue,
            upgrade: self.upgrade.clone(),
        }
    }

    /// The request as it goes on after an internal redirect: a GET without body, unless it is a HEAD.
    pub fn redirected<'a>(&'a self, target: &'a str) -> RequestHead<'a> {
        RequestHead {
            method: match self.method {
                Method::Head => Method::Head,
                Method::Delete
                | Method::Get
                | Method::Options
                | Method::Patch
                | Method::Post
                | Method::Put
                | Method::Other(_) => Method::Get,
            },
            body: BodyLength::Empty,
            expects_continue: false,
            ..self.at(target)
        }
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
    upgrades: bool,
    upgrade: Upgrade<'b>,
}

impl<'b> Fields<'b> {
    fn read(&mut self, name: Name, value: &'b [u8], head: &[u8]) -> Result<(), Reason> {
        if name == Name::Host {
            if self.host.replace(value).is_some() {
                return Err(Reason::HOST_REPEATED);
            }
        } else if name == Name::ContentLength {
            if self.length.replace(content_length(value)?).is_some() {
                return Err(Reason::LENGTH_REPEATED);
            }
        } else if name == Name::TransferEncoding {
            self.transfer_encoding(value, head)?;
        } else if name == Name::Connection {
            self.connection(value)?;
        } else if name == Name::Expect {
            if !value.eq_ignore_ascii_case(b"100-continue") {
                return Err(Reason::BAD_EXPECT);
            }
            self.expects_continue = true;
        } else if name == Name::Upgrade {
            self.upgrade.read(value);
        }
        Ok(())
    }

    /// RFC 9112 §6.1: only `chunked`, once. Any other coding would have to be undone here before
    /// the next server could find the body's end.
    fn transfer_encoding(&mut self, value: &[u8], head: &[u8]) -> Result<(), Reason> {
        if self.chunked {
            return Err(Reason::CODING_REPEATED);
        }
        if !value.eq_ignore_ascii_case(b"chunked") {
            return Err(Reason::CODING_UNKNOWN);
        }
        // Some servers do not take a tab before the value for white space, and see no coding.
        let start = (value.as_ptr() as usize).wrapping_sub(head.as_ptr() as usize);
        let before = start.checked_sub(1).and_then(|at| head.get(at));
        if !matches!(before, Some(b' ' | b':')) {
            return Err(Reason::BAD_CODING);
        }
        self.chunked = true;
        Ok(())
    }

    fn connection(&mut self, value: &[u8]) -> Result<(), Reason> {
        for option in list(value) {
            if option.eq_ignore_ascii_case(b"close") {
                self.close = true;
            } else if option.eq_ignore_ascii_case(b"keep-alive") {
                self.keep_alive = true;
            } else if option.eq_ignore_ascii_case(b"upgrade") {
                self.upgrades = true;
            } else if is_protected(option) {
                // RFC 9110 §7.6.1 lets a client name headers that the next hop must not see. One
                // that names these wants the next server to misjudge who is asking for what.
                return Err(Reason::BAD_CONNECTION);
            }
        }
        Ok(())
    }

    /// The authority asked for, and the host in it.
    fn authority(
        &self,
        form: Option<Authority<'b>>,
        version: Version,
    ) -> Result<Authority<'b>, Reason> {
        let host = match self.host {
            Some(host) => Some(authority(host).ok_or(Reason::BAD_HOST)?),
            None => None,
        };
        match (form, host) {
            (Some((form, _)), Some((host, _))) if !form.eq_ignore_ascii_case(host) => {
                Err(Reason::HOST_CONTRADICTS)
            }
            (_, Some(host)) => Ok(host),
            (_, None) if version == Version::Http11 => Err(Reason::HOST_MISSING),
            (form, None) => Ok(form.unwrap_or_default()),
        }
    }

    fn body(&self, version: Version) -> Result<BodyLength, Reason> {
        match (self.chunked, self.length) {
            (true, Some(_)) => Err(Reason::LENGTH_AND_CODING),
            (true, None) if version == Version::Http10 => Err(Reason::CODING_IN_HTTP10),
            (true, None) => Ok(BodyLength::Chunked),
            (false, None | Some(0)) => Ok(BodyLength::Empty),
            (false, Some(length)) => Ok(BodyLength::Known(length)),
        }
    }
}

/// The request line without its line end; leading empty lines are passed over (RFC 9112 §2.2).
fn request_line(bytes: &[u8], longest: usize) -> Result<&str, Reason> {
    let line = bytes
        .split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    if line.len() > longest {
        return Err(Reason::URI_TOO_LONG);
    }
    std::str::from_utf8(line).map_err(|_| Reason::BAD_REQUEST_LINE)
}

fn syntax(error: httparse::Error, line: &str) -> Reason {
    match error {
        httparse::Error::HeaderName => Reason::BAD_HEADER_NAME,
        httparse::Error::HeaderValue => Reason::BAD_HEADER_VALUE,
        httparse::Error::NewLine => Reason::BAD_LINE_END,
        httparse::Error::TooManyHeaders => Reason::TOO_MANY_HEADERS,
        httparse::Error::Version if names_other_version(line) => Reason::BAD_VERSION,
        httparse::Error::Version | httparse::Error::Status | httparse::Error::Token => {
            Reason::BAD_REQUEST_LINE
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

fn method<'b>(method: &'b str, lines: &[httparse::Header<'_>]) -> Result<Method<'b>, Reason> {
    if !method
        .bytes()
        .all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'-'))
    {
        return Err(Reason::BAD_METHOD);
    }
    if matches!(method, "CONNECT" | "TRACE") {
        // An extended CONNECT of HTTP/2 says for what, and its server whether it knows that
        // (RFC 8441 §4, RFC 9220 §3).
        let names_protocol = lines
            .iter()
            .any(|line| Name::of(line.name) == Name::Upgrade);
        if method == "CONNECT" && names_protocol {
            return Err(Reason::PROTOCOL_UNKNOWN);
        }
        return Err(Reason::METHOD_NOT_ALLOWED);
    }
    Ok(Method::of(method))
}

/// Splits absolute-form (`http://host/path`) into authority and path; origin-form has none.
fn split_target(target: &str) -> Result<(Option<Authority<'_>>, &str), Reason> {
    if target.starts_with('/') {
        return Ok((None, target));
    }
    let absolute = target.split_once("://").filter(|(scheme, _)| {
        scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
    });
    let Some((_, rest)) = absolute else {
        return Err(Reason::BAD_TARGET);
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (form, target) = rest.split_at(end);
    let authority = authority(form.as_bytes()).ok_or(Reason::BAD_TARGET)?;
    match target {
        "" => Ok((Some(authority), "/")),
        path if path.starts_with('/') => Ok((Some(authority), path)),
        _ => Err(Reason::BAD_TARGET),
    }
}

fn content_length(value: &[u8]) -> Result<u64, Reason> {
    const WRONG: Reason = Reason::BAD_LENGTH;
    // `u64::from_str` would accept a plus sign.
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(WRONG);
    }
    let text = std::str::from_utf8(value).map_err(|_| WRONG)?;
    text.parse().map_err(|_| WRONG)
}

/// What may stand in a Host header, and the host in it.
type Authority<'b> = (&'b str, &'b str);

/// Reads a host name or address with an optional port.
fn authority(bytes: &[u8]) -> Option<Authority<'_>> {
    let whole = std::str::from_utf8(bytes).ok()?;
    let digits = bytes.iter().rev().take_while(|byte| byte.is_ascii_digit());
    let end = bytes.len() - digits.count();
    let host = match bytes.get(..end) {
        Some([host @ .., b':']) => whole.get(..host.len())?,
        _ => whole,
    };
    let address = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let is_fine = match address {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(is_in_name),
    };
    is_fine.then_some((whole, host))
}

/// RFC 3986 §3.2.2, `reg-name`.
fn is_in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.'
                | b'_'
                | b'~'
                | b'%'
                | b'!'
                | b'$'
                | b'&'
                | b'\''
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b','
                | b';'
                | b'='
        )
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
