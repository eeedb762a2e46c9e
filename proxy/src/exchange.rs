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
mod connect;
mod dispatch;
mod files;
mod forward_auth;
mod gate;
mod held;
mod local;
mod proof;
mod record;
mod relay;
mod sink;
mod spool;
mod switch;
mod tunnel;
mod wait;

use std::sync::Arc;
use std::time::Instant;

use edge_core::failure::Failure;
use edge_core::http::{BodyLength, Headers, RequestHead};
use edge_core::reason::Reason;
use edge_core::redirect::InternalRedirect;

use self::ask::Unanswered;
use self::body::Body;
use self::dispatch::{Outcome, dispatch};
use self::local::{Refusal, refuse};
use self::record::{Record, Subject};
use self::switch::Switched;
pub(crate) use self::tunnel::Tunnel;
use crate::client::{Client, First, NoRequest, Received};
use crate::snapshot::{Proxy, Route, Site, Snapshot, Target};
use crate::upstream::Upstream;
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

/// What an exchange came to.
pub(crate) enum Served {
    /// It is over.
    Over(After),
    /// Its server and its client have switched protocols.
    Tunnel(Box<Tunnel>),
}

/// A request under way.
struct Exchange<'a> {
    worker: &'a Worker,
    client: &'a mut Client,
    head: &'a RequestHead<'a>,
    site: &'a Site,
    route: &'a Route,
    proxy: &'a Proxy,
    /// Path and query to ask for.
    target: &'a str,
    /// What answers that redirected here leave to this one.
    kept: &'a [(String, Vec<u8>)],
    /// The status that the client gets, if it is not the server's.
    status: Option<u16>,
    /// Whether errors that servers answer with can have pages.
    intercepts: bool,
    /// When there was nothing more to wait for but its body.
    begun: Instant,
    record: &'a mut Record,
}

/// How an exchange ended.
enum Ended {
    /// The client was answered, or has left.
    Answered(After),
    /// It was answered that the protocols are switched.
    Switched(Box<Switched>),
    /// A server leaves the answer to another route.
    Redirected(InternalRedirect),
    /// There is no answer; the body, if another route could have it.
    Refused(Refusal, Option<Body>),
}

/// Answers the request of which the `first` bytes are there.
pub(crate) async fn serve(worker: &Worker, client: &mut Client, first: First) -> Served {
    // A reload while nothing was asked holds for this request, and one from now on does not.
    let snapshot = worker.edge.live.load_full();
    client.renew_terms(&snapshot.config.client);
    match client.head(&worker.buffers, first).await {
        Ok(received) => answer(worker, &snapshot, client, received).await,
        Err(error) => Served::Over(answer_no_request((worker, &snapshot), client, error).await),
    }
}

/// What all parts of an exchange know.
type Place<'a> = (&'a Worker, &'a Snapshot);

/// Answers a request whose head is there.
async fn answer(
    worker: &Worker,
    snapshot: &Arc<Snapshot>,
    client: &mut Client,
    mut received: Received,
) -> Served {
    let place: Place<'_> = (worker, snapshot);
    let begun = (received.since, client.sent);
    let bytes = received.buffer.filled();
    let (head_bytes, arrived) = bytes
        .split_at_checked(received.head)
        .unwrap_or((bytes, &[]));
    let mut head = match RequestHead::parse_within(head_bytes, &client.head_limits()) {
        Ok(head) => head,
        Err(reason) => {
            let head = (head_bytes, received.since);
            return Served::Over(reject(place, client, reason, head).await);
        }
    };
    head.keep_alive &= client.may_stay(received.since) && !is_followed(&head, arrived);
    client.identify(&head);
    let mut record = Record::new(begun, received.head, &head.headers, snapshot);
    let Some((site, groups)) = snapshot.site(&client.listener.address, head.host) else {
        return Served::Over(After::Close);
    };
    record.host_groups = groups;
    let rest = (arrived, received.complete);
    let (outcome, used, subject) = dispatch(place, client, &head, rest, site, &mut record).await;
    let after = match outcome {
        Outcome::Answered(after) => after,
        Outcome::Switched(switched) => {
            let of = (snapshot, head_bytes);
            let tunnel = Box::new(Tunnel::new(of, *switched, record, client));
            drop(head);
            worker.buffers.put_read(received.buffer);
            return Served::Tunnel(tunnel);
        }
    };
    let (target, upstream) = subject;
    let subject = Subject {
        upstream,
        ..Subject::of(target, &head)
    };
    client.rest(record.finish(worker, subject, client));
    drop(head);
    received.buffer.consume(received.head + used);
    client.keep_ahead(received.buffer, &worker.buffers);
    Served::Over(after)
}

/// Whether behind a request that offers to switch protocols there are bytes already: of which protocol
/// is for its server to say, and if that does not switch they are read by nobody (EDGE §3.4).
fn is_followed(head: &RequestHead<'_>, arrived: &[u8]) -> bool {
    let is_longer = match head.body {
        BodyLength::Empty => !arrived.is_empty(),
        BodyLength::Known(length) => arrived.len() as u64 > length,
        // Where it ends is not known yet.
        BodyLength::Chunked | BodyLength::UntilClose => true,
    };
    is_longer && !head.upgrade.is_empty()
}

/// Whose a request turned out to be.
type Owner<'s> = (&'s Target, Option<&'s Upstream>);

