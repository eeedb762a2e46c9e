//! From a template and a request to text.

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

use super::Map;
use super::lookup::{argument, cookie, raw_header, remote_user, request_header};
use super::variable::{Answer, Client, Groups, Request, Server, Tls, Upstream, Variable};
use super::{Escape, Part, Template, Try, Values, values};
use crate::http::{Name, RequestHead, normalise_path};
use crate::tls::{Certificate, Session};

impl Template {
    /// Appends the line for a request to `out`, its line end included.
    pub fn line(&self, out: &mut Vec<u8>, values: &Values<'_>) {
        self.render(out, values);
        out.push(b'\n');
    }

    /// Whether this text, as a condition, holds for a request: nginx's `if=`, for which an empty
    /// text and `0` mean no. `out` is room to write in, and left as it was.
    pub fn holds(&self, out: &mut Vec<u8>, values: &Values<'_>) -> bool {
        let before = out.len();
        self.render(out, values);
        let holds = !matches!(out.get(before..), None | Some(b"" | b"0"));
        out.truncate(before);
        holds
    }

    /// Appends the text for a request to `out`.
    pub fn render(&self, out: &mut Vec<u8>, values: &Values<'_>) {
        for part in &self.parts {
            match part {
                Part::Text(text) => out.extend_from_slice(text.as_bytes()),
                Part::Variable(variable) => {
                    let mut line = Line {
                        out,
                        escape: self.escape,
                    };
                    line.variable(variable, values);
                }
            }
        }
    }
}

/// What `$server_protocol` says of a stream, which the exchange reads as HTTP/1.1.
const HTTP2: &str = "HTTP/2.0";

/// A line under construction.
struct Line<'o> {
    out: &'o mut Vec<u8>,
    escape: Escape,
}

