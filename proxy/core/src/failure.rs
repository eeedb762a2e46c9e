//! Why a request could not be answered by a server, said once for status, metric, log and human.

use std::io;

/// What went wrong between the edge and an upstream server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failure {
    /// The server's port is closed.
    ConnectRefused,
    /// No connection within `connect_timeout`.
    ConnectTimeout,
    /// Any other failure to connect, such as no route.
    ConnectError,
    /// The server and the edge do not agree on TLS, or its certificate is not trusted.
    TlsHandshake,
    /// The connection broke while the request was being sent.
    SendError,
    /// The server took nothing for `send_timeout`.
    SendTimeout,
    /// The server closed the connection before a complete response head.
    ClosedEarly,
    /// The connection broke while the response was being read.
    ReadError,
    /// The server sent nothing for `read_timeout`.
    ReadTimeout,
    /// The response head is not HTTP/1, or ambiguous.
    InvalidHeader,
    /// The response head is larger than the edge reads.
    HeaderTooBig,
    /// The server answered with a status that counts as a failure (`retry.on`).
    Status(u16),
    /// No answer within `retry.per_try_timeout`.
    TryTimeout,
    /// The upstream has no server that may be asked.
    NoServer,
    /// Every server is out, and nobody is asked all the same (`compat = "nginx"`).
    NoLiveServer,
    /// Every server answers as many requests as it may (`max_conns`).
    Busy,
    /// As many requests as may (`queue.size`) already wait for a server.
    QueueFull,
    /// No server became free in time (`queue.timeout`).
    QueueTimeout,
}

impl Failure {
    /// The failure of connecting that an IO error means.
    pub fn of_connect(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::ConnectionRefused {
            Self::ConnectRefused
        } else if error.kind() == io::ErrorKind::TimedOut {
            Self::ConnectTimeout
        } else {
            Self::ConnectError
        }
    }

    /// What the client is answered when no other server is tried (EDGE R4).
    pub fn status(self) -> u16 {
        match self {
            Self::ConnectTimeout | Self::SendTimeout | Self::ReadTimeout | Self::TryTimeout => 504,
            Self::NoServer | Self::Busy | Self::QueueFull | Self::QueueTimeout => 503,
            Self::Status(status) => status,
            Self::ConnectRefused
            | Self::ConnectError
            | Self::TlsHandshake
            | Self::SendError
            | Self::ClosedEarly
            | Self::ReadError
            | Self::InvalidHeader
            | Self::HeaderTooBig
            | Self::NoLiveServer => 502,
        }
    }

    /// A stable word for metrics and logs.
    pub fn code(self) -> &'static str {
        match self {
            Self::ConnectRefused => "connect_refused",
            Self::ConnectTimeout => "connect_timeout",
            Self::ConnectError => "connect_error",
            Self::TlsHandshake => "tls_handshake",
            Self::SendError => "send_error",
            Self::SendTimeout => "send_timeout",
            Self::ClosedEarly => "closed_early",
            Self::ReadError => "read_error",
            Self::ReadTimeout => "read_timeout",
            Self::InvalidHeader => "invalid_header",
            Self::HeaderTooBig => "header_too_big",
            Self::Status(_) => "status",
            Self::TryTimeout => "try_timeout",
            Self::NoServer => "no_server",
            Self::NoLiveServer => "no_live_server",
            Self::Busy => "busy",
            Self::QueueFull => "queue_full",
            Self::QueueTimeout => "queue_timeout",
        }
    }

    /// What happened, for a person.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::ConnectRefused => "the server refuses connections: it is not running",
            Self::ConnectTimeout => "the server did not accept a connection in time",
            Self::ConnectError => "the server cannot be reached",
            Self::TlsHandshake => {
                "no TLS with the server: its certificate is not trusted, or it speaks no TLS"
            }
            Self::SendError => "the connection broke while the request was sent",
            Self::SendTimeout => "the server stopped taking the request",
            Self::ClosedEarly => "the server closed the connection without an answer",
            Self::ReadError => "the connection broke while the answer was read",
            Self::ReadTimeout => "the server did not answer in time",
            Self::InvalidHeader => "the server's answer is not valid HTTP",
            Self::HeaderTooBig => "the head of the server's answer is too large",
            Self::Status(_) => "the server answered with a failure status",
            Self::TryTimeout => "the server did not answer in the time for one try",
            Self::NoServer => "the upstream has no server that may be asked",
            Self::NoLiveServer => "no server of the upstream is live",
            Self::Busy => "every server answers as many requests as it may",
            Self::QueueFull => "too many requests wait for a server",
            Self::QueueTimeout => "no server became free in time",
        }
    }

    /// Whether time ran out, as opposed to something breaking: nginx's `timeout` and `error`.
    pub fn is_timeout(self) -> bool {
        matches!(
            self,
            Self::ConnectTimeout | Self::SendTimeout | Self::ReadTimeout | Self::TryTimeout
        )
    }

    /// Whether the request itself may be the reason: a server took it and did not answer as it
    /// should.
    pub fn may_be_of_request(self) -> bool {
        matches!(
            self,
            Self::ClosedEarly
                | Self::ReadError
                | Self::ReadTimeout
                | Self::TryTimeout
                | Self::InvalidHeader
                | Self::HeaderTooBig
                | Self::Status(_)
        )
    }

    /// Whether it says that the server is not well: 403 and 404 send a request elsewhere where
    /// `retry.on` says so, but are no failures (EDGE U9).
    pub fn is_of_server(self) -> bool {
        !matches!(self, Self::Status(403 | 404))
    }
}

/// The body of an answer that the edge makes itself: JSON for a client that asks for it, else a
/// small page like nginx's.
pub fn body(status: u16, reason: &str, wants_json: bool) -> (&'static str, Vec<u8>) {
    let phrase = crate::forward::reason_phrase(status);
    if wants_json {
        let kind = if status < 500 {
            "request_rejected"
        } else {
            "upstream_error"
        };
        let text = format!(
            "{{\"success\":false,\"error\":\"{phrase}: {reason}\",\"error_type\":\"{kind}\"}}\n"
        );
        ("application/json", text.into_bytes())
    } else {
        let text = format!(
            "<html>\n<head><title>{status} {phrase}</title></head>\n<body>\n\
             <center><h1>{status} {phrase}</h1></center>\n<center>{reason}</center>\n\
             <hr><center>hifate-edge</center>\n</body>\n</html>\n"
        );
        ("text/html; charset=utf-8", text.into_bytes())
    }
}
