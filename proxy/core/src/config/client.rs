//! Patience and limits with clients, from written to meant.

mod http2;

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use settings::{Place, Problem, Problems, Size};

pub use self::http2::Http2;
use super::{checks, file};
use crate::http::HeadLimits;
use crate::real_ip::{NamingHeader, RealIp};

/// Patience and limits with clients.
#[derive(Debug, Clone)]
pub struct Client {
    /// For a whole request head, from its first byte.
    pub header_timeout: Duration,
    /// Between two reads of a request body.
    pub body_timeout: Duration,
    /// Between two writes.
    pub send_timeout: Duration,
    /// How long connections are kept.
    pub keepalive: Persistence,
    /// How long an unread request is read over.
    pub lingering_time: Duration,
    /// How long to wait for more of it.
    pub lingering_timeout: Duration,
    /// What a request head may be.
    pub head: HeadLimits,
    /// What connections that speak HTTP/2 may do.
    pub http2: Http2,
    /// Open connections, if they are limited.
    pub max_connections: Option<NonZeroUsize>,
    /// Open connections of one address, if they are limited.
    pub max_connections_per_address: Option<NonZeroU32>,
    /// Whom proxies in front of this one speak for, if any are trusted.
    pub real_ip: Option<RealIp>,
}

/// How long a client's connection is kept for more requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Persistence {
    /// Between two requests; none if zero.
    pub timeout: Duration,
    /// Requests in all.
    pub requests: NonZeroU32,
    /// The age at which it serves its last request.
    pub time: Duration,
}

impl Persistence {
    /// Whether a connection may serve another request after its `served`th, at the age of `age`.
    pub fn allows(&self, served: u32, age: Duration) -> bool {
        !self.timeout.is_zero() && served < self.requests.get() && age <= self.time
    }
}

/// A head that is larger than this serves nobody; the buffer for it has to be allocated.
const LARGEST_HEAD: u64 = 1 << 20;

pub(super) fn client(written: &file::Client, problems: &mut Problems) -> Client {
    let at = Place::root().key("client");
    let mut timeout = |period, key| checks::timeout(period, &at.key(key), problems);
    let header_timeout = timeout(written.header_timeout, "header_timeout");
    let body_timeout = timeout(written.body_timeout, "body_timeout");
    let send_timeout = timeout(written.send_timeout, "send_timeout");
    let requests = at.key("keepalive_requests");
    Client {
        header_timeout,
        body_timeout,
        send_timeout,
        keepalive: Persistence {
            timeout: written.keepalive_timeout.0,
            requests: checks::at_least_one(written.keepalive_requests, &requests, problems),
            time: written.keepalive_time.0,
        },
        lingering_time: written.lingering_time.0,
        lingering_timeout: written.lingering_timeout.0,
        head: head(written, &at, problems),
        http2: http2::http2(&written.http2, &at.key("http2"), problems),
        max_connections: usize::try_from(written.max_connections)
            .ok()
            .and_then(NonZeroUsize::new),
        max_connections_per_address: NonZeroU32::new(written.max_connections_per_address),
        real_ip: real_ip(written, &at, problems),
    }
}

fn head(written: &file::Client, at: &Place, problems: &mut Problems) -> HeadLimits {
    let most = HeadLimits::default().headers;
    let headers = usize::try_from(written.max_headers).unwrap_or(usize::MAX);
    if !(1..=most).contains(&headers) {
        let message = format!("a number from 1 to {most}");
        problems.push(&at.key("max_headers"), message);
    }
    if written.max_header.0 > LARGEST_HEAD {
        problems.push(&at.key("max_header"), "larger than 1M");
    }
    let mut within = |size: Size, key| {
        if size.0 == 0 || size.0 > written.max_header.0 {
            let message = format!("a size from 1 to max_header ({})", written.max_header);
            let limit = at.key("max_header");
            problems.note(Problem::new(&at.key(key), message).rests_on(limit));
        }
        usize::try_from(size.0).unwrap_or(usize::MAX)
    };
    HeadLimits {
        request_line: within(written.max_uri, "max_uri"),
        header_line: within(written.max_header_line, "max_header_line"),
        head: usize::try_from(written.max_header.0).unwrap_or(usize::MAX),
        headers,
    }
}

fn real_ip(written: &file::Client, at: &Place, problems: &mut Problems) -> Option<RealIp> {
    let trusted = checks::networks(&written.trusted, &at.key("trusted"), problems);
    let name = &written.real_ip_header;
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if name.is_empty() || !name.bytes().all(is_token) {
        let message = format!("`{name}` is no name of a header");
        problems.push_with_help(
            &at.key("real_ip_header"),
            message,
            "\"X-Forwarded-For\", \"Forwarded\", \"X-Real-IP\"",
        );
    }
    let header = if name.eq_ignore_ascii_case("Forwarded") {
        NamingHeader::Forwarded
    } else {
        NamingHeader::List(name.clone())
    };
    let recursive = written.real_ip_recursive;
    (!trusted.is_empty()).then_some(RealIp {
        trusted,
        header,
        recursive,
    })
}
