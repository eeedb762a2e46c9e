//! What goes wrong between the edge and an upstream server.

use std::io;

use crate::reason::Reason;

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
    /// The server switches to a protocol that was not offered.
    BadUpgrade,
    /// The server does not switch to WebSocket where nothing else is an answer (RFC 8441).
    NoUpgrade,
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

    /// The same in the table of all reasons. Its status is what the client is answered when no other
    /// server is tried (EDGE R4).
    pub fn reason(self) -> Reason {
        match self {
            Self::ConnectRefused => Reason::CONNECT_REFUSED,
            Self::ConnectTimeout => Reason::CONNECT_TIMEOUT,
            Self::ConnectError => Reason::CONNECT_ERROR,
            Self::TlsHandshake => Reason::TLS_HANDSHAKE,
            Self::SendError => Reason::SEND_ERROR,
            Self::SendTimeout => Reason::SEND_TIMEOUT,
            Self::ClosedEarly => Reason::CLOSED_EARLY,
            Self::ReadError => Reason::READ_ERROR,
            Self::ReadTimeout => Reason::READ_TIMEOUT,
            Self::InvalidHeader => Reason::INVALID_HEADER,
            Self::BadUpgrade => Reason::BAD_UPGRADE,
            Self::NoUpgrade => Reason::NO_UPGRADE,
            Self::HeaderTooBig => Reason::HEADER_TOO_BIG,
            Self::Status(status) => Reason {
                status,
                ..Reason::UPSTREAM_STATUS
            },
            Self::TryTimeout => Reason::TRY_TIMEOUT,
            Self::NoServer => Reason::NO_SERVER,
            Self::NoLiveServer => Reason::NO_LIVE_SERVER,
            Self::Busy => Reason::BUSY,
            Self::QueueFull => Reason::QUEUE_FULL,
            Self::QueueTimeout => Reason::QUEUE_TIMEOUT,
        }
    }

    /// What the client is answered when no other server is tried.
    pub fn status(self) -> u16 {
        self.reason().status
    }

    /// A stable word for metrics and logs.
    pub fn code(self) -> &'static str {
        self.reason().code
    }

    /// What happened, for a person.
    pub fn explanation(self) -> &'static str {
        self.reason().meaning
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
                | Self::BadUpgrade
                | Self::HeaderTooBig
                | Self::Status(_)
        )
    }

    /// Whether it says that the server is not well: 403 and 404 send a request elsewhere where
    /// `retry.on` says so, but are no failures (EDGE U9), and nobody has to speak WebSocket.
    pub fn is_of_server(self) -> bool {
        !matches!(self, Self::Status(403 | 404) | Self::NoUpgrade)
    }
}
