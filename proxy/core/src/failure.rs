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
    /// The upstream has no server that may be asked.
    NoServer,
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
            Self::SendError => Reason::SEND_ERROR,
            Self::SendTimeout => Reason::SEND_TIMEOUT,
            Self::ClosedEarly => Reason::CLOSED_EARLY,
            Self::ReadError => Reason::READ_ERROR,
            Self::ReadTimeout => Reason::READ_TIMEOUT,
            Self::InvalidHeader => Reason::INVALID_HEADER,
            Self::HeaderTooBig => Reason::HEADER_TOO_BIG,
            Self::Status(status) => Reason {
                status,
                ..Reason::UPSTREAM_STATUS
            },
            Self::NoServer => Reason::NO_SERVER,
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
            Self::ConnectTimeout | Self::SendTimeout | Self::ReadTimeout
        )
    }
}
