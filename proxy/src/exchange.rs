//! One request and its answer, from the parsed head to the last byte.
//!
//! The order is the whole design: the request is understood, its body is read to the end, then a
//! server is asked, then another if the first fails, and only when a response head is there does
//! anything go to the client. So a server that fails before it answers costs the client nothing,
//! and a client that is slow to send costs no server anything.

mod answer;
mod ask;
mod attempt;
mod body;
mod record;
mod relay;
mod sink;
mod spool;

use std::time::Instant;

use edge_core::failure::{self, Failure};
use edge_core::forward::{self, Connection};
use edge_core::http::{Method, Rejection, RequestHead};

use self::ask::Unanswered;
use self::body::Body;
use self::record::Record;
use crate::client::{Client, NoRequest, Received};
use crate::snapshot::{Route, Site, Target};
use crate::worker::Worker;

/// What becomes of the connection after an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// The next request may come.
    Next,
    /// It is closed at once; a client in the middle of a response learns that it is cut off.
    Close,
    /// It is closed: the request was read to its end and answered.
    Finish,
    /// It is closed when the client has had time to read the answer, since it may still be sending.
    Linger,
}

/// An answer that the edge makes itself.
#[derive(Debug, Clone, Copy)]
struct Refusal {
    status: u16,
    /// In a word, for the log and the metrics.
    code: &'static str,
    /// For a person.
    reason: &'static str,
    /// Whether the request was read to its end, so that another can follow it.
    complete: bool,
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self {
            status: failure.status(),
            code: failure.code(),
            reason: failure.explanation(),
            complete: true,
        }
    }
}

/// A request under way.
struct Exchange<'a> {
    worker: &'a Worker,
    client: &'a mut Client,
    head: &'a RequestHead<'a>,
    site: &'a Site,
    route: &'a Route,
    /// Path and query to ask for.
    target: &'a str,
    record: &'a mut Record,
}

/// Answers one request.
pub(crate) async fn serve(worker: &Worker, client: &mut Client, mut received: Received) -> After {
    let snapshot = worker.edge.live.load_full();
    let mut record = Record::new(received.since, received.head, client.sent);
    let bytes = received.buffer.filled();
    let (head_bytes, arrived) = bytes
        .split_at_checked(received.head)
        .unwrap_or((bytes, &[]));
    let mut head = match RequestHead::parse_within(head_bytes, &client.head_limits()) {
        Ok(head) => head,
        Err(rejection) => return reject(worker, client, rejection, &mut record).await,
    };
    head.keep_alive &= client.may_stay(received.since);
    client.identify(&head);
    let Some(site) = snapshot.site(head.host) else {
        return After::Close;
    };
    let refused = match site.route(&head) {
        Err(path) => Refusal::request(400, "bad_path", path.explanation()),
        Ok(None) => Refusal::request(404, "no_route", "no route of this site takes this path"),
        Ok(Some((route, replaced))) => {
            let target = replaced.as_deref().unwrap_or(head.target);
            let mut exchange = Exchange {
                worker,
                client,
                head: &head,
                site,
                route,
                target,
                record: &mut record,
            };
            let (after, used) = exchange.run(arrived).await;
            record.finish(worker, &route.target, Some(&head), client);
            drop(head);
            received.buffer.consume(received.head + used);
            client.keep_ahead(received.buffer, &worker.buffers);
            return after;
        }
    };
    let after = refuse(worker, client, Some(&head), refused, &mut record).await;
    record.finish(worker, &site.unrouted, Some(&head), client);
    after
}

/// Answers a connection on which no request could be made out.
pub(crate) async fn serve_no_request(
    worker: &Worker,
    client: &mut Client,
    error: NoRequest,
) -> After {
    let rejection = match error {
        NoRequest::Ended => return After::Close,
        NoRequest::Slow => Rejection {
            status: 408,
            reason: "the request head took longer than header_timeout",
        },
        NoRequest::Refused(rejection) => rejection,
        NoRequest::BareLineFeed => Rejection {
            status: 400,
            reason: "a line of the head ends in LF without CR",
        },
    };
    let mut record = Record::new(Instant::now(), 0, client.sent);
    reject(worker, client, rejection, &mut record).await
}

