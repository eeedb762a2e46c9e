//! Answers that the edge makes itself: pages, and what the configuration says.

use edge_core::config::Respond;
use edge_core::forward::{self, Connection, LocalResponse};
use edge_core::http::{BadPath, BodyLength, Method, RequestHead};
use edge_core::page::Page;
use edge_core::reason::Reason;

use super::record::{Record, Subject};
use super::{After, Place};
use crate::client::Client;
use crate::snapshot::{Found, Site, Target};

/// An answer that the edge makes itself, instead of one that it has not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusal {
    pub(super) reason: Reason,
    /// Whether the request was read to its end, so that another can follow it.
    pub(super) complete: bool,
}

impl Refusal {
    /// Of a request that was not read to its end.
    pub(super) const fn unread(reason: Reason) -> Self {
        Self {
            reason,
            complete: false,
        }
    }
}

/// Says why there is no other answer.
pub(super) async fn refuse(
    place: Place<'_>,
    client: &mut Client,
    subject: Subject<'_>,
    refusal: Refusal,
    record: &mut Record,
) -> After {
    let reason = refusal.reason;
    record.reason = Some(reason);
    let trusted = place.1.trusts(client.speaker());
    let (kind, body) = page(reason, trusted, subject.head, record);
    let answer = LocalAnswer {
        status: reason.status,
        reason: trusted.then_some(reason.code),
        location: None,
        content: Some((kind, body.as_bytes())),
        closes: reason.closes_connection(),
    };
    send(place, client, subject, (answer, refusal.complete), record).await
}

/// Answers a request that no server is asked for. Also tells how many of the bytes that `arrived` with
/// its head belonged to its body, which nobody reads, and whose request it was.
pub(super) async fn answer<'s>(
    place: Place<'_>,
    client: &mut Client,
    request: (&RequestHead<'_>, &[u8]),
    (site, found): (&'s Site, Result<Found<'s>, BadPath>),
    record: &mut Record,
) -> (After, usize, &'s Target) {
    let target = match &found {
        Ok(
            Found::Proxy(route, ..)
            | Found::Respond(route, _)
            | Found::Slash(route)
            | Found::Denied(route),
        ) => &route.target,
        Ok(Found::None) | Err(_) => &site.unrouted,
    };
    record.needs = target.needs;
    let reason = match found {
        Ok(Found::Respond(_, says)) => {
            let (after, used) = respond(place, client, request, (says, target), record).await;
            return (after, used, target);
        }
        Ok(Found::Slash(_)) => {
            let (after, used) = add_slash(place, client, request, target, record).await;
            return (after, used, target);
        }
        Ok(Found::Denied(_)) => Reason::ACCESS_DENIED,
        Ok(Found::Proxy(..) | Found::None) => Reason::NO_ROUTE,
        Err(error) => error.reason(),
    };
    let (head, arrived) = request;
    let unread = Unread::of(head, arrived);
    let complete = unread.left.is_some();
    let refusal = Refusal { reason, complete };
    let subject = Subject::of(target, head);
    let after = refuse(place, client, subject, refusal, record).await;
    let after = unread.read_over(place, client, after).await;
    (after, unread.arrived, target)
}

