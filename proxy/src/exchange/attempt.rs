//! Asking one server: connect, send, read the response head.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use edge_core::failure::Failure;
use edge_core::forward::{self, Outgoing};
use edge_core::http::{HeadEnd, RequestHead, ResponseHead, find_head_end};
use edge_core::redirect::{BadRedirect, InternalRedirect};
use tokio::time::timeout_at;

use super::Refusal;
use super::answer::{Extra, Terms};
use super::ask::Course;
use super::body::{Body, Incomplete, SendError, Sent};
use super::connect::Past;
use super::record::{Record, Subject};
use super::wait::{Waited, of_reading, wait};
use crate::buffer::Buffer;
use crate::client::Client;
use crate::http2;
use crate::pool::Connection;
use crate::snapshot::{Proxy, Site};
use crate::upstream::Server;
use crate::worker::Worker;

/// One server, asked once.
pub(super) struct Attempt<'a> {
    pub(super) worker: &'a Worker,
    pub(super) head: &'a RequestHead<'a>,
    pub(super) site: &'a Site,
    pub(super) proxy: &'a Proxy,
    /// Whose request it is.
    pub(super) subject: Subject<'a>,
    pub(super) target: &'a str,
    pub(super) server: &'a Arc<Server>,
    /// What the client is told besides.
    pub(super) extra: Extra<'a>,
    /// Whether errors that the server answers with can have pages.
    pub(super) intercepts: bool,
    /// When it is asked.
    pub(super) started: Instant,
    /// Whether anything of the request has been sent.
    pub(super) sent: AtomicBool,
    /// Those asked before it.
    pub(super) course: &'a Course,
}

/// Why there is no answer from this server.
#[derive(Debug)]
pub(super) enum Error {
    /// The client has left.
    Gone,
    /// The body that the client sends is refused.
    Refused(Refusal),
    /// The server leaves the answer to another route.
    Redirected(u16, InternalRedirect),
    /// The server's answer is an error for which there is a page; whether the request was read to its
    /// end.
    Intercepted(u16, bool),
    /// The server failed.
    Failed {
        failure: Failure,
        /// Whether anything of the request was sent.
        sent: bool,
    },
}

impl Error {
    pub(super) fn sent(failure: Failure) -> Self {
        Self::Failed {
            failure,
            sent: true,
        }
    }

    /// A connection that broke before all was sent, with nothing to read: that is the failure.
    fn after_sending(self, sent: Sent) -> Self {
        match self {
            Self::Failed {
                failure: Failure::ClosedEarly | Failure::ReadError,
                ..
            } if sent == Sent::Early => Self::sent(Failure::SendError),
            other @ (Self::Gone
            | Self::Refused(_)
            | Self::Redirected(..)
            | Self::Intercepted(..)
            | Self::Failed { .. }) => other,
        }
    }
}

/// The largest response head: what the largest application servers send by default, doubled.
const LARGEST_HEAD: usize = 64 * 1024;

