//! Access log lines: nginx's `log_format` variables, its `combined` format, and JSON.

use crate::address::Peer;
use crate::http::RequestHead;

/// A log format, parsed once and rendered for each request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    parts: Vec<Part>,
    escape: Escape,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable(Variable),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Escape {
    /// `\xXX` for quotes, backslashes and control characters (nginx's `escape=default`).
    Default,
    /// As inside a JSON string.
    Json,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Variable {
    BodyBytesSent,
    BytesSent,
    Header(String),
    Host,
    Msec,
    RealipRemoteAddr,
    Reason,
    RemoteAddr,
    RemoteUser,
    Request,
    RequestLength,
    RequestMethod,
    RequestTime,
    RequestUri,
    Scheme,
    ServerProtocol,
    Status,
    TimeIso8601,
    TimeLocal,
    UpstreamAddr,
    UpstreamConnectTime,
    UpstreamResponseTime,
    UpstreamStatus,
    Uri,
}

/// A variable that a log line cannot hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no variable `${name}` in log formats")]
pub struct UnknownVariable {
    /// Its name, without the dollar sign.
    pub name: String,
}

/// What is known of a request when it has ended.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// The request, unless it could not be read.
    pub request: Option<&'a RequestHead<'a>>,
    /// The client's address without port.
    pub remote_addr: &'a str,
    /// Who connected: the client, or the proxy that spoke for it (`real_ip`).
    pub peer: Peer,
    /// `http` or `https`.
    pub scheme: &'a str,
    /// The status sent, or 499 if the client left before there was one.
    pub status: u16,
    /// Bytes of body sent to the client.
    pub body_bytes_sent: u64,
    /// All bytes sent to the client.
    pub bytes_sent: u64,
    /// Bytes of head and body received from the client.
    pub request_length: u64,
    /// From the first byte of the request to the last of the response, in microseconds.
    pub request_micros: u64,
    /// One per server asked, joined by `, ` like nginx's; empty if none was.
    pub upstream_addr: &'a str,
    /// One per server asked.
    pub upstream_status: &'a str,
    /// One per server asked, in seconds.
    pub upstream_connect_time: &'a str,
    /// One per server asked, in seconds.
    pub upstream_response_time: &'a str,
    /// Why the edge answered by itself, in a word; empty if it did not.
    pub reason: &'a str,
    /// The time as `time_local` and `time_iso8601` write it, and in Unix milliseconds.
    pub time: (&'a str, &'a str, u64),
}

/// nginx's `combined`.
const COMBINED: &str = "$remote_addr - $remote_user [$time_local] \"$request\" $status \
                        $body_bytes_sent \"$http_referer\" \"$http_user_agent\"";

/// One JSON object a line.
const JSON: &str = "{\"time\":\"$time_iso8601\",\"remote_addr\":\"$remote_addr\",\
     \"method\":\"$request_method\",\"host\":\"$host\",\"uri\":\"$request_uri\",\
     \"protocol\":\"$server_protocol\",\"status\":$status,\"body_bytes_sent\":$body_bytes_sent,\
     \"request_length\":$request_length,\"request_time\":$request_time,\
     \"upstream_addr\":\"$upstream_addr\",\"upstream_status\":\"$upstream_status\",\
     \"upstream_response_time\":\"$upstream_response_time\",\"reason\":\"$reason\",\
     \"referer\":\"$http_referer\",\"user_agent\":\"$http_user_agent\"}";

impl Format {
    /// Parses a format: `combined`, `json`, or text with variables as in nginx's `log_format`.
    pub fn parse(text: &str) -> Result<Self, UnknownVariable> {
        let (text, escape) = match text {
            "combined" => (COMBINED, Escape::Default),
            "json" => (JSON, Escape::Json),
            other => (other, Escape::Default),
        };
        let mut parts = Vec::new();
        let mut pieces = text.split('$');
        parts.push(Part::Text(pieces.next().unwrap_or_default().to_owned()));
        for piece in pieces {
            let (name, rest) = split_name(piece);
            parts.push(Part::Variable(Variable::of(name)?));
            parts.push(Part::Text(rest.to_owned()));
        }
        parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        Ok(Self { parts, escape })
    }

