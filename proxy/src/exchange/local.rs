//! Answers that the edge makes itself: pages, redirects, and what the configuration says.

use edge_core::config::Respond;
use edge_core::forward::{self, Connection, LocalResponse};
use edge_core::http::{BodyLength, Method, RequestHead, escape_path};
use edge_core::page::Page;
use edge_core::reason::Reason;

use super::record::{Record, Subject};
use super::{After, Place};
use crate::client::Client;
use crate::edge::Edge;
use crate::worker::Worker;

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
    let direct = Direct::refusing(refusal.reason);
    let how = (refusal.complete, None);
    direct.send(place, client, subject, how, record).await
}

/// An answer of the edge's own.
#[derive(Debug)]
pub(super) struct Direct {
    status: u16,
    /// Why there is no other.
    reason: Option<Reason>,
    /// Header lines that belong to it.
    lines: Vec<(&'static str, Vec<u8>)>,
    /// Media type and content; without it the edge's own page, where the status has one.
    content: Option<(String, Vec<u8>)>,
}

impl Direct {
    /// Says why there is no other.
    pub(super) fn refusing(reason: Reason) -> Self {
        Self {
            reason: Some(reason),
            ..Self::with_status(reason.status)
        }
    }

    /// With nothing but a head.
    pub(super) fn empty() -> Self {
        Self::with_status(204)
    }

    fn with_status(status: u16) -> Self {
        Self {
            status,
            reason: None,
            lines: Vec::new(),
            content: None,
        }
    }

    /// What the edge has counted (nginx's `stub_status`).
    pub(super) fn status_page(method: Method<'_>, edge: &Edge) -> Self {
        if !matches!(method, Method::Get | Method::Head) {
            return Self::refusing(Reason::METHOD_NOT_ALLOWED);
        }
        let content = edge.counts().to_string().into_bytes();
        Self {
            content: Some(("text/plain".to_owned(), content)),
            ..Self::with_status(200)
        }
    }

    /// With a text that is of this moment.
    pub(super) fn with_text(text: String) -> Self {
        let direct = Self {
            content: Some(("text/plain".to_owned(), text.into_bytes())),
            ..Self::with_status(200)
        };
        direct.with_line("Cache-Control", "no-store")
    }

    /// With another header line.
    pub(super) fn with_line(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        self.lines.push((name, value.into()));
        self
    }

    /// Sends the client elsewhere.
    pub(super) fn to(status: u16, url: &[u8]) -> Self {
        Self::with_status(status).with_line("Location", forward::location(url))
    }

    /// What the configuration says (nginx's `return`).
    pub(super) fn of(
        worker: &Worker,
        respond: &Respond,
        subject: &Subject<'_>,
        client: &Client,
        record: &Record,
    ) -> Self {
        let text = |text| record.render(worker, text, subject, client);
        let direct = match &respond.location {
            Some(location) => Self::to(respond.status, &text(location)),
            None => Self::with_status(respond.status),
        };
        let content = respond.content.as_ref();
        Self {
            content: content.map(|(kind, content)| (kind.clone(), text(content))),
            ..direct
        }
    }

    /// Sends a client that left out the slash at the end of a directory to the directory (EDGE L2).
    pub(super) fn with_slash(path: &[u8], head: &RequestHead<'_>) -> Self {
        let to = with_query_of(head, &[path, b"/"].concat());
        Self::to(301, to.as_bytes())
    }

    /// The error that it is, unless the configuration says what it says.
    pub(super) fn error(&self) -> Option<Reason> {
        let silent = self.content.is_none() && self.lines.is_empty();
        let is_error = self.status >= 300 && !matches!(self.status, 304 | 444) && silent;
        let configured = is_error.then(|| Reason::configured(self.status));
        self.reason.or(configured)
    }

