//! Finding a server that answers: one after the other, as the retry policy allows.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use edge_core::balance::{self, Ask, Profile};
use edge_core::failure::Failure;
use edge_core::forward::Cookie;
use edge_core::http::{Method, RequestHead};
use edge_core::reason::Reason;
use edge_core::redirect::InternalRedirect;
use edge_core::retry::Progress;

use super::answer::{Answer, Extra};
use super::attempt::{self, Attempt};
use super::body::Body;
use super::{Exchange, Refusal};
use crate::upstream::{Lent, Refused, Upstream};

/// Why there is no answer from any server.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// The client has left.
    Gone,
    /// The body that it sends is refused.
    Refused(Refusal),
    /// A server leaves the answer to another route.
    Redirected(InternalRedirect),
    /// The last server asked failed, or there was none.
    Failed(Failure),
}

/// The servers asked for one request, and when the first was.
pub(super) struct Course {
    first: Instant,
    tried: Vec<usize>,
    /// Servers that took the request and failed. If more than one did, the request is to blame.
    suspects: Vec<(Lent, Failure)>,
}

impl Exchange<'_> {
    /// Asks one server after the other.
    pub(super) async fn ask(&mut self, body: &mut Body) -> Result<Answer, Unanswered> {
        let upstream = &*self.proxy.upstream;
        let mut last = match upstream.config.profile {
            Profile::Nginx => Failure::NoLiveServer,
            Profile::Safe { .. } => Failure::NoServer,
        };
        let mut course = Course::new(self.begun, body);
        let mut started = course.first;
        let result = loop {
            let lent = match self.lend(started, &course.tried).await {
                Ok(lent) => lent,
                Err(Refused::Nobody) => break Err(Unanswered::Failed(last)),
                Err(Refused::Busy(failure)) => break Err(Unanswered::Failed(failure)),
            };
            let attempt = Attempt {
                worker: self.worker,
                head: self.head,
                site: self.site,
                proxy: self.proxy,
                subject: self.subject(),
                target: self.target,
                server: &lent.server,
                extra: Extra {
                    cookie: cookie(upstream, self.head, &lent),
                    kept: self.kept,
                    status: self.status,
                    redirects: &[],
                },
                intercepts: self.intercepts,
                started,
                sent: AtomicBool::new(false),
                course: &course,
            };
            let failed = match attempt.run(self.client, body, self.record).await {
                Ok(begun) => break Ok(Answer::new(begun, lent, started)),
                Err(attempt::Error::Failed { failure, sent }) => (failure, sent),
                Err(attempt::Error::Gone) => break Err(Unanswered::Gone),
                Err(attempt::Error::Refused(refusal)) => break Err(Unanswered::Refused(refusal)),
                Err(attempt::Error::Intercepted(status, complete)) => {
                    well(&lent, started);
                    let reason = Reason::configured(status);
                    break Err(Unanswered::Refused(Refusal { reason, complete }));
                }
                Err(attempt::Error::Redirected(_, redirect)) => {
                    well(&lent, started);
                    break Err(Unanswered::Redirected(redirect));
                }
            };
            let may_retry = body.is_repeatable() && self.may_retry(&course, failed);
            course.note(upstream, lent, failed.0, may_retry);
            if !may_retry {
                break Err(Unanswered::Failed(failed.0));
            }
            last = failed.0;
            started = Instant::now();
        };
        self.blame(course, result.is_err());
        result
    }

    /// Tells the balancer of failures that were kept, unless the request is to blame.
    fn blame(&self, course: Course, failed: bool) {
        if failed && course.suspects.len() > 1 {
            return;
        }
        for (lent, failure) in course.suspects {
            lent.failed(Instant::now(), self.fingerprint(failure));
        }
    }

    /// Whether another server is asked after a failure, by what was sent before it.
    fn may_retry(&self, course: &Course, (failure, sent): (Failure, bool)) -> bool {
        let progress = course.progress(self.head.method, sent);
        self.proxy.upstream.may_retry(failure, &progress)
    }

    /// Borrows the server that is to take the request.
    async fn lend(&self, now: Instant, tried: &[usize]) -> Result<Lent, Refused> {
        let config = &self.proxy.upstream.config;
        let key = config.key.as_ref().map(|key| {
            let subject = self.subject();
            self.record.render(self.worker, key, &subject, self.client)
        });
        let random = match config.method {
            balance::Method::RandomTwo | balance::Method::PeakEwma => fastrand::u64(..),
            balance::Method::RoundRobin
            | balance::Method::LeastConn
            | balance::Method::IpHash
            | balance::Method::Hash { .. } => 0,
        };
        let ask = Ask {
            now,
            tried,
            client: self.client.ip(),
            key: key.as_deref().unwrap_or_default(),
            sticky: brought(&self.proxy.upstream, self.head),
            random,
        };
        let servers = &self.proxy.upstream.servers;
        servers.lend(ask, config.queue.as_ref()).await
    }

    /// What is asked for, in a number, where that may be why the server failed.
    pub(super) fn fingerprint(&self, failure: Failure) -> Option<u64> {
        failure.may_be_of_request().then(|| {
            let mut hasher = DefaultHasher::new();
            let head = self.head;
            (head.method.as_str(), head.host, head.path()).hash(&mut hasher);
            hasher.finish()
        })
    }
}

/// The server has answered, whatever becomes of that.
fn well(lent: &Lent, started: Instant) {
    let now = Instant::now();
    lent.succeeded(now, now - started);
}

impl Course {
    /// Begins when there is nothing more to wait for: without a body, with the head.
    fn new(head: Instant, body: &Body) -> Self {
        Self {
            first: match body {
                Body::Empty => head,
                Body::Memory(_) | Body::Spooled { .. } | Body::Streamed(_) => Instant::now(),
            },
            tried: Vec::new(),
            suspects: Vec::new(),
        }
    }

    /// How far the request has come when the server asked last fails it.
    pub(super) fn progress(&self, method: Method<'_>, sent: bool) -> Progress {
        Progress {
            idempotent: method.is_idempotent(),
            sent,
            tries: u32::try_from(self.tried.len() + 1).unwrap_or(u32::MAX),
            elapsed: self.first.elapsed(),
        }
    }

    /// Tells the balancer of a failure, or keeps it until it is known whether other servers fail
    /// the same request.
    fn note(&mut self, upstream: &Upstream, lent: Lent, failure: Failure, retried: bool) {
        if retried {
            upstream.retried(&lent.server, failure);
        }
        self.tried.push(lent.lease.index);
        if !failure.is_of_server() {
            return;
        }
        let at_once = upstream.config.profile == Profile::Nginx || !failure.may_be_of_request();
        if at_once {
            lent.failed(Instant::now(), None);
        } else {
            self.suspects.push((lent, failure));
        }
    }
}

/// The token of the server that the client was told to stay with.
fn brought<'h>(upstream: &Upstream, head: &'h RequestHead<'_>) -> Option<&'h str> {
    head.cookie(&upstream.config.sticky.as_ref()?.cookie)
}

/// The cookie that tells the client to stay with this server, unless it knows.
fn cookie<'a>(
    upstream: &'a Upstream,
    head: &RequestHead<'_>,
    lent: &'a Lent,
) -> Option<Cookie<'a>> {
    let sticky = upstream.config.sticky.as_ref()?;
    let value = lent.server.token.as_str();
    (brought(upstream, head) != Some(value)).then_some(Cookie {
        name: &sticky.cookie,
        value,
        attributes: &sticky.attributes,
    })
}
