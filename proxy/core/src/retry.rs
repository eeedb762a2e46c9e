//! Whether another server may be asked after a failure (nginx's `proxy_next_upstream`).

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use crate::budget::Terms;
use crate::failure::Failure;

/// A kind of failure after which the next server is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// An error in connecting, sending or reading (nginx's `error`).
    Error,
    /// A timeout (nginx's `timeout`).
    Timeout,
    /// A response head that is not valid HTTP (nginx's `invalid_header`).
    InvalidHeader,
    /// An answer with this status (nginx's `http_502` and its like).
    Status(u16),
}

/// As it is written in a configuration.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error => f.write_str("error"),
            Self::Timeout => f.write_str("timeout"),
            Self::InvalidHeader => f.write_str("invalid_header"),
            Self::Status(status) => write!(f, "http_{status}"),
        }
    }
}

impl Condition {
    fn of(failure: Failure) -> Option<Self> {
        if failure.is_timeout() {
            return Some(Self::Timeout);
        }
        match failure {
            Failure::NoServer
            | Failure::NoLiveServer
            | Failure::Busy
            | Failure::QueueFull
            | Failure::QueueTimeout
            | Failure::NoUpgrade => None,
            Failure::Status(status) => Some(Self::Status(status)),
            Failure::InvalidHeader | Failure::BadUpgrade | Failure::HeaderTooBig => {
                Some(Self::InvalidHeader)
            }
            Failure::ConnectRefused
            | Failure::ConnectTimeout
            | Failure::ConnectError
            | Failure::TlsHandshake
            | Failure::SendError
            | Failure::SendTimeout
            | Failure::ClosedEarly
            | Failure::ReadError
            | Failure::ReadTimeout
            | Failure::TryTimeout => Some(Self::Error),
        }
    }
}

/// When a failed request goes to the next server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// After which failures.
    pub on: Vec<Condition>,
    /// Also a POST, LOCK or PATCH of which something was sent (nginx's `non_idempotent`).
    pub non_idempotent: bool,
    /// The most servers asked for one request; `None`: each once.
    pub tries: Option<NonZeroU32>,
    /// No further server is asked this long after the first.
    pub timeout: Option<Duration>,
    /// How long one server has until the head of its answer, if that is limited.
    pub per_try_timeout: Option<Duration>,
    /// How many retries the upstream affords, if that is limited.
    pub budget: Option<Terms>,
}

/// How far a request has come when a server fails it.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Whether the method may be repeated.
    pub idempotent: bool,
    /// Whether any byte of it was sent to the server that failed.
    pub sent: bool,
    /// Servers asked so far, the failed one included.
    pub tries: u32,
    /// Since the first server was asked.
    pub elapsed: Duration,
}

impl Policy {
    /// Whether the next server may be asked. Nothing of a response has reached the client (R2).
    pub fn allows(&self, failure: Failure, progress: &Progress) -> bool {
        let wanted = Condition::of(failure).is_some_and(|condition| self.on.contains(&condition));
        // R1: what was sent and may not be repeated is not repeated.
        let repeatable = progress.idempotent || self.non_idempotent || !progress.sent;
        let tries_left = self.tries.is_none_or(|most| progress.tries < most.get());
        let time_left = self.timeout.is_none_or(|most| progress.elapsed < most);
        wanted && repeatable && tries_left && time_left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRESH: Progress = Progress {
        idempotent: true,
        sent: true,
        tries: 1,
        elapsed: Duration::ZERO,
    };

    fn policy() -> Policy {
        let on = vec![
            Condition::Error,
            Condition::Timeout,
            Condition::InvalidHeader,
        ];
        Policy {
            on,
            non_idempotent: false,
            tries: None,
            timeout: None,
            per_try_timeout: None,
            budget: None,
        }
    }

    #[test]
    fn by_default_errors_and_timeouts_go_on() {
        let policy = policy();
        assert!(policy.allows(Failure::ConnectRefused, &FRESH));
        assert!(policy.allows(Failure::ReadTimeout, &FRESH));
        assert!(policy.allows(Failure::InvalidHeader, &FRESH));
        assert!(!policy.allows(Failure::Status(502), &FRESH));
        assert!(!policy.allows(Failure::NoServer, &FRESH));
    }

    #[test]
    fn a_post_that_was_sent_is_not_repeated() {
        let post = Progress {
            idempotent: false,
            ..FRESH
        };
        let policy = policy();
        assert!(!policy.allows(Failure::ReadTimeout, &post));
        assert!(policy.allows(
            Failure::ConnectRefused,
            &Progress {
                sent: false,
                ..post
            }
        ));
        let careless = Policy {
            non_idempotent: true,
            ..policy
        };
        assert!(careless.allows(Failure::ReadTimeout, &post));
    }

    #[test]
    fn tries_and_time_run_out() {
        let policy = Policy {
            tries: NonZeroU32::new(2),
            timeout: Some(Duration::from_secs(10)),
            ..policy()
        };
        assert!(policy.allows(Failure::ReadError, &FRESH));
        assert!(!policy.allows(Failure::ReadError, &Progress { tries: 2, ..FRESH }));
        let late = Progress {
            elapsed: Duration::from_secs(10),
            ..FRESH
        };
        assert!(!policy.allows(Failure::ReadError, &late));
    }

    #[test]
    fn listed_statuses_go_on() {
        let policy = Policy {
            on: vec![Condition::Status(503)],
            ..policy()
        };
        assert!(policy.allows(Failure::Status(503), &FRESH));
        assert!(!policy.allows(Failure::Status(500), &FRESH));
    }
}