    /// Sends it, with another status if one is given, after a request that was read to its end, or was
    /// not.
    pub(super) async fn send(
        self,
        place: Place<'_>,
        client: &mut Client,
        subject: Subject<'_>,
        (complete, status): (bool, Option<u16>),
        record: &mut Record,
    ) -> After {
        if let Some(reason) = self.reason {
            record.refused(reason);
        }
        if self.status == 444 {
            record.status = 444;
            return After::Close;
        }
        let trusted = self.reason.is_some() && place.1.trusts(client.speaker());
        let has_page = self.status >= 300 && self.status != 304;
        let content = self.content.or_else(|| {
            let reason = self.reason.unwrap_or(Reason::configured(self.status));
            let page = has_page.then(|| page(reason, trusted, subject.head, record));
            page.map(|(kind, text)| (kind.to_owned(), text.into_bytes()))
        });
        let answer = LocalAnswer {
            status: status.unwrap_or(self.status),
            reason: self.reason.filter(|_| trusted).map(|reason| reason.code),
            lines: &self.lines,
            content: content
                .as_ref()
                .map(|(kind, content)| (kind.as_str(), content.as_slice())),
            closes: self.reason.is_some_and(Reason::closes_connection),
        };
        send(place, client, subject, (answer, complete), record).await
    }
}

/// Another path, escaped, with the query of the request.
pub(super) fn with_query_of(head: &RequestHead<'_>, path: &[u8]) -> String {
    let mut target = String::new();
    escape_path(path, &mut target);
    if let Some((_, query)) = head.target.split_once('?') {
        target.push('?');
        target.push_str(query);
    }
    target
}

/// A path with a query as it was made from a text, fit for a request line.
pub(super) fn target_of(text: &[u8]) -> String {
    let mut parts = text.splitn(2, |byte| *byte == b'?');
    let mut target = String::new();
    escape_path(parts.next().unwrap_or_default(), &mut target);
    if let Some(query) = parts.next() {
        target.push('?');
        let is_fit = |byte: &u8| matches!(byte, b'!'..=b'~') && *byte != b'#';
        target.extend(query.iter().copied().filter(is_fit).map(char::from));
    }
    target
}

/// The longest rest of a body that is read over so that the connection can go on.
const MOST_READ_OVER: usize = 64 * 1024;

/// A request body that nobody reads.
#[derive(Clone, Copy)]
pub(super) struct Unread {
    /// How much of it came with the head.
    pub(super) arrived: usize,
    /// How much is still to come, if it is known and worth waiting for.
    left: Option<usize>,
}

impl Unread {
    pub(super) fn of(head: &RequestHead<'_>, arrived: &[u8]) -> Self {
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

    /// Whether what is left of it is worth reading over.
    pub(super) fn is_short(self) -> bool {
        self.left.is_some()
    }

    /// Reads over what is left, if another request is to follow.
    pub(super) async fn read_over(
        self,
        (worker, _): Place<'_>,
        client: &mut Client,
        after: After,
    ) -> After {
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
    lines: &'a [(&'static str, Vec<u8>)],
    content: Option<(&'a str, &'a [u8])>,
    /// Whether the connection ends with it.
    closes: bool,
}

/// Whether and how the client's connection goes on after an answer to a request that was read to its
/// end, or was not.
pub(super) fn connection(
    worker: &Worker,
    head: Option<&RequestHead<'_>>,
    ends: bool,
) -> Connection {
    let asked = head.is_some_and(|head| head.keep_alive);
    if asked && !ends && !worker.edge.is_draining() {
        Connection::SayKeep
    } else {
        Connection::Close
    }
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
    let connection = connection(worker, head, answer.closes || !complete);
    let (second, _) = worker.clock.now();
    let edit = record.edit_answer(worker, answer.status, &subject, client);
    let response = LocalResponse {
        edit: &edit,
        status: answer.status,
        date: &second.http,
        connection,
        reason: answer.reason,
        lines: answer.lines,
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
    match (sent, connection) {
        (Err(_), _) => After::Close,
        (Ok(()), Connection::Keep | Connection::SayKeep) => After::Next,
        (Ok(()), Connection::Close) if complete => After::Finish,
        (Ok(()), Connection::Close) => After::Linger,
    }
}