/// Answers as the configuration says (nginx's `return`); also tells how many of the `arrived` bytes
/// belonged to the request's body, which nobody reads.
async fn respond(
    place: Place<'_>,
    client: &mut Client,
    (head, arrived): (&RequestHead<'_>, &[u8]),
    (respond, target): (&Respond, &Target),
    record: &mut Record,
) -> (After, usize) {
    let unread = Unread::of(head, arrived);
    record.status = respond.status;
    record.request_length += unread.arrived as u64;
    if respond.status == 444 {
        return (After::Close, 0);
    }
    let subject = Subject::of(target, head);
    let location = respond.location.as_ref().map(|location| {
        let text = record.render(place.0, location, &subject, client);
        forward::location(&text)
    });
    let own = respond.content.as_ref().map(|(kind, text)| {
        let text = record.render(place.0, text, &subject, client);
        (kind.as_str(), text)
    });
    let page = match (&own, respond.status) {
        (None, 300..) if respond.status != 304 => {
            let reason = Reason::configured(respond.status);
            let (kind, body) = page(reason, false, Some(head), record);
            Some((kind, body.into_bytes()))
        }
        _ => None,
    };
    let content = own.as_ref().or(page.as_ref());
    let answer = LocalAnswer {
        status: respond.status,
        reason: None,
        location: location.as_deref(),
        content: content.map(|(kind, body)| (*kind, body.as_slice())),
        closes: false,
    };
    let after = send_over(place, client, subject, (answer, unread), record).await;
    (after, unread.arrived)
}

/// Sends a client that left out the slash at the end of a directory to the directory (EDGE L2).
async fn add_slash(
    place: Place<'_>,
    client: &mut Client,
    (head, arrived): (&RequestHead<'_>, &[u8]),
    target: &Target,
    record: &mut Record,
) -> (After, usize) {
    let unread = Unread::of(head, arrived);
    let query = head.target.split_once('?').map(|(_, query)| query);
    let mut to = target.route.clone();
    for part in query.into_iter().flat_map(|query| ["?", query]) {
        to.push_str(part);
    }
    let location = forward::location(to.as_bytes());
    let (kind, body) = page(Reason::configured(301), false, Some(head), record);
    let answer = LocalAnswer {
        status: 301,
        reason: None,
        location: Some(&location),
        content: Some((kind, body.as_bytes())),
        closes: false,
    };
    let subject = Subject::of(target, head);
    let after = send_over(place, client, subject, (answer, unread), record).await;
    (after, unread.arrived)
}

/// Sends an answer, and reads over the request's body if another request is to follow it.
async fn send_over(
    place: Place<'_>,
    client: &mut Client,
    subject: Subject<'_>,
    (answer, unread): (LocalAnswer<'_>, Unread),
    record: &mut Record,
) -> After {
    let complete = unread.left.is_some();
    let after = send(place, client, subject, (answer, complete), record).await;
    unread.read_over(place, client, after).await
}

/// The longest rest of a body that is read over so that the connection can go on.
const MOST_READ_OVER: usize = 64 * 1024;

/// A request body that nobody reads.
#[derive(Clone, Copy)]
struct Unread {
    /// How much of it came with the head.
    arrived: usize,
    /// How much is still to come, if it is known and worth waiting for.
    left: Option<usize>,
}

impl Unread {
    fn of(head: &RequestHead<'_>, arrived: &[u8]) -> Self {
        let length = match head.body {
            BodyLength::Empty => Some(0),
            // Whoever waits for leave to send it may not send it after the answer.
            BodyLength::Known(_) if head.expects_continue => None,
            BodyLength::Known(length) => usize::try_from(length).ok(),
            BodyLength::Chunked | BodyLength::UntilClose => None,
        };
        let arrived = length.map_or(arrived.len(), |length| length.min(arrived.len()));
        let left = length.map(|length| length - arrived);
        Self {
            arrived,
            left: left.filter(|left| *left <= MOST_READ_OVER),
        }
    }

    /// Reads over what is left, if another request is to follow.
    async fn read_over(self, (worker, _): Place<'_>, client: &mut Client, after: After) -> After {
        let mut left = self.left.filter(|_| after == After::Next).unwrap_or(0);
        while left > 0 {
            let Ok(mut buffer) = client.read_body(&worker.buffers).await else {
                return After::Close;
            };
            let taken = buffer.filled().len().min(left);
            if taken == 0 {
                return After::Close;
            }
            left -= taken;
            buffer.consume(taken);
            client.keep_ahead(buffer, &worker.buffers);
        }
        after
    }
}

/// The edge's own page for a status, in the form that the client prefers.
fn page(
    reason: Reason,
    trusted: bool,
    head: Option<&RequestHead<'_>>,
    record: &Record,
) -> (&'static str, String) {
    let page = Page {
        reason,
        trusted,
        request_id: record.request_id.as_str(),
    };
    let accept = head.and_then(|head| head.header("accept"));
    page.content(accept.unwrap_or_default().as_bytes())
}

/// What is sent.
struct LocalAnswer<'a> {
    status: u16,
    reason: Option<&'a str>,
    location: Option<&'a [u8]>,
    content: Option<(&'a str, &'a [u8])>,
    /// Whether the connection ends with it.
    closes: bool,
}

/// Sends an answer to a request that was read to its end, or was not.
async fn send(
    (worker, _): Place<'_>,
    client: &mut Client,
    subject: Subject<'_>,
    (answer, complete): (LocalAnswer<'_>, bool),
    record: &mut Record,
) -> After {
    record.status = answer.status;
    let head = subject.head;
    let asked = head.is_some_and(|head| head.keep_alive);
    let keep = asked && complete && !answer.closes && !worker.edge.is_draining();
    let (second, _) = worker.clock.now();
    let rules = &subject.target.response_headers;
    let edit = record.edit(worker, rules, &subject, client);
    let response = LocalResponse {
        edit: &edit,
        status: answer.status,
        date: &second.http,
        connection: if keep {
            Connection::SayKeep
        } else {
            Connection::Close
        },
        reason: answer.reason,
        location: answer.location,
        content: answer.content,
        to_head_request: head.is_some_and(|head| head.method == Method::Head),
    };
    let mut out = worker.buffers.write_buffer();
    let body = forward::write_local_response(&mut out, &response);
    record.answering(out.get(..out.len() - body).unwrap_or_default());
    let sent = client.write(&out, &[]).await;
    record.body_sent = body as u64;
    record.complete = sent.is_ok();
    worker.buffers.put_write(out);
    match (sent, keep) {
        (Ok(()), true) => After::Next,
        (Ok(()), false) if complete => After::Finish,
        (Ok(()), false) => After::Linger,
        (Err(_), _) => After::Close,
    }
}
