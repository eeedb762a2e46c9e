//! Finding a server that answers: one after the other, as the retry policy allows.

use std::hash::{BuildHasher as _, DefaultHasher, Hash as _, Hasher as _, RandomState};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use edge_core::balance::{Ask, Method, Profile};
use edge_core::failure::Failure;
use edge_core::forward::Cookie;
use edge_core::http::RequestHead;
use edge_core::retry::Progress;
use edge_core::template::Subject;

use super::answer::{Answer, Engaged};
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
    /// The last server asked failed, or there was none.
    Failed(Failure),
}

/// The servers asked for one request, and when the first was.
struct Course {
    first: Instant,
    tried: Vec<usize>,
    /// Servers that took the request and failed. If more than one did, the request is to blame.
    suspects: Vec<(Lent, Failure)>,
}

impl Exchange<'_> {
    /// Asks one server after the other.
    pub(super) async fn ask(&mut self, body: &mut Body) -> Result<Answer, Unanswered> {
        let mut course = Course {
            first: Instant::now(),
            tried: Vec::new(),
            suspects: Vec::new(),
        };
        let result = self.ask_in_turn(body, &mut course).await;
        let blameless = result.is_err() && course.suspects.len() > 1;
        for (lent, failure) in course.suspects {
            if !blameless {
                lent.failed(Instant::now(), self.fingerprint(failure));
            }
        }
        result
    }

    async fn ask_in_turn(
        &mut self,
        body: &mut Body,
        course: &mut Course,
    ) -> Result<Answer, Unanswered> {
        let upstream = &*self.route.upstream;
        let method = self.head.method;
        let nobody = match upstream.config.profile {
            Profile::Nginx => Failure::NoLiveServer,
            Profile::Safe { .. } => Failure::NoServer,
        };
        let mut last = None;
        let mut started = course.first;
        loop {
            let lent = match self.lend(started, &course.tried).await {
                Ok(lent) => lent,
                Err(Refused::Nobody) => return Err(Unanswered::Failed(last.unwrap_or(nobody))),
                Err(Refused::Busy(failure)) => return Err(Unanswered::Failed(failure)),
            };
            let (first, tries) = (course.first, course.tried.len() + 1);
            let may_retry = |failure, sent| {
                let progress = Progress {
                    idempotent: method.is_idempotent(),
                    sent,
                    tries: u32::try_from(tries).unwrap_or(u32::MAX),
                    elapsed: first.elapsed(),
                };
                upstream.may_retry(failure, &progress)
            };
            let attempt = Attempt {
                worker: self.worker,
                head: self.head,
                site: self.site,
                route: self.route,
                target: self.target,
                server: &lent.server,
                cookie: cookie(upstream, self.head, &lent),
                started,
                sent: AtomicBool::new(false),
                may_retry: &may_retry,
            };
            match attempt.run(self.client, body, self.record).await {
                Ok((terms, connection, buffer)) => {
                    let now = Instant::now();
                    lent.succeeded(now, now - started);
                    return Ok(Answer {
                        terms,
                        server: Some(Engaged { connection, lent }),
                        buffer,
                        started,
                        complete: false,
                    });
                }
                Err(attempt::Error::Gone) => return Err(Unanswered::Gone),
                Err(attempt::Error::Refused(refusal)) => return Err(Unanswered::Refused(refusal)),
                Err(attempt::Error::Failed { failure, sent }) => {
                    let retry = body.is_repeatable() && may_retry(failure, sent);
                    if retry {
                        upstream.retried(&lent.server, failure);
                    }
                    course.tried.push(lent.lease.index);
                    course.note(upstream, lent, failure);
                    if !retry {
                        return Err(Unanswered::Failed(failure));
                    }
                    last = Some(failure);
                }
            }
            started = Instant::now();
        }
    }

    /// Borrows the server that is to take the request.
    async fn lend(&self, now: Instant, tried: &[usize]) -> Result<Lent, Refused> {
        let config = &self.route.upstream.config;
        let mut key = Vec::new();
        if let Some(template) = &config.key {
            let subject = Subject {
                head: self.head,
                client: &self.client.address,
                scheme: self.client.scheme,
            };
            template.render(&mut key, &subject);
        }
        let random = match config.method {
            Method::RandomTwo | Method::PeakEwma => RandomState::new().hash_one(()),
            _ => 0,
        };
        let ask = Ask {
            now,
            tried,
            client: self.client.ip(),
            key: &key,
            sticky: brought(&self.route.upstream, self.head),
            random,
        };
        let servers = &self.route.upstream.servers;
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

impl Course {
    /// Tells the balancer of a failure, or keeps it until it is known whether other servers fail
    /// the same request.
    fn note(&mut self, upstream: &Upstream, lent: Lent, failure: Failure) {
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