impl Attempt<'_> {
    /// Asks the server.
    pub(super) async fn run(
        &self,
        client: &mut Client,
        body: &mut Body,
        record: &mut Record,
    ) -> Result<(Terms, Connection, Buffer), Error> {
        record.ask(Arc::clone(self.server), self.started);
        let result = match self.proxy.upstream.config.retry.per_try_timeout {
            None => self.ask_until_fresh(client, body, record).await,
            Some(patience) => {
                let asking = self.ask_until_fresh(client, body, record);
                let end = self.started + patience;
                // Boxed, because few have to make room for a timer.
                match Box::pin(timeout_at(end.into(), asking)).await {
                    Ok(result) => result,
                    Err(_) => Err(Error::Failed {
                        failure: Failure::TryTimeout,
                        sent: self.sent.load(Ordering::Relaxed),
                    }),
                }
            }
        };
        if let Err(error) = &result {
            // What went wrong, and what the server answered, or 0.
            let (failure, code) = match error {
                Error::Failed {
                    failure: failure @ Failure::Status(status),
                    ..
                } => (Some(*failure), *status),
                Error::Failed { failure, .. } => (Some(*failure), 0),
                Error::Redirected(status, _) | Error::Intercepted(status, _) => (None, *status),
                Error::Refused(_) | Error::Gone => (None, 0),
            };
            let time = self.started.elapsed();
            record.failed(failure);
            if code > 0 {
                record.answered(code);
            }
            record.took(time);
            self.server.requests.inc(code);
            self.server.seconds.observe(time.as_secs_f64());
        }
        result
    }

    /// Asks on a connection that was there before, and once more if that turns out to be over, which
    /// is no fault of the server: the request, if it may be repeated, is for the same one.
    async fn ask_until_fresh(
        &self,
        client: &mut Client,
        body: &mut Body,
        record: &mut Record,
    ) -> Result<(Terms, Connection, Buffer), Error> {
        let mut kept = self.reuse().await;
        let mut again = false;
        loop {
            let (connection, past) = match kept.take() {
                Some(connection) => {
                    record.connected(Duration::ZERO);
                    (connection, Past::Idle)
                }
                None => self.connect(record, client).await?,
            };
            match self.ask(connection, client, body, record).await {
                Err(Error::Failed { failure, sent })
                    if !again
                        && past.explains(failure)
                        && (self.head.method.is_idempotent() || !sent)
                        && body.is_repeatable() =>
                {
                    again = true;
                }
                result => return result,
            }
        }
    }

    async fn ask(
        &self,
        mut connection: Connection,
        client: &mut Client,
        body: &mut Body,
        record: &mut Record,
    ) -> Result<(Terms, Connection, Buffer), Error> {
        let buffers = &self.worker.buffers;
        let mut out = buffers.write_buffer();
        let edit = record.edit_request(self.worker, &self.subject, client);
        let forwarding = self.subject.target.terms.forwarding;
        let secure = client.secure.as_ref();
        let certificate = secure.and_then(|session| session.certificate.as_ref());
        let outgoing = Outgoing {
            target: self.target,
            default_host: self.proxy.upstream.name(),
            client: &client.address,
            scheme: client.scheme,
            body: body.length(),
            trace: &record.trace,
            span: record.span(),
            request_id: record.request_id.as_str(),
            upgrade: &self.offer(),
            usual: forwarding.has_usual(),
            hop: forwarding.has_forwarded().then(|| client.hop(self.head)),
            certificate: certificate.map(Box::as_ref),
            edit: &edit,
        };
        forward::write_request(&mut out, self.head, &outgoing);
        self.sent.store(true, Ordering::Relaxed);
        let mut buffer = buffers.read_buffer();
        let patience = self.proxy.terms.send_timeout;
        let server = (&mut connection, &mut buffer);
        let sent = body.send(&out, server, (client, buffers), patience).await;
        let out_length = out.len() as u64;
        out.clear();
        let result = match sent {
            Ok(sent) => {
                connection.traffic.0 = out_length + body.size();
                let whole = body.is_whole();
                let server = (&mut connection, &mut buffer);
                self.receive(server, (client, (whole, sent)), &mut out, record)
                    .await
                    .map(|terms| terms.after_sending(sent))
                    .map_err(|error| error.after_sending(sent))
            }
            Err(SendError::Slow) => Err(Error::sent(Failure::SendTimeout)),
            Err(SendError::Client(Incomplete::Gone)) => Err(Error::Gone),
            Err(SendError::Client(Incomplete::Refused(refusal))) => Err(Error::Refused(refusal)),
        };
        record.traffic(connection.traffic);
        match result {
            Ok(mut terms) => {
                terms.out = out;
                Ok((terms, connection, buffer))
            }
            Err(error) => {
                buffers.put_read(buffer);
                buffers.put_write(out);
                Err(error)
            }
        }
    }

    /// Whether another server is asked after this failure.
    fn may_retry(&self, failure: Failure) -> bool {
        let progress = self.course.progress(self.head.method, true);
        self.proxy.upstream.may_retry(failure, &progress)
    }

    /// Reads a complete head and writes the client's to `out`; `None` if another follows.
    fn judge(
        &self,
        bytes: &[u8],
        (client, asked @ (whole, _)): (&Client, (bool, Sent)),
        out: &mut Vec<u8>,
        record: &mut Record,
    ) -> Result<Option<Terms>, Error> {
        let head = self.read_head(bytes, client, asked)?;
        // Interim answers (RFC 9110 §15.2) are for this connection only.
        if head.status < 200 && head.status != 101 {
            return Ok(None);
        }
        record.headed(bytes, self.started);
        let failure = Failure::Status(head.status);
        if head.status >= 400 && self.may_retry(failure) {
            return Err(Error::sent(failure));
        }
        let redirect = InternalRedirect::of(&head)
            .map_err(|BadRedirect| Error::sent(Failure::InvalidHeader))?;
        if let Some(redirect) = redirect {
            return Err(Error::Redirected(head.status, redirect));
        }
        let target = self.subject.target;
        if self.intercepts && target.terms.error_pages.find(head.status).is_some() {
            return Err(Error::Intercepted(head.status, whole));
        }
        let status = self.extra.status.unwrap_or(head.status);
        if self.misleads(status, client) {
            return Err(Error::sent(Failure::NoUpgrade));
        }
        record.status = status;
        record.answered(head.status);
        let edit = record.edit_answer(self.worker, status, &self.subject, client);
        let redirects = self.redirects(&head, client, record);
        let (heads, of) = ((self.head, &head), (self.site, self.proxy));
        let extra = Extra {
            redirects: &redirects,
            ..self.extra
        };
        // What has come behind an offer that the server does not take up is read by nobody.
        let stays = whole && (self.head.upgrade.is_empty() || !client.has_sent_ahead());
        let terms = Terms::agree(self.worker, heads, of, (extra, &edit, stays), out);
        record.answering(out);
        Ok(Some(terms))
    }

    /// What URLs become, if the answer has one (nginx's `proxy_redirect`).
    fn redirects(
        &self,
        head: &ResponseHead<'_>,
        client: &Client,
        record: &Record,
    ) -> Vec<(&str, Vec<u8>)> {
        let redirects = &self.proxy.terms.redirects;
        let has_url = |name: &str| {
            name.eq_ignore_ascii_case("location") || name.eq_ignore_ascii_case("refresh")
        };
        if redirects.is_empty() || !head.headers.iter().any(|line| has_url(line.raw_name)) {
            return Vec::new();
        }
        let redirects = redirects.iter().map(|(from, to)| {
            let to = record.render(self.worker, to, &self.subject, client);
            (from.as_str(), forward::location(&to))
        });
        redirects.collect()
    }

    /// Reads the response head and writes the client's to `out`; what follows stays in `buffer`.
    async fn receive(
        &self,
        (connection, buffer): (&mut Connection, &mut Buffer),
        (client, asked): (&mut Client, (bool, Sent)),
        out: &mut Vec<u8>,
        record: &mut Record,
    ) -> Result<Terms, Error> {
        let ignore = self.proxy.terms.ignore_client_abort;
        let mut searched = 0;
        loop {
            match find_head_end(buffer.filled(), searched) {
                HeadEnd::Complete(length) => {
                    if !self.head.upgrade.is_empty() {
                        client.look_ahead(&self.worker.buffers).await;
                    }
                    let head = buffer.filled().get(..length).unwrap_or_default();
                    let terms = self.judge(head, (client, asked), out, record)?;
                    buffer.consume(length);
                    if let Some(terms) = terms {
                        return Ok(terms);
                    }
                    searched = 0;
                    continue;
                }
                HeadEnd::BareLineFeed => return Err(Error::sent(Failure::InvalidHeader)),
                HeadEnd::Partial(up_to) => searched = up_to,
            }
            if searched >= LARGEST_HEAD {
                return Err(Error::sent(Failure::HeaderTooBig));
            }
            if buffer.is_full() {
                buffer.grow(LARGEST_HEAD);
            }
            let patience = self.proxy.terms.read_timeout;
            let client = (!ignore).then_some(&mut *client);
            match wait(
                connection,
                buffer,
                client,
                &self.worker.buffers,
                patience,
                None,
            )
            .await
            {
                Waited::Gone => return Err(Error::Gone),
                Waited::Read(Ok(0)) => return Err(Error::sent(Failure::ClosedEarly)),
                Waited::Read(Ok(_)) => {}
                Waited::Read(Err(error)) if http2::is_refused(&error) => {
                    return Err(Error::Failed {
                        failure: Failure::ConnectError,
                        sent: false,
                    });
                }
                Waited::Read(Err(error)) if http2::cannot_switch(&error) => {
                    return Err(Error::sent(Failure::NoUpgrade));
                }
                Waited::Read(Err(error)) => return Err(Error::sent(of_reading(&error))),
            }
        }
    }
}