/// The request line, whatever is wrong with it, as far as one may go.
fn first_line(head: &[u8], longest: usize) -> Option<&[u8]> {
    let mut lines = head.split(|byte| matches!(byte, b'\r' | b'\n'));
    let line = lines.find(|line| !line.is_empty())?;
    Some(line.get(..longest).unwrap_or(line))
}

/// Answers a connection on which no request could be made out.
async fn answer_no_request(place: Place<'_>, client: &mut Client, error: NoRequest) -> After {
    let NoRequest::Refused(reason, partial) = error else {
        return After::Close;
    };
    let head = (partial.buffer.filled(), partial.since);
    let after = reject(place, client, reason, head).await;
    place.0.buffers.put_read(partial.buffer);
    after
}

/// Answers a client that speaks plain HTTP where TLS is spoken (nginx's 497).
pub(crate) async fn refuse_plain(worker: &Worker, client: &mut Client, first: First) -> After {
    let snapshot = worker.edge.live.load_full();
    let place = (worker, &*snapshot);
    match client.head(&worker.buffers, first).await {
        Ok(received) => {
            let head = (received.buffer.filled(), received.since);
            reject(place, client, Reason::PLAIN_HTTP, head).await
        }
        Err(error) => answer_no_request(place, client, error).await,
    }
}

/// Answers a request that has no one meaning; it belongs to no site, so the first one's log has it,
/// with what there is of its line. `head` is what has arrived of it, and since when.
async fn reject(
    place: Place<'_>,
    client: &mut Client,
    reason: Reason,
    (head, since): (&[u8], Instant),
) -> After {
    client.identify_as_peer();
    let (worker, snapshot) = place;
    let mut record = Record::new(
        (since, client.sent),
        head.len(),
        &Headers::default(),
        snapshot,
    );
    let Some((site, _)) = snapshot.site(&client.listener.address, "") else {
        return After::Close;
    };
    record.needs = site.unrouted.needs;
    let subject = Subject {
        target: &site.unrouted,
        upstream: None,
        head: None,
        line: first_line(head, client.head_limits().request_line),
    };
    let refusal = Refusal::unread(reason);
    let after = refuse(place, client, subject, refusal, &mut record).await;
    record.finish(worker, subject, client);
    after
}

impl<'a> Exchange<'a> {
    /// Whose request it is.
    fn subject(&self) -> Subject<'a> {
        Subject {
            upstream: Some(&self.proxy.upstream),
            ..Subject::of(&self.route.target, self.head)
        }
    }
}

impl Exchange<'_> {
    /// Carries the exchange out, with the `body` if it was read before; also tells how many of the
    /// `arrived` bytes belonged to it.
    async fn run(&mut self, arrived: &[u8], body: Option<Body>) -> (Ended, usize) {
        let received = match body {
            Some(body) => Ok((body, 0)),
            None => Body::receive(self, arrived).await,
        };
        let (mut body, used) = match received {
            Ok(received) => received,
            Err(body::Incomplete::Refused(refusal)) => return (Ended::Refused(refusal, None), 0),
            Err(body::Incomplete::Gone) => return (Ended::Answered(self.client_is_gone()), 0),
        };
        let answer = self.ask(&mut body).await;
        let whole = body.is_whole();
        let after = match answer {
            Ok(answer) if answer.terms.switches => {
                body.finish(self);
                let rest = arrived.get(used..).unwrap_or_default();
                return (self.switch(answer, rest).await, used);
            }
            Ok(answer) => self.relay(answer, &mut body).await,
            Err(Unanswered::Gone) => self.client_is_gone(),
            Err(Unanswered::Redirected(redirect)) if whole => {
                body.finish(self);
                return (Ended::Redirected(redirect), used);
            }
            Err(Unanswered::Refused(refusal)) => return (self.refused(refusal, body), used),
            Err(Unanswered::Redirected(_)) => {
                let refusal = self.failed(Failure::InvalidHeader, whole);
                return (self.refused(refusal, body), used);
            }
            Err(Unanswered::Failed(failure)) => {
                let refusal = self.failed(failure, whole);
                return (self.refused(refusal, body), used);
            }
        };
        // A client that was answered before it had sent everything may still be sending.
        let lingers = !body.finish(self) && after != After::Close;
        let after = if lingers { After::Linger } else { after };
        (Ended::Answered(after), used)
    }

    /// Gives up, but keeps a body that can be sent to another server.
    fn refused(&mut self, refusal: Refusal, body: Body) -> Ended {
        if matches!(body, Body::Streamed(_)) {
            let complete = body.finish(self) && refusal.complete;
            return Ended::Refused(
                Refusal {
                    complete,
                    ..refusal
                },
                None,
            );
        }
        Ended::Refused(refusal, Some(body))
    }

    /// Why a server could not answer.
    fn failed(&self, failure: Failure, complete: bool) -> Refusal {
        tracing::warn!(
            client.addr = %self.client.address,
            http.method = self.head.method.as_str(),
            http.target = self.head.target,
            http.host = self.head.host,
            upstream.name = %self.proxy.upstream.name(),
            upstream.addr = %self.record.addresses().join(", "),
            status = failure.status(),
            reason = failure.code(),
            "the request failed: {}",
            failure.explanation()
        );
        Refusal {
            reason: failure.reason(),
            complete,
        }
    }

    /// nginx's 499: the client closed the connection before it was answered.
    fn client_is_gone(&mut self) -> After {
        self.record.gone();
        After::Close
    }
}