/// Answers a request that has no one meaning; it belongs to no site, so the first one's log has it.
async fn reject(
    worker: &Worker,
    client: &mut Client,
    rejection: Rejection,
    record: &mut Record,
) -> After {
    let Rejection { status, reason } = rejection;
    client.identify_as_peer();
    let after = refuse(
        worker,
        client,
        None,
        Refusal::request(status, "rejected", reason),
        record,
    )
    .await;
    let snapshot = worker.edge.live.load_full();
    if let Some(site) = snapshot.site("") {
        record.finish(worker, &site.unrouted, None, client);
    }
    after
}

/// Sends an answer that the edge makes itself.
async fn refuse(
    worker: &Worker,
    client: &mut Client,
    head: Option<&RequestHead<'_>>,
    refusal: Refusal,
    record: &mut Record,
) -> After {
    record.status = refusal.status;
    record.reason = refusal.code;
    let asked = head.is_some_and(|head| head.keep_alive);
    let keep = asked && refusal.complete && !worker.edge.is_draining();
    let connection = if keep {
        Connection::SayKeep
    } else {
        Connection::Close
    };
    let wants_json = head
        .and_then(|head| head.header("accept"))
        .is_some_and(|accept| accept.contains("application/json"));
    let (kind, body) = failure::body(refusal.status, refusal.reason, wants_json);
    let to_head = head.is_some_and(|head| head.method == Method::Head);
    let mut out = worker.buffers.write_buffer();
    let (second, _) = worker.clock.now();
    let content = (kind, body.as_slice());
    forward::write_local_response(
        &mut out,
        refusal.status,
        &second.http,
        connection,
        content,
        to_head,
    );
    let sent = client.write(&out, &[]).await;
    record.body_sent = if to_head { 0 } else { body.len() as u64 };
    worker.buffers.put_write(out);
    match (sent, keep) {
        (Ok(()), true) => After::Next,
        (Ok(()), false) if refusal.complete => After::Finish,
        (Ok(()), false) => After::Linger,
        (Err(_), _) => After::Close,
    }
}

impl Refusal {
    /// A refusal of a request that was not read to its end.
    fn request(status: u16, code: &'static str, reason: &'static str) -> Self {
        Self {
            status,
            code,
            reason,
            complete: false,
        }
    }
}

impl Exchange<'_> {
    /// Carries the exchange out; also tells how many of the `arrived` bytes belonged to the body.
    async fn run(&mut self, arrived: &[u8]) -> (After, usize) {
        let received = Body::receive(self, arrived).await;
        let (mut body, used) = match received {
            Ok(received) => received,
            Err(body::Incomplete::Refused(refusal)) => return (self.refuse(refusal).await, 0),
            Err(body::Incomplete::Gone) => return (self.client_is_gone(), 0),
        };
        let answer = self.ask(&mut body).await;
        let complete = body.finish(self);
        let after = match answer {
            Ok(answer) => self.relay(answer).await,
            Err(Unanswered::Gone) => self.client_is_gone(),
            Err(Unanswered::Refused(refusal)) => self.refuse(refusal).await,
            Err(Unanswered::Failed(failure)) => self.fail(failure, complete).await,
        };
        // A client that was answered before it had sent everything may still be sending.
        if complete || after == After::Close {
            (after, used)
        } else {
            (After::Linger, used)
        }
    }

    /// Answers for a server that could not.
    async fn fail(&mut self, failure: Failure, complete: bool) -> After {
        tracing::warn!(
            client.addr = %self.client.address,
            http.method = self.head.method.as_str(),
            http.target = self.head.target,
            http.host = self.head.host,
            upstream.name = %self.route.upstream.name(),
            upstream.addr = %self.record.addresses(),
            status = failure.status(),
            reason = failure.code(),
            "the request failed: {}",
            failure.explanation()
        );
        let refusal = Refusal {
            complete,
            ..failure.into()
        };
        self.refuse(refusal).await
    }

    async fn refuse(&mut self, refusal: Refusal) -> After {
        self.target().metrics.failures.inc(refusal.code);
        refuse(
            self.worker,
            self.client,
            Some(self.head),
            refusal,
            self.record,
        )
        .await
    }

    /// nginx's 499: the client closed the connection before it was answered.
    fn client_is_gone(&mut self) -> After {
        self.record.status = 499;
        self.record.reason = "client_gone";
        After::Close
    }

    fn target(&self) -> &Target {
        &self.route.target
    }
}