impl Line<'_> {
    fn variable(&mut self, variable: &Variable, values: &Values<'_>) {
        let head = values.request;
        match variable {
            Variable::Answer(variable) => self.answer(*variable, values),
            Variable::Client(variable) => self.client(*variable, &values.client),
            Variable::Request(variable) => self.request(*variable, values),
            Variable::Server(variable) => self.server(*variable, values),
            Variable::Tls(variable) => self.tls(*variable, values.client.tls),
            Variable::Upstream(variable) => self.upstream(*variable, values),
            Variable::Arg(name) => {
                self.maybe(query(target(values)).and_then(|query| argument(query, name)));
            }
            Variable::Cookie(name) => self.maybe(head.and_then(|head| cookie(head, name))),
            Variable::Http(name) => {
                self.maybe(head.and_then(|head| request_header(head, name)).as_deref());
            }
            Variable::SentHttp(name) => self.maybe(raw_header(values.sent_head, name).as_deref()),
            Variable::UpstreamHttp(name) => {
                self.maybe(raw_header(values.upstream_head, name).as_deref());
            }
            Variable::Group(of, index) => {
                let groups = match of {
                    Groups::Host => values.host_groups,
                    Groups::Path => values.path_groups,
                };
                self.maybe(groups.and_then(|groups| groups.get(*index)));
            }
            Variable::Map(map) => {
                let text = looked_up(map, values);
                self.maybe(Some(&text).filter(|text| !text.is_empty()));
            }
        }
    }

    fn answer(&mut self, variable: Answer, values: &Values<'_>) {
        match variable {
            Answer::BodyBytesSent => self.number(values.body_bytes_sent),
            Answer::BytesSent => self.number(values.bytes_sent),
            Answer::GzipRatio => self.ratio(values.gzip),
            Answer::LimitStatus => self.filled(values.limit_status),
            Answer::Msec => self.millis(values.time.unix_millis),
            Answer::Reason => self.filled(values.reason),
            Answer::RequestCompletion => self.text(if values.complete { "OK" } else { "" }),
            Answer::RequestId => self.text(values.request_id),
            Answer::RequestLength => self.number(values.request_length),
            Answer::RequestTime => self.duration(values.request_time),
            // nginx writes three digits even where it has no status.
            Answer::Status if values.status == 0 => self.text("000"),
            Answer::Status => self.number(u64::from(values.status)),
            Answer::TimeIso8601 => self.text(values.time.iso),
            Answer::TimeLocal => self.text(values.time.local),
            Answer::TraceId => self.text(values.trace_id),
        }
    }

    fn client(&mut self, variable: Client, client: &values::Client<'_>) {
        match variable {
            Client::Addr => self.text(client.address),
            Client::BinaryAddr => match client.address.parse() {
                Ok(IpAddr::V4(ip)) => self.maybe(Some(&ip.octets())),
                Ok(IpAddr::V6(ip)) => self.maybe(Some(&ip.octets())),
                Err(_) => self.text(client.address),
            },
            Client::PeerAddr => self.text(&client.peer.to_string()),
            Client::Connection => self.number(client.connection),
            Client::ConnectionRequests => self.number(client.requests),
            Client::Pipe => self.text(if client.pipelined { "p" } else { "." }),
            Client::Port => self.number(u64::from(client.port)),
        }
    }

    fn server(&mut self, variable: Server, values: &Values<'_>) {
        let (server, scheme) = (&values.server, values.client.scheme);
        match variable {
            Server::Addr => {
                let address = server.address.map(|address| address.ip().to_string());
                self.maybe(address.as_deref());
            }
            Server::Hostname => self.text(server.hostname),
            Server::Https => self.text(if scheme == "https" { "on" } else { "" }),
            Server::Pid => self.number(u64::from(server.pid)),
            Server::Port => match server.address {
                Some(address) => self.number(u64::from(address.port())),
                None => self.missing(),
            },
            Server::Route => self.filled(server.route),
            Server::Scheme => self.text(scheme),
            Server::Site => self.text(server.site),
        }
    }

    fn tls(&mut self, variable: Tls, session: Option<&Session>) {
        let Some(session) = session else {
            return self.missing();
        };
        let certificate = session.certificate.as_deref();
        let of =
            |field: fn(&Certificate) -> &String| certificate.map_or("", |one| field(one).as_str());
        self.filled(match variable {
            Tls::Alpn => session.alpn,
            Tls::Cipher => session.cipher,
            Tls::Curve => session.curve,
            Tls::Name => &session.server_name,
            Tls::Protocol => session.version,
            Tls::Reused if session.resumed => "r",
            Tls::Reused => ".",
            Tls::ClientVerify => match certificate {
                Some(_) => "SUCCESS",
                None => "NONE",
            },
            Tls::ClientCert => of(|one| &one.escaped_pem),
            Tls::ClientEnd => of(|one| &one.not_after),
            Tls::ClientFingerprint => of(|one| &one.sha1),
            Tls::ClientIssuer => of(|one| &one.issuer),
            Tls::ClientSerial => of(|one| &one.serial),
            Tls::ClientStart => of(|one| &one.not_before),
            Tls::ClientSubject => of(|one| &one.subject),
        });
    }

    fn request(&mut self, variable: Request, values: &Values<'_>) {
        let head = values.request;
        let header = |name| head.and_then(|head| known_header(head, name));
        match variable {
            // nginx takes `/?` for a target without arguments.
            Request::Args => self.filled(query(target(values)).unwrap_or_default()),
            Request::ContentLength => self.maybe(header(Name::ContentLength)),
            Request::ContentType => self.maybe(header(Name::ContentType)),
            Request::ForwardedFor => {
                let before = head.and_then(|head| request_header(head, "x-forwarded-for"));
                let mut all = before.map_or_else(Vec::new, |before| [&*before, b", "].concat());
                all.extend_from_slice(values.client.address.as_bytes());
                self.maybe(Some(&all));
            }
            Request::Host => match head.map(|head| head.host) {
                Some(host) if !host.is_empty() => self.text(&lower(host)),
                _ => self.text(values.server.site),
            },
            Request::IsArgs => {
                let has = query(target(values)).is_some_and(|query| !query.is_empty());
                self.text(if has { "?" } else { "" });
            }
            Request::Line => match head.filter(|_| values.client.http2) {
                Some(head) => {
                    self.text(&format!("{} {} {HTTP2}", head.method.as_str(), head.target));
                }
                None => self.maybe(values.line),
            },
            Request::Method => {
                let method = head.map(|head| head.method.as_str());
                self.maybe(method.or_else(|| refused_word(values, 0)));
            }
            Request::Protocol if values.client.http2 => self.text(HTTP2),
            Request::Protocol => {
                let version = head.map(|head| head.version.as_str());
                self.maybe(version.or_else(|| refused_word(values, 2)));
            }
            Request::Target => {
                let asked = values.request.map(|head| head.asked);
                self.maybe(asked.or_else(|| target(values)));
            }
            Request::Uri => {
                let path = target(values).and_then(|target| {
                    let (path, _) = target.split_once('?').unwrap_or((target, ""));
                    normalise_path(path).ok()
                });
                self.maybe(path.as_deref());
            }
            Request::User => self.maybe(head.and_then(remote_user).as_deref()),
        }
    }

    fn upstream(&mut self, variable: Upstream, values: &Values<'_>) {
        let tries = values.tries;
        match variable {
            Upstream::Addr => self.each(tries, |line, one| line.text(one.address)),
            Upstream::BytesReceived => self.each(tries, |line, one| line.number(one.received)),
            Upstream::BytesSent => self.each(tries, |line, one| line.number(one.sent)),
            Upstream::ConnectTime => self.times(tries, |one| one.connect),
            Upstream::HeaderTime => self.times(tries, |one| one.header),
            Upstream::Name => self.filled(values.upstream_name),
            Upstream::ResponseLength => self.each(tries, |line, one| line.number(one.body)),
            Upstream::ResponseTime => self.times(tries, |one| one.response),
            Upstream::Status => self.each(tries, |line, one| match one.status {
                0 => line.out.push(b'-'),
                status => line.number(u64::from(status)),
            }),
        }
    }

    /// One value for each server asked, joined like nginx's.
    fn each<T>(&mut self, items: &[T], write: impl Fn(&mut Self, &T)) {
        if items.is_empty() {
            self.missing();
        }
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.out.extend_from_slice(b", ");
            }
            write(self, item);
        }
    }

    fn times(&mut self, tries: &[Try<'_>], time: impl Fn(&Try<'_>) -> Option<Duration>) {
        self.each(tries, |line, one| match time(one) {
            Some(time) => line.duration(time),
            None => line.out.push(b'-'),
        });
    }

    fn maybe<T: AsRef<[u8]> + ?Sized>(&mut self, value: Option<&T>) {
        self.escape.write(self.out, value.map(AsRef::as_ref));
    }

    fn text(&mut self, value: &str) {
        self.maybe(Some(value));
    }

    /// A value that is there unless it is empty.
    fn filled(&mut self, value: &str) {
        self.maybe(Some(value).filter(|value| !value.is_empty()));
    }

    fn missing(&mut self) {
        self.escape.write(self.out, None);
    }

    fn number(&mut self, number: u64) {
        self.out
            .extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }

    fn duration(&mut self, time: Duration) {
        self.millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    }

    /// Seconds with three decimals, as nginx writes times.
    fn millis(&mut self, millis: u64) {
        self.number(millis / 1000);
        self.out.push(b'.');
        self.digits(millis % 1000, &[100, 10, 1]);
    }

    fn digits(&mut self, number: u64, units: &[u64]) {
        for unit in units {
            let digit = u8::try_from(number / unit % 10).unwrap_or_default();
            self.out.push(b'0' + digit);
        }
    }

    /// How many times smaller a body became, with two decimals (`ngx_http_gzip_ratio_variable`).
    fn ratio(&mut self, gzip: Option<(u64, u64)>) {
        let Some((plain, compressed)) = gzip.filter(|(_, compressed)| *compressed > 0) else {
            return self.missing();
        };
        // Thousandths, rounded half up to hundredths.
        let hundredths = (plain.saturating_mul(1000) / compressed).saturating_add(5) / 10;
        self.number(hundredths / 100);
        self.out.push(b'.');
        self.digits(hundredths % 100, &[10, 1]);
    }
}