    /// Appends the line for a request to `out`, its line end included.
    pub fn render(&self, out: &mut Vec<u8>, entry: &Entry<'_>) {
        for part in &self.parts {
            match part {
                Part::Text(text) => out.extend_from_slice(text.as_bytes()),
                Part::Variable(variable) => self.variable(out, variable, entry),
            }
        }
        out.push(b'\n');
    }

    fn variable(&self, out: &mut Vec<u8>, variable: &Variable, entry: &Entry<'_>) {
        let request = entry.request;
        match variable {
            Variable::BodyBytesSent => number(out, entry.body_bytes_sent),
            Variable::BytesSent => number(out, entry.bytes_sent),
            Variable::Header(name) => {
                self.text(
                    out,
                    request
                        .and_then(|head| head.header(name))
                        .unwrap_or_default(),
                );
            }
            Variable::Host => self.text(out, request.map_or("", |head| head.host)),
            Variable::Msec => seconds(out, entry.time.2 * 1000),
            Variable::RealipRemoteAddr => self.text(out, &entry.peer.to_string()),
            Variable::Reason => self.text(out, entry.reason),
            Variable::RemoteAddr => self.text(out, entry.remote_addr),
            Variable::RemoteUser => self.text(out, ""),
            Variable::Request => self.text(out, request.map_or("", |head| head.line)),
            Variable::RequestLength => number(out, entry.request_length),
            Variable::RequestMethod => {
                self.text(out, request.map_or("", |head| head.method.as_str()));
            }
            Variable::RequestTime => seconds(out, entry.request_micros),
            Variable::RequestUri => self.text(out, request.map_or("", |head| head.target)),
            Variable::Scheme => self.text(out, entry.scheme),
            Variable::ServerProtocol => {
                self.text(out, request.map_or("", |head| head.version.as_str()));
            }
            Variable::Status => number(out, u64::from(entry.status)),
            Variable::TimeIso8601 => self.text(out, entry.time.1),
            Variable::TimeLocal => self.text(out, entry.time.0),
            Variable::UpstreamAddr => self.text(out, entry.upstream_addr),
            Variable::UpstreamConnectTime => self.text(out, entry.upstream_connect_time),
            Variable::UpstreamResponseTime => self.text(out, entry.upstream_response_time),
            Variable::UpstreamStatus => self.text(out, entry.upstream_status),
            Variable::Uri => self.text(out, request.map_or("", RequestHead::path)),
        }
    }

    fn text(&self, out: &mut Vec<u8>, text: &str) {
        match self.escape {
            // nginx writes a hyphen for what is not there.
            Escape::Default if text.is_empty() => out.push(b'-'),
            Escape::Default => escape(out, text, |byte| format!("\\x{byte:02X}")),
            Escape::Json => escape(out, text, |byte| match byte {
                b'"' | b'\\' => format!("\\{}", char::from(byte)),
                byte => format!("\\u{byte:04x}"),
            }),
        }
    }
}

impl Variable {
    fn of(name: &str) -> Result<Self, UnknownVariable> {
        if let Some(header) = name.strip_prefix("http_") {
            return Ok(Self::Header(header.replace('_', "-")));
        }
        Ok(match name {
            "body_bytes_sent" => Self::BodyBytesSent,
            "bytes_sent" => Self::BytesSent,
            "host" => Self::Host,
            "msec" => Self::Msec,
            "realip_remote_addr" => Self::RealipRemoteAddr,
            "reason" => Self::Reason,
            "remote_addr" => Self::RemoteAddr,
            "remote_user" => Self::RemoteUser,
            "request" => Self::Request,
            "request_length" => Self::RequestLength,
            "request_method" => Self::RequestMethod,
            "request_time" => Self::RequestTime,
            "request_uri" => Self::RequestUri,
            "scheme" => Self::Scheme,
            "server_protocol" => Self::ServerProtocol,
            "status" => Self::Status,
            "time_iso8601" => Self::TimeIso8601,
            "time_local" => Self::TimeLocal,
            "upstream_addr" => Self::UpstreamAddr,
            "upstream_connect_time" => Self::UpstreamConnectTime,
            "upstream_response_time" => Self::UpstreamResponseTime,
            "upstream_status" => Self::UpstreamStatus,
            "uri" => Self::Uri,
            _ => {
                return Err(UnknownVariable {
                    name: name.to_owned(),
                });
            }
        })
    }
}