/// The value of a variable of the configuration's own.
fn looked_up(map: &Map, values: &Values<'_>) -> Vec<u8> {
    let mut text = Vec::new();
    map.of.render(&mut text, values);
    let (value, groups) = map.find(&text);
    text.clear();
    let values = Values {
        path_groups: groups.as_ref().or(values.path_groups),
        ..*values
    };
    value.render(&mut text, &values);
    text
}

fn query(target: Option<&str>) -> Option<&str> {
    target?.split_once('?').map(|(_, query)| query)
}

fn target<'a>(values: &Values<'a>) -> Option<&'a str> {
    let target = values.request.map(|head| head.target);
    let is_path = |target: &&str| target.starts_with('/');
    target.or_else(|| refused_word(values, 1).filter(is_path))
}

/// A word of the request line of a request that was refused for something else.
fn refused_word<'a>(values: &Values<'a>, index: usize) -> Option<&'a str> {
    let line = std::str::from_utf8(values.line?).ok()?;
    let mut words = line.split(' ');
    let words = [words.next()?, words.next()?, words.next()?];
    let well_formed = matches!(words, [_, _, "HTTP/1.0" | "HTTP/1.1"]);
    words.get(index).copied().filter(|_| well_formed)
}

fn known_header<'a>(head: &RequestHead<'a>, name: Name) -> Option<&'a [u8]> {
    let line = head.headers.iter().find(|line| line.name == name)?;
    Some(line.value)
}

fn lower(host: &str) -> Cow<'_, str> {
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    }
}