/// Splits `name rest` or `{name}rest`, as it stands after a dollar sign.
fn split_name(text: &str) -> (&str, &str) {
    if let Some((name, rest)) = text.strip_prefix('{').and_then(|text| text.split_once('}')) {
        return (name, rest);
    }
    let end = text
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    text.split_at(end)
}

fn escape(out: &mut Vec<u8>, text: &str, escaped: impl Fn(u8) -> String) {
    for byte in text.bytes() {
        if matches!(byte, b'"' | b'\\' | 0..=0x1f | 0x7f) {
            out.extend_from_slice(escaped(byte).as_bytes());
        } else {
            out.push(byte);
        }
    }
}

fn number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Seconds with milliseconds, as nginx writes times.
pub fn seconds(out: &mut Vec<u8>, micros: u64) {
    let millis = micros / 1000;
    number(out, millis / 1000);
    out.push(b'.');
    for unit in [100, 10, 1] {
        out.push(
            b"0123456789"
                .get(usize::try_from(millis / unit % 10).unwrap_or(0))
                .copied()
                .unwrap_or(b'0'),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] = b"GET /a?b=\"c\" HTTP/1.1\r\nHost: x.com:80\r\nUser-Agent: t \"q\"\r\n\r\n";

    fn render(format: &str) -> String {
        let head = RequestHead::parse(HEAD).unwrap();
        let entry = Entry {
            request: Some(&head),
            remote_addr: "192.0.2.1",
            peer: Peer::Unix,
            scheme: "http",
            status: 200,
            body_bytes_sent: 5,
            bytes_sent: 105,
            request_length: 70,
            request_micros: 1_234_567,
            upstream_addr: "10.0.0.1:80, 10.0.0.2:80",
            upstream_status: "502, 200",
            upstream_connect_time: "0.000, 0.001",
            upstream_response_time: "0.001, 0.002",
            reason: "",
            time: (
                "15/Jun/1990:12:30:00 +0000",
                "1990-06-15T12:30:00+00:00",
                645_453_000_000,
            ),
        };
        let mut out = Vec::new();
        Format::parse(format).unwrap().render(&mut out, &entry);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn combined_is_nginx_s() {
        assert_eq!(
            render("combined"),
            "192.0.2.1 - - [15/Jun/1990:12:30:00 +0000] \"GET /a?b=\\x22c\\x22 HTTP/1.1\" 200 5 \
             \"-\" \"t \\x22q\\x22\"\n"
        );
    }

    #[test]
    fn json_is_json() {
        let line = render("json");
        assert!(line.contains(r#""uri":"/a?b=\"c\"""#), "{line}");
        assert!(line.contains(r#""status":200,"#), "{line}");
        assert!(line.contains(r#""request_time":1.234,"#), "{line}");
    }

    #[test]
    fn templates() {
        assert_eq!(
            render(
                "${host} $realip_remote_addr $upstream_addr|$upstream_status $http_user_agent.$uri\t$msec"
            ),
            "x.com unix: 10.0.0.1:80, 10.0.0.2:80|502, 200 t \\x22q\\x22./a\t645453000.000\n"
        );
        assert_eq!(Format::parse("$nosuch").unwrap_err().name, "nosuch");
    }
}
